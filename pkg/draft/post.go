// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/front"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// InitPost makes a recap of an existing post: it adds the two lines that name
// the event to the front matter and changes no other byte.
//
//	recap:                       [recap]
//	  event: Registry Days       event = "Registry Days"
//
// In JSON it adds one member after the last. A post without front matter gets
// one, with the text of its first heading for a title. An empty event means the
// title of the post.
//
// It refuses a post that has a recap key already (recap.Usage, code
// already-a-recap), one whose front matter can't be read or extended without
// changing it (recap.Negative, codes check-failed and init-refused), and an
// event that is no name (recap.Usage, code bad-event).
func InitPost(raw []byte, event string) ([]byte, error) {
	block, err := document.Split(raw)
	if err != nil {
		return nil, recap.Errorf(recap.Negative, "check-failed", "reading the front matter: %w", err).
			WithHint("mend what recap check lists")
	}
	syntax, ok := front.SyntaxOf(block.Format)
	if !ok {
		return initBare(raw, event)
	}
	data := raw[block.Data.Start:block.Data.End]
	root, problems := tree.Parse(syntax, data, "front matter", block.Line)
	if len(problems) > 0 {
		p := problems[0]
		return nil, recap.Errorf(recap.Negative, "check-failed", "line %d: %s", p.Pos.Line, p.Message).WithHint("%s", p.Mend)
	}
	if root.Has(front.Key) {
		return nil, recap.Errorf(recap.Usage, "already-a-recap", "the post has a recap key already").
			WithHint("check it with recap check")
	}
	if event == "" {
		if title := root.Get("title"); title != nil {
			event = title.Text
		}
	}
	if err := checkEvent(event); err != nil {
		return nil, err
	}
	var at int
	var lines string
	switch syntax {
	case tree.YAML:
		at, lines, err = initYAML(root, data, event)
	case tree.TOML:
		at, lines = len(data), "[recap]\nevent = "+quoted(event)+"\n"
		if len(data) > 0 && data[len(data)-1] != '\n' {
			err = refuseInit("its front matter does not end in a line of its own")
		}
	case tree.JSON:
		at, lines = initJSON(root, data, event)
	}
	if err != nil {
		return nil, err
	}
	if bytes.Contains(raw[:block.Block.End], []byte("\r\n")) {
		lines = strings.ReplaceAll(lines, "\n", "\r\n")
	}
	at += block.Data.Start
	out := slices.Concat(raw[:at], []byte(lines), raw[at:])
	if !onlyAdds(out, root, event) {
		return nil, refuseInit("two lines can't be added to its front matter without changing it")
	}
	return out, nil
}

// initBare gives a post without front matter one.
func initBare(raw []byte, event string) ([]byte, error) {
	doc, err := document.Parse(raw)
	if err != nil {
		return nil, recap.Errorf(recap.Negative, "check-failed", "reading the post: %w", err).WithHint("mend what recap check lists")
	}
	title := ""
	for _, s := range doc.Sections {
		if s.Level == 1 && title == "" {
			title = s.Heading
		}
	}
	if title == "" || bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")) {
		return nil, refuseInit("it has neither front matter nor a first heading to take a title from")
	}
	if event == "" {
		event = title
	}
	if err := checkEvent(event); err != nil {
		return nil, err
	}
	lines := "---\ntitle: " + scalar(title) + "\nrecap:\n  event: " + scalar(event) + "\n---\n\n"
	if bytes.Contains(raw, []byte("\r\n")) {
		lines = strings.ReplaceAll(lines, "\n", "\r\n")
	}
	return append([]byte(lines), raw...), nil
}

func refuseInit(why string) error {
	return recap.Errorf(recap.Negative, "init-refused", "the post was left alone: %s", why).
		WithHint("add to its front matter by hand: recap:, and on the next line, indented, event: and the event's name")
}

// checkEvent holds a name to what the schema takes. A joiner, which can be
// printed, would also make two names that look the same.
func checkEvent(event string) error {
	n := utf8.RuneCountInString(event)
	if n < 2 || n > 200 || recap.Printable(event) != event || strings.ContainsRune(event, '\u200d') {
		return recap.Errorf(recap.Usage, "bad-event", "%q is no name of an event", words.Clip(event)).
			WithHint("name the event in 2 to 200 characters, on one line")
	}
	return nil
}

// initYAML returns what to insert into a block mapping, and where: at its end,
// in the column of its keys.
func initYAML(root *tree.Node, data []byte, event string) (at int, lines string, err error) {
	if root.Flow {
		return 0, "", refuseInit("its front matter is a {mapping} in brackets")
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		return 0, "", refuseInit("its front matter does not end in a line of its own")
	}
	indent := ""
	if len(root.Entries) > 0 {
		indent = strings.Repeat(" ", root.Entries[0].Key.Pos.Col-1)
	}
	return len(data), indent + "recap:\n" + indent + "  event: " + scalar(event) + "\n", nil
}

// initJSON returns a last member for an object, and where it belongs.
func initJSON(root *tree.Node, data []byte, event string) (at int, lines string) {
	at = bytes.LastIndexByte(data, '}')
	at = len(bytes.TrimRight(data[:at], " \t\r\n"))
	separator, before := "", data[:at]
	if len(root.Entries) > 0 {
		separator = ","
	}
	if first := bytes.IndexByte(before, '"'); first >= 0 && bytes.Contains(before[:first], []byte("\n")) {
		line := before[bytes.LastIndexByte(before[:first], '\n')+1 : first]
		separator += "\n" + string(line)
	} else if len(root.Entries) > 0 {
		separator += " "
	}
	return at, separator + `"recap": {"event": ` + quoted(event) + "}"
}

// onlyAdds reports whether out says what root says and names the event.
func onlyAdds(out []byte, root *tree.Node, event string) bool {
	block, err := document.Split(out)
	if err != nil {
		return false
	}
	syntax, ok := front.SyntaxOf(block.Format)
	if !ok {
		return false
	}
	after, problems := tree.Parse(syntax, out[block.Data.Start:block.Data.End], "front matter", block.Line)
	if len(problems) > 0 || len(after.Entries) != len(root.Entries)+1 {
		return false
	}
	added := after.Get(front.Key).Get("event")
	if added == nil || added.Kind != tree.String || added.Text != event {
		return false
	}
	after.Delete(front.Key)
	return bytes.Equal(after.JSON(), root.JSON())
}

// scalar returns a text on one line of YAML, in quotes where it needs them.
func scalar(s string) string {
	data, err := tree.Text(s, tree.Pos{}).YAML()
	if out := strings.TrimSuffix(string(data), "\n"); err == nil && !strings.Contains(out, "\n") {
		return out
	}
	return quoted(s)
}

// quoted returns a text in double quotes, as JSON, TOML and YAML all read it.
func quoted(s string) string { return string(tree.Text(s, tree.Pos{}).JSON()) }
