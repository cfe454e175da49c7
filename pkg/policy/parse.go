// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/schemas"
)

// maxProblems is how many problems of a policy are listed.
const maxProblems = 100

// form is the schema of a policy with the words to speak about it, made
// once.
var form = sync.OnceValue(func() fit.Form {
	data, err := schemas.Read("policy")
	if err != nil {
		panic("policy: " + err.Error()) // it is embedded
	}
	schema, err := shape.Compile(data)
	if err != nil {
		panic("policy: " + err.Error()) // every test that loads a policy compiles it
	}
	return fit.Form{
		Schema: schema, Name: "policy", Thing: "a policy", Whole: "the policy", Needed: true,
		Patterns: map[string]string{
			"instant":    "a day, such as 2026-03-27, or a time, such as 2026-03-27T10:00:00Z",
			"kms":        "the address of a key in a key management service, such as awskms://…",
			"repository": "OWNER/NAME, such as acme/recaps",
			"workflow":   "the name of a file below .github/workflows, such as publish.yml",
			"ref":        "a whole git ref, such as refs/heads/main or refs/tags/v*",
		},
	}
})

// Parse reads a policy in YAML. path is where it came from, which
// problems and [Policy.Source] name; relative paths in it are relative to its
// directory. read returns the content of the files that it names; nil: it may
// name no key, and nobody looks whether the trusted root is there.
//
// The policy is nil when any of the problems is an error. They are ordered by
// place.
func Parse(path string, data []byte, read func(path string) ([]byte, error)) (*Policy, []recap.Problem) {
	r := &reader{path: path, read: read, policy: &Policy{Source: path}}
	if r.checkText(data) && r.parse(data) && r.checkForm() {
		r.decode()
		r.judge()
	}
	recap.SortProblems(r.problems)
	r.problems = slices.Compact(r.problems)
	failed := slices.ContainsFunc(r.problems, func(p recap.Problem) bool { return p.Severity == recap.SeverityError })
	if len(r.problems) > maxProblems {
		r.problems = r.problems[:maxProblems]
	}
	if failed {
		return nil, r.problems
	}
	for _, p := range r.problems {
		r.policy.Warnings = append(r.policy.Warnings, describe(p))
	}
	return r.policy, r.problems
}

// reader is one run of Parse.
type reader struct {
	path     string
	read     func(string) ([]byte, error)
	root     *tree.Node
	broken   []string // pointers to what was reported, so that it isn't looked into
	lacking  []string // and to what lacks something
	policy   *Policy
	problems []recap.Problem
}

func (r *reader) report(pos tree.Pos, severity recap.Severity, code, message, mend string) {
	r.problems = append(r.problems, recap.Problem{
		Path: r.path, Line: pos.Line, Col: pos.Col, Severity: severity, Rule: code, Message: message, Mend: mend,
	})
}

func (r *reader) fail(pos tree.Pos, code, mend, format string, args ...any) {
	r.report(pos, recap.SeverityError, code, fmt.Sprintf(format, args...), mend)
}

// checkText reports whether data is text that shows what it says: a reader of
// the file must see whom it trusts.
func (r *reader) checkText(data []byte) bool {
	if len(data) > recap.MaxPolicySize {
		r.fail(tree.Pos{Line: 1, Col: 1}, codeText, "split it", "the policy has more than %d bytes", recap.MaxPolicySize)
		return false
	}
	problem := tree.CheckText(data, recap.IsPrintable)
	if problem != nil {
		r.fail(problem.Pos, codeText, problem.Mend, "%s", problem.Message)
	}
	return problem == nil
}

// parse reports whether data could be read as YAML.
func (r *reader) parse(data []byte) bool {
	root, problems := tree.Parse(tree.YAML, data, r.path, 1)
	for i, p := range problems {
		if i == maxProblems {
			break
		}
		code := codeTwice
		if p.Class == tree.Malformed {
			code = codeText
		}
		r.fail(p.Pos, code, p.Mend, "%s", p.Message)
	}
	if root == nil || len(problems) > 0 {
		return false
	}
	if root.Kind != tree.Map {
		r.fail(root.Pos, codeText, "write key: value lines", "the policy is %s, not a mapping", root.Kind)
		return false
	}
	r.root = root
	return r.checkValues(root, "")
}

// checkValues refuses values that an escape hides such a character in. Only the
// text of a key has lines.
func (r *reader) checkValues(n *tree.Node, key string) bool {
	ok := true
	for _, c := range n.Text {
		if !recap.IsPrintable(c) && (key != "data" || c != '\n' && c != '\r') {
			r.fail(n.Pos, codeText, "delete it", "a character that doesn't show (U+%04X) stands in this value", c)
			return false
		}
	}
	for _, item := range n.Items {
		ok = r.checkValues(item, "") && ok
	}
	for _, e := range n.Entries {
		ok = r.checkValues(e.Key, "") && r.checkValues(e.Value, e.Key.Text) && ok
	}
	return ok
}

// checkForm reports what doesn't fit the schema, and whether it is worth while
// to go on with the rest.
func (r *reader) checkForm() bool {
	n := 0
	for m := range form().Check(r.root) {
		if n++; n > maxProblems {
			return false
		}
		if len(m.Cut) == 0 {
			r.lacking = append(r.lacking, m.Pointer)
		}
		r.broken = append(r.broken, m.Cut...)
		code, mend := codeValue, m.Mend
		if m.Unknown {
			code = codeUnknown
		}
		if m.Pattern != "" {
			mend = patternMend(m, mend)
		}
		r.fail(m.Pos, code, mend, "%s", m.Message)
	}
	return true
}

// fitting returns the policy without what doesn't fit.
func (r *reader) fitting() *tree.Node {
	root := r.root.Clone()
	for _, pointer := range r.broken {
		if pointer != "" {
			root.Cut(pointer)
		}
	}
	return root
}

// reported reports whether something was said already about a place or what
// lies in it.
func (r *reader) reported(pointer string) bool {
	return slices.ContainsFunc(r.broken, func(b string) bool { return b == pointer || inside(b, pointer) }) ||
		slices.ContainsFunc(r.lacking, func(l string) bool { return l == pointer || inside(l, pointer) })
}

// inside reports whether a pointer leads into what another points to.
func inside(pointer, into string) bool { return strings.HasPrefix(pointer, into+"/") }

// patternMend says what was probably meant by a text of the wrong form.
func patternMend(m fit.Misfit, mend string) string {
	text := strings.TrimSpace(m.Text)
	switch m.Pattern {
	case "repository":
		_, rest, _ := strings.Cut(strings.TrimSuffix(text, "/"), "github.com/")
		if rest = strings.TrimSuffix(rest, ".git"); strings.Count(rest, "/") == 1 {
			return "write " + rest
		}
	case "workflow":
		if i := strings.LastIndexByte(text, '/'); i >= 0 && i+1 < len(text) {
			return "write " + text[i+1:]
		}
	case "ref":
		if !strings.HasPrefix(text, "refs/") && !strings.ContainsAny(text, " \t") {
			return fmt.Sprintf("write refs/heads/%s for a branch, refs/tags/%s for a tag", text, text)
		}
	}
	return mend
}

// judge reports what makes no sense, where the form is right.
func (r *reader) judge() {
	for _, f := range r.policy.findings() {
		if r.reported(f.pointer) {
			continue
		}
		pos, _ := r.root.Find(f.pointer)
		r.report(pos, f.severity, f.code, f.message, f.mend)
	}
}

// describe returns a problem as one line without its severity and code.
func describe(p recap.Problem) string {
	text := p.Path
	if p.Line > 0 {
		text += fmt.Sprintf(":%d:%d", p.Line, p.Col)
	}
	text += ": " + p.Message
	if p.Mend != "" {
		text += "; " + p.Mend
	}
	return text
}
