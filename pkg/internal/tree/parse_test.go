// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/internal/tree"
)

// show writes a tree with the place of every value.
func show(n *tree.Node) string {
	switch n.Kind {
	case tree.List:
		items := make([]string, len(n.Items))
		for i, item := range n.Items {
			items[i] = show(item)
		}
		return "[" + strings.Join(items, " ") + "]"
	case tree.Map:
		entries := make([]string, len(n.Entries))
		for i, e := range n.Entries {
			entries[i] = fmt.Sprintf("%s@%d:%d=%s", e.Key.Text, e.Key.Pos.Line, e.Key.Pos.Col, show(e.Value))
		}
		return "{" + strings.Join(entries, " ") + "}"
	}
	return fmt.Sprintf("%s:%s@%d:%d", strings.Fields(n.Kind.String())[0], n.Text, n.Pos.Line, n.Pos.Col)
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name   string
		syntax tree.Syntax
		text   string
		want   string
	}{
		{"YAML", tree.YAML, "a: 1.10\nb:\n  - 2024-03-27\n  - {c: no, d: \"x\"}\ne: ~\nf: true\n",
			`{a@5:1=a:1.10@5:4 b@6:1=[a:2024-03-27@7:5 {c@8:6=text:no@8:9 d@8:13=text:x@8:16}] e@9:1=nothing:~@9:4 f@10:1=true:true@10:4}`},
		{"YAML columns are bytes", tree.YAML, "{é: ü, z: 1}\n", `{é@5:2=text:ü@5:6 z@5:10=a:1@5:13}`},
		{"YAML empty", tree.YAML, "", `{}`},
		{"YAML comments alone", tree.YAML, "# nothing\n", `{}`},
		{"YAML folded", tree.YAML, "a: >\n  b\n  c\n", "{a@5:1=text:b c\n@5:4}"},
		{"YAML infinity is text", tree.YAML, "a: .inf\n", `{a@5:1=text:.inf@5:4}`},
		{"TOML", tree.TOML, "a = 1.10\nb = [2024-03-27, {c = \"no\"}]\n[d.e]\nf = true\n[[g]]\nh = 'x'\n[[g]]\nh = 'y'\n",
			`{a@5:1=a:1.10@5:5 b@6:1=[a:2024-03-27@6:6 {c@6:19=text:no@6:23}] d@7:2={e@7:4={f@8:1=true:true@8:5}} g@9:3=[{h@10:1=text:x@10:5} {h@12:1=text:y@12:5}]}`},
		{"TOML dotted key", tree.TOML, "a.b = 1\na.c = 2\n", `{a@5:1={b@5:3=a:1@5:7 c@6:3=a:2@6:7}}`},
		{"TOML table in array", tree.TOML, "[[a]]\n[a.b]\nc = 1\n[[a.d]]\ne = 2\n", `{a@5:3=[{b@6:4={c@7:1=a:1@7:5} d@8:5=[{e@9:1=a:2@9:5}]}]}`},
		{"JSON", tree.JSON, "{\n\t\"a\": 1.10,\n\t\"b\": [null, {\"c\": \"\\ud83d\\ude00\"}],\n\t\"d\": false\n}",
			"{a@6:2=a:1.10@6:7 b@7:2=[nothing:null@7:8 {c@7:15=text:\U0001f600@7:20}] d@8:2=true:false@8:7}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, problems := tree.Parse(tt.syntax, []byte(tt.text), "index.md", 5)
			if len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			if diff := cmp.Diff(tt.want, show(n)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	bomb := "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
	for _, tt := range []struct {
		name   string
		syntax tree.Syntax
		text   string
		class  tree.Class
		line   int
		col    int
	}{
		{"YAML duplicate", tree.YAML, "a: 1\n\"a\": 2\n", tree.Duplicate, 2, 1},
		{"YAML duplicate in brackets", tree.YAML, "a: {b: 1, b: 2}\n", tree.Duplicate, 1, 11},
		{"YAML anchor", tree.YAML, "a: &x 1\n", tree.Ambiguous, 1, 4},
		{"YAML bomb", tree.YAML, bomb, tree.Ambiguous, 1, 4},
		{"YAML merge", tree.YAML, "<<: {a: 1}\n", tree.Ambiguous, 1, 1},
		{"YAML tag", tree.YAML, "a: !!binary aGk=\n", tree.Ambiguous, 1, 4},
		{"YAML own tag", tree.YAML, "a: !x {}\n", tree.Ambiguous, 1, 4},
		{"YAML second document", tree.YAML, "a: 1\n---\nb: 2\n", tree.Ambiguous, 2, 1},
		{"YAML key of brackets", tree.YAML, "? [a]\n: b\n", tree.Malformed, 1, 3},
		{"YAML syntax", tree.YAML, "a: 'b\n", tree.Malformed, 2, 1},
		{"YAML deep", tree.YAML, deep("[", "]", tree.MaxDepth+1), tree.Malformed, 1, tree.MaxDepth + 1},
		{"YAML very deep", tree.YAML, deep("[", "]", 100_000), tree.Malformed, 1, 1},
		{"TOML duplicate", tree.TOML, "a = 1\na = 2\n", tree.Duplicate, 2, 1},
		{"TOML table twice", tree.TOML, "[a]\n[a]\n", tree.Duplicate, 2, 2},
		{"TOML syntax", tree.TOML, "a = \n", tree.Malformed, 1, 5},
		{"TOML deep", tree.TOML, "a = " + deep("[", "]", tree.MaxDepth), tree.Malformed, 1, 1},
		{"TOML very deep", tree.TOML, "a = " + deep("[", "]", 100_000), tree.Malformed, 1, 10005},
		{"JSON duplicate", tree.JSON, `{"a": 1, "a": 2}`, tree.Duplicate, 1, 10},
		{"JSON duplicate by escape", tree.JSON, `{"a": 1, "\u0061": 2}`, tree.Duplicate, 1, 10},
		{"JSON end", tree.JSON, `{"a": 1`, tree.Malformed, 1, 8},
		{"JSON trailing", tree.JSON, `{} {}`, tree.Malformed, 1, 4},
		{"JSON syntax", tree.JSON, "{\n  'a': 1}", tree.Malformed, 2, 3},
		{"JSON deep", tree.JSON, deep("[", "]", tree.MaxDepth+1), tree.Malformed, 1, tree.MaxDepth + 1},
		{"JSON very deep", tree.JSON, deep("[", "]", 100_000), tree.Malformed, 1, tree.MaxDepth + 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := tree.Parse(tt.syntax, []byte(tt.text), "index.md", 1)
			if len(problems) == 0 {
				t.Fatal("accepted")
			}
			p := problems[0]
			if p.Class != tt.class || p.Pos.Line != tt.line || p.Pos.Col != tt.col {
				t.Errorf("got %s at %d:%d (%s), want %s at %d:%d", p.Class, p.Pos.Line, p.Pos.Col, p.Message, tt.class, tt.line, tt.col)
			}
		})
	}
}

// As many values as are allowed can be read, and one more isn't tried: it would cost
// a thousand times its size.
func TestMaxValues(t *testing.T) {
	for syntax, start := range map[tree.Syntax]string{tree.YAML: "a: [", tree.JSON: `{"a": [`, tree.TOML: "a = ["} {
		list := func(marks int) string {
			end := "]\n"
			if syntax == tree.JSON {
				end = "]}\n"
			}
			taken := strings.Count(start, "{") + 3 // the bracket, what stands before it, and the end of the line
			return start + strings.Repeat("0,", marks-taken) + "0" + end
		}
		if _, problems := tree.Parse(syntax, []byte(list(tree.MaxValues)), "pack.yaml", 1); len(problems) > 0 {
			t.Errorf("%s: %v", syntax, problems[0])
		}
		_, problems := tree.Parse(syntax, []byte(list(tree.MaxValues+1)), "pack.yaml", 3)
		if len(problems) != 1 || problems[0].Class != tree.Malformed || problems[0].Pos.Line != 3 {
			t.Errorf("%s: got %v, want one refusal", syntax, problems)
		}
	}
}

func TestDepthIsAccepted(t *testing.T) {
	for syntax, text := range map[tree.Syntax]string{
		tree.YAML: strings.Repeat("[", tree.MaxDepth) + strings.Repeat("]", tree.MaxDepth),
		tree.JSON: strings.Repeat("[", tree.MaxDepth) + strings.Repeat("]", tree.MaxDepth),
		tree.TOML: "a = " + strings.Repeat("[", tree.MaxDepth-1) + strings.Repeat("]", tree.MaxDepth-1),
	} {
		if _, problems := tree.Parse(syntax, []byte(text), "f", 1); len(problems) > 0 {
			t.Errorf("%s: %v", syntax, problems[0])
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		text    string
		num     float64
		inexact bool
	}{
		{"12000", 12000, false},
		{"-3.5", -3.5, false},
		{"1_000", 1000, false},
		{"0x1F", 31, false},
		{"0o17", 15, false},
		{"1e3", 1000, false},
		{"0.1", 0.1, false},
		{"9007199254740991", 1<<53 - 1, false},
		{"9007199254740993", 1 << 53, true},
		{"10000000000000000000000", 1e22, false},
	} {
		n, problems := tree.Parse(tree.YAML, []byte("a: "+tt.text+"\n"), "f", 1)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		v := n.Get("a")
		if v.Kind != tree.Number || v.Inexact != tt.inexact || !tt.inexact && v.Num != tt.num || v.Text != tt.text {
			t.Errorf("%s: kind %v, %v, inexact %v, %q", tt.text, v.Kind, v.Num, v.Inexact, v.Text)
		}
	}
	n, _ := tree.Parse(tree.JSON, []byte(`{"a": 1e999}`), "f", 1)
	if v := n.Get("a"); v.Kind != tree.Number || !v.Inexact {
		t.Errorf("1e999: kind %v, inexact %v", v.Kind, v.Inexact)
	}
}

func TestFind(t *testing.T) {
	n, _ := tree.Parse(tree.YAML, []byte("a:\n  - b: 1\n    c/d: 2\n"), "f", 1)
	for _, tt := range []struct {
		pointer string
		line    int
		col     int
		ok      bool
	}{
		{"", 1, 1, true},
		{"/a", 1, 1, true},
		{"/a/0", 2, 5, true},
		{"/a/0/b", 2, 5, true},
		{"/a/0/c~1d", 3, 5, true},
		{"/a/0/e", 2, 5, false},
		{"/a/1", 1, 1, false},
		{"/a/00", 1, 1, false},
		{"/x/y", 1, 1, false},
	} {
		pos, ok := n.Find(tt.pointer)
		if pos.Line != tt.line || pos.Col != tt.col || ok != tt.ok {
			t.Errorf("Find(%q) = %d:%d %v, want %d:%d %v", tt.pointer, pos.Line, pos.Col, ok, tt.line, tt.col, tt.ok)
		}
	}
}

func TestWriteYAML(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"quotes", "a: \"x\"\nb: 'y'\nc: z\nd: \"1\"\ne: 1.10\nf: 2024-03-27\n"},
		{"lists", "a:\n  - b\n  - c\nd: [e, f]\ng: {h: i}\n"},
		{"comments", "# above\n\na: 1 # beside\n# between\nb: 2\n"},
		{"comment on the first key", "# above\na: 1\n\n# below\n"},
		{"literal", "a: |\n  b\n  c\n"},
		{"emoji beside what stands in for them", "a: plane ticket. 🙂 # 🚀\nb: \"\ue000 and 🎉: quoted\"\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, problems := tree.Parse(tree.YAML, []byte(tt.text), "f", 1)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			got, err := n.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.text, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	m := tree.NewMap(tree.Pos{})
	m.Set("a", tree.Text("1.10", tree.Pos{}))
	m.Set("b", tree.Text("no: yes", tree.Pos{}))
	m.Set("c", tree.Float(12.5e6, tree.Pos{}))
	m.Set("d", tree.NewList(tree.Pos{}, tree.True(tree.Pos{}), tree.Text("true", tree.Pos{})))
	got, err := m.YAML()
	if want := "a: \"1.10\"\nb: 'no: yes'\nc: 12500000\nd: [true, \"true\"]\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// FuzzParse holds that no text makes a parser panic, that every place lies in
// the text, and that what is read as YAML or JSON can be written and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []struct {
		syntax int
		text   string
	}{
		{0, "a: 1\nb: [c, {d: e}]\n# x\nf: |\n  g\n"},
		{0, "a: &b [*b]\n<<: *b\n"}, {0, "? a\n: b\n"}, {0, "é: \"\\u202e\"\n"}, {0, "a: 'b"}, {0, "\u2028a: b\u0085c: d"},
		{1, "a = 1\n[b.c]\nd = [1, {e = 2}]\n[[f]]\n"}, {1, "a.b = 1\na = 2"}, {1, "a = 2024-03-27T10:00:00Z\nb = inf"},
		{2, `{"a": [1, 2.50, null, true, {"b": "c"}]}`}, {2, `{"a": 1, "a": 2}`}, {2, `[[[[`},
	} {
		f.Add(seed.syntax, []byte(seed.text))
	}
	f.Fuzz(func(t *testing.T, which int, text []byte) {
		text = []byte(strings.ToValidUTF8(string(text), "?"))
		syntax := []tree.Syntax{tree.YAML, tree.TOML, tree.JSON}[(which%3+3)%3]
		n, problems := tree.Parse(syntax, text, "f", 1)
		lines := strings.Split(string(text), "\n")
		inside := func(p tree.Pos) {
			if p.Line < 1 || p.Line > len(lines)+1 || p.Col < 1 {
				t.Fatalf("a place outside the text: %+v", p)
			}
		}
		for _, p := range problems {
			inside(p.Pos)
			if p.Message == "" {
				t.Fatal("a problem without words")
			}
		}
		if n == nil {
			if len(problems) == 0 {
				t.Fatal("nothing read, and no problem")
			}
			return
		}
		var walk func(*tree.Node)
		walk = func(n *tree.Node) {
			inside(n.Pos)
			for _, item := range n.Items {
				walk(item)
			}
			for _, e := range n.Entries {
				inside(e.Key.Pos)
				walk(e.Value)
			}
		}
		walk(n)
		if len(problems) > 0 {
			return
		}
		again, problems := tree.Parse(tree.JSON, n.JSON(), "f", 1)
		if len(problems) > 0 {
			t.Fatalf("its JSON can't be read: %v\n%s", problems, n.JSON())
		}
		if string(again.JSON()) != string(n.JSON()) {
			t.Fatalf("JSON changed:\n%s\n%s", n.JSON(), again.JSON())
		}
	})
}
