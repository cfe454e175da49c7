// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/recap"
)

func parse(t testing.TB, text string) *document.Document {
	t.Helper()
	d, err := document.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return d
}

func TestSplit(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		format document.Format
		data   string
		line   int
		body   string
	}{
		{"none", "# Title\n", document.FormatNone, "", 0, "# Title\n"},
		{"empty text", "", document.FormatNone, "", 0, ""},
		{"YAML", "---\ntitle: a\n---\nbody\n", document.FormatYAML, "title: a\n", 2, "body\n"},
		{"YAML, nothing after", "---\ntitle: a\n---", document.FormatYAML, "title: a\n", 2, ""},
		{"YAML, empty", "---\n---\nbody", document.FormatYAML, "", 2, "body"},
		{"YAML, CRLF", "---\r\ntitle: a\r\n---\r\nbody\r\n", document.FormatYAML, "title: a\r\n", 2, "body\r\n"},
		{"YAML, spaces after the fence", "---  \ntitle: a\n---\t\nbody", document.FormatYAML, "title: a\n", 2, "body"},
		{"YAML, byte order mark", "\ufeff---\ntitle: a\n---\nbody", document.FormatYAML, "title: a\n", 2, "body"},
		{"YAML, a longer rule within", "---\na: |\n ----\n---\nbody", document.FormatYAML, "a: |\n ----\n", 2, "body"},
		{"YAML, fence not at the beginning of a line", "---\na: x ---\n---\nbody", document.FormatYAML, "a: x ---\n", 2, "body"},
		{"YAML, a rule in the body", "---\na: b\n---\none\n\n---\ntwo", document.FormatYAML, "a: b\n", 2, "one\n\n---\ntwo"},
		{"TOML", "+++\ntitle = 'a'\n+++\nbody", document.FormatTOML, "title = 'a'\n", 2, "body"},
		{"TOML, YAML's fence within", "+++\na = '''\n---\n'''\n+++\nbody", document.FormatTOML, "a = '''\n---\n'''\n", 2, "body"},
		{"JSON", "{\"title\": \"a\"}\nbody", document.FormatJSON, "{\"title\": \"a\"}", 1, "body"},
		{"JSON, lines and braces in strings", "{\n \"a\": \"}\\\"}\", \"b\": [{}]\n}\r\nbody", document.FormatJSON, "{\n \"a\": \"}\\\"}\", \"b\": [{}]\n}", 1, "body"},
		{"JSON, empty", "{}", document.FormatJSON, "{}", 1, ""},
		{"shortcode first", "{{< figure src=\"a.png\" >}}\n", document.FormatNone, "", 0, "{{< figure src=\"a.png\" >}}\n"},
		{"Liquid first", "{% include a %}\n", document.FormatNone, "", 0, "{% include a %}\n"},
		{"four hyphens", "----\na\n---\n", document.FormatNone, "", 0, "----\na\n---\n"},
		{"blank line first", "\n---\na: b\n---\n", document.FormatNone, "", 0, "\n---\na: b\n---\n"},
		{"indented fence", " ---\na: b\n---\n", document.FormatNone, "", 0, " ---\na: b\n---\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fm, err := document.Split([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if fm.Format != tt.format || fm.Line != tt.line {
				t.Errorf("format %q on line %d, want %q on %d", fm.Format, fm.Line, tt.format, tt.line)
			}
			if got := tt.text[fm.Data.Start:fm.Data.End]; got != tt.data {
				t.Errorf("data = %q, want %q", got, tt.data)
			}
			if got := tt.text[fm.Block.End:]; got != tt.body {
				t.Errorf("body = %q, want %q", got, tt.body)
			}
			d := parse(t, tt.text)
			if got := tt.text[d.Body.Start:d.Body.End]; got != tt.body || d.FrontMatter != fm {
				t.Errorf("Parse: body = %q, front matter %+v", got, d.FrontMatter)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name      string
		text      string
		want      error
		code      string
		line, col int
	}{
		{"YAML without an end", "---\ntitle: a\n", document.ErrFrontMatter, "front-matter-unclosed", 1, 1},
		{"YAML ended by dots", "---\ntitle: a\n...\nbody", document.ErrFrontMatter, "front-matter-unclosed", 1, 1},
		{"YAML ended by another fence", "---\ntitle: a\n+++\n", document.ErrFrontMatter, "front-matter-unclosed", 1, 1},
		{"TOML without an end", "+++\n", document.ErrFrontMatter, "front-matter-unclosed", 1, 1},
		{"JSON without an end", "{\"a\": {}\nbody", document.ErrFrontMatter, "front-matter-unclosed", 1, 1},
		{"JSON, open string", "{\"a\": \"}\n", document.ErrFrontMatter, "front-matter-unclosed", 1, 1},
		{"JSON, body on its last line", "{\"a\": 1\n} body", document.ErrFrontMatter, "front-matter-unclosed", 2, 2},
		{"invalid UTF-8", "---\na: b\n---\nbo\xffdy", document.ErrEncoding, "not-text", 4, 3},
		{"invalid UTF-8 in front matter", "---\n\xc3\n---\n", document.ErrEncoding, "not-text", 2, 1},
		{"surrogate", "\xed\xa0\x80", document.ErrEncoding, "not-text", 1, 1},
		{"NUL", "a\nb\x00", document.ErrEncoding, "not-text", 2, 2},
		{"UTF-16", "\xff\xfea\x00", document.ErrEncoding, "not-text", 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, f := range []func([]byte) error{
				func(b []byte) error { _, err := document.Split(b); return err },
				func(b []byte) error { _, err := document.Parse(b); return err },
			} {
				err := f([]byte(tt.text))
				var e *document.Error
				if !errors.Is(err, tt.want) || !errors.As(err, &e) {
					t.Fatalf("error = %v, want %v", err, tt.want)
				}
				if e.Code != tt.code || e.Line != tt.line || e.Col != tt.col || e.Mend == "" {
					t.Errorf("%s at %d:%d (%s), want %s at %d:%d", e.Code, e.Line, e.Col, e.Mend, tt.code, tt.line, tt.col)
				}
			}
		})
	}
}

const everything = "---\r\ntitle: x\r\n---\r\n" +
	"intro [a](b.png \"t\") and ![alt *x*](c\\_d%20e.png)\r\n\r\n" + // 4
	"Title\r\nmore\r\n=====\r\n\r\n" + // 6
	"text <img src='x.png' alt=y> `code {% x %}` <https://a.b/c?d&amp;e> [r][q] [q] <ann@example.org>\n\n" + // 10
	"## Sub *em* {#id}\n\n" + // 12
	"> quote [in\nquote](<z z>)\n> more\n\n" + // 14
	"{{< figure src=\"f.png\" alt=\"A \\\"b\\\"\" >}}\n\n" + // 18
	"[q]: dest 'ti'\n\n" + // 20
	"```go title=\"x\"\nx {{< gist 1 a=b >}} {% no %}\n```\n\n" + // 22
	"<div>\n<a href=\"k&amp;l\">\n</div>\n\n" + // 26
	"|a|b|\n|-|-|\n|[x](y)|`z`|\n\n" + // 30
	"- # not a section\n\n# Last\n" // 34

func TestParse(t *testing.T) {
	d := parse(t, everything)
	written := func(r document.Range) string { return everything[r.Start:r.End] }

	t.Run("sections", func(t *testing.T) {
		type section struct {
			Path  string
			Level int
			Lines document.Lines
			Head  string
		}
		var got []section
		for _, s := range d.Sections {
			got = append(got, section{strings.Join(s.Path, " / "), s.Level, s.Lines, everything[s.Range.Start:s.Content.Start]})
			if len(s.Path) > 0 && s.Heading != s.Path[len(s.Path)-1] {
				t.Errorf("Heading %q is not the last of %q", s.Heading, s.Path)
			}
		}
		want := []section{
			{"", 0, document.Lines{First: 4, Last: 5}, ""},
			{"Title more", 1, document.Lines{First: 6, Last: 11}, "Title\r\nmore\r\n=====\r\n"},
			{"Title more / Sub em", 2, document.Lines{First: 12, Last: 35}, "## Sub *em* {#id}\n"},
			{"Last", 1, document.Lines{First: 36, Last: 36}, "# Last\n"},
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("links", func(t *testing.T) {
		type link struct {
			Kind              document.LinkKind
			Image             bool
			Dest, Title, Text string
			Line, Col         int
			Written           string
		}
		var got []link
		for _, l := range d.Links {
			got = append(got, link{l.Kind, l.Image, l.Dest, l.Title, l.Text, l.Line, l.Col, written(l.Range)})
		}
		want := []link{
			{document.LinkInline, false, "b.png", "t", "a", 4, 7, `[a](b.png "t")`},
			{document.LinkInline, true, "c_d%20e.png", "", "alt x", 4, 26, `![alt *x*](c\_d%20e.png)`},
			{document.LinkHTML, true, "x.png", "", "y", 10, 6, "<img src='x.png' alt=y>"},
			{document.LinkAutolink, false, "https://a.b/c?d&e", "", "https://a.b/c?d&amp;e", 10, 45, "<https://a.b/c?d&amp;e>"},
			{document.LinkReference, false, "dest", "ti", "r", 10, 69, "[r][q]"},
			{document.LinkReference, false, "dest", "ti", "q", 10, 76, "[q]"},
			{document.LinkAutolink, false, "mailto:ann@example.org", "", "ann@example.org", 10, 80, "<ann@example.org>"},
			{document.LinkInline, false, "z z", "", "in quote", 14, 9, "[in\nquote](<z z>)"},
			{document.LinkShortcode, true, "f.png", "", `A "b"`, 18, 1, `{{< figure src="f.png" alt="A \"b\"" >}}`},
			{document.LinkHTML, false, "k&l", "", "", 27, 1, `<a href="k&amp;l">`},
			{document.LinkInline, false, "y", "", "x", 32, 2, "[x](y)"},
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("HTML", func(t *testing.T) {
		var got []string
		for _, h := range d.HTML {
			got = append(got, written(h.Range))
			if line, col := d.Position(h.Range.Start); line != h.Line || col != h.Col {
				t.Errorf("%q is at %d:%d, not %d:%d", written(h.Range), line, col, h.Line, h.Col)
			}
		}
		if diff := cmp.Diff(got, []string{"<img src='x.png' alt=y>", "<div>\n<a href=\"k&amp;l\">\n</div>\n"}); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("code", func(t *testing.T) {
		if len(d.CodeBlocks) != 1 {
			t.Fatalf("%+v", d.CodeBlocks)
		}
		c := d.CodeBlocks[0]
		if c.Language != "go" || c.Lines != (document.Lines{First: 23, Last: 23}) || written(c.Range) != "x {{< gist 1 a=b >}} {% no %}\n" {
			t.Errorf("%+v %q", c, written(c.Range))
		}
	})

	t.Run("shortcodes", func(t *testing.T) {
		var got []string
		for _, s := range d.Shortcodes {
			got = append(got, s.Name+" "+written(s.Range))
		}
		// Hugo runs gist although it is in code; Liquid's there are text.
		want := []string{"figure " + `{{< figure src="f.png" alt="A \"b\"" >}}`, "gist {{< gist 1 a=b >}}"}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(d.Shortcodes[1].Params, map[string]string{"0": "1", "a": "b"}); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("plain", func(t *testing.T) {
		p := d.Plain(d.Body)
		want := "intro a and alt x\n\nTitle\nmore\n\ntext  code {% x %} https://a.b/c?d&amp;e r q ann@example.org\n\n" +
			"Sub em {#id}\n\nquote in\nquote\nmore\n\n{{< figure src=\"f.png\" alt=\"A \"b\"\" >}}\n\n" +
			"x {{< gist 1 a=b >}} {% no %}\n\na\tb\nx\tz\n\nnot a section\n\nLast"
		if diff := cmp.Diff(p.Text, want); diff != "" {
			t.Error(diff)
		}
		for words, line := range map[string]int{"intro": 4, "alt x": 4, "more\n\ntext": 7, "quote\nmore": 15, "z\n": 32, "Last": 36} {
			if got := p.Line(strings.Index(p.Text, words)); got != line {
				t.Errorf("%q is on line %d, want %d", words, got, line)
			}
		}
		if got := d.Plain(d.Sections[3].Range).Text; got != "Last" {
			t.Errorf("the last section is %q", got)
		}
	})
}

func TestShortcodes(t *testing.T) {
	tests := []struct {
		text string
		want []document.Shortcode
	}{
		{"{{< a >}}", []document.Shortcode{{Name: "a"}}},
		{"{{%a%}}", []document.Shortcode{{Name: "a"}}},
		{"{{< a >}}x{{< /a >}}", []document.Shortcode{{Name: "a"}, {Name: "a", Close: true}}},
		{"{{< a />}}", []document.Shortcode{{Name: "a"}}},
		{"{{< a `b c` \"d\" >}}", []document.Shortcode{{Name: "a", Params: map[string]string{"0": "b c", "1": "d"}}}},
		{"{{< a b=\"c d\"\n e='f' >}}", []document.Shortcode{{Name: "a", Params: map[string]string{"b": "c d", "e": "f"}}}},
		{"{%- include a.html b=\"c\" -%}", []document.Shortcode{{Name: "include", Params: map[string]string{"0": "a.html", "b": "c"}}}},
		{"{{</* a */>}}", nil},
		{"`{% a %}`", nil},
		{"`{{< a >}}`", []document.Shortcode{{Name: "a"}}},
		{"    {% a %}\n", nil},
		{"{{ a }} {a} {{< a", nil},
		{"{{< " + strings.Repeat("x", 5000) + " >}}", nil},
		{"{{< >}}", nil},
	}
	for _, tt := range tests {
		var got []document.Shortcode
		for _, s := range parse(t, tt.text).Shortcodes {
			got = append(got, document.Shortcode{Name: s.Name, Params: s.Params, Close: s.Close})
		}
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%.60q: %s", tt.text, diff)
		}
	}
}

func TestHTMLLinks(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{`<a href="b">x</a>`, []string{"b"}},
		{"<A\nHREF = 'b' >x</A>", []string{"b"}},
		{`<video src="v.mp4" poster=p.png><source src=w.webm></video>`, []string{"v.mp4", "p.png", "w.webm"}},
		{`x <img alt="a > b" src=c.png/>`, []string{"c.png/"}},
		{"<div>\n<!-- <a href=no> -->\n<a href=yes>\n</div>", []string{"yes"}},
		{"<div>\n<!-- <a href=no>\n</div>", nil},
		{"<div>\n<a href=\"no>\n</div>", nil},
		{"<div>\n< a href=no>1 < 2 <a href=yes>\n</div>", []string{"yes"}},
		{"<object data=d.pdf></object> <p data=no>", []string{"d.pdf"}},
		{"<a href=\" java&#9;script:x \">x</a>", []string{"java\tscript:x"}},
		{"`<a href=no>`", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, l := range parse(t, tt.text).Links {
			got = append(got, l.Dest)
		}
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%q: %s", tt.text, diff)
		}
	}
}

func TestFindQuote(t *testing.T) {
	const text = "One two\nthree  four.\r\nOne\ttwo three five.\n\n> aaa aaa aaa\n"
	tests := []struct {
		quote string
		n     int
		lines document.Lines
	}{
		{"One two three four", 1, document.Lines{First: 1, Last: 2}},
		{"One two three", 2, document.Lines{First: 1, Last: 2}},
		{" three\n five. ", 1, document.Lines{First: 3, Last: 3}},
		{"four. One", 1, document.Lines{First: 2, Last: 3}},
		{"ne tw", 2, document.Lines{First: 1, Last: 1}},
		{"aaa aaa", 1, document.Lines{First: 5, Last: 5}},
		{"aaa", 3, document.Lines{First: 5, Last: 5}},
		{"Onetwo", 0, document.Lines{}},
		{"one two", 0, document.Lines{}},
		{"three six", 0, document.Lines{}},
		{"", 0, document.Lines{}},
		{" \n", 0, document.Lines{}},
	}
	for _, tt := range tests {
		n, lines := document.FindQuote([]byte(text), tt.quote)
		if n != tt.n || lines != tt.lines {
			t.Errorf("FindQuote(%q) = %d on %v, want %d on %v", tt.quote, n, lines, tt.n, tt.lines)
		}
	}
	d := parse(t, "---\na: quoted words\n---\n\nSome **quo**ted [words\nhere](x) &amp; *there*.\n")
	if n, lines := d.FindQuote("quoted words here & there."); n != 1 || lines != (document.Lines{First: 5, Last: 6}) {
		t.Errorf("markup hides the quote: %d on %v", n, lines)
	}
	if n, _ := d.FindQuote("a: quoted"); n != 0 {
		t.Error("a quote was found in the front matter")
	}
}

// What one package promises the other must take.
func TestLimitsAgree(t *testing.T) {
	if document.MaxText != recap.MaxDocumentSize || document.MaxFrontMatter != recap.MaxFrontMatterSize {
		t.Error("pkg/recap has other limits")
	}
}

// A byte order mark before the first heading is no text of its line.
func TestSectionsAfterByteOrderMark(t *testing.T) {
	doc, err := document.Parse([]byte("\ufeff# \n# 0"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range doc.Sections {
		if s.Content.Start > s.Content.End || s.Content.End != s.Range.End {
			t.Errorf("section %q: content %+v of %+v", s.Heading, s.Content, s.Range)
		}
	}
}
