// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/document"
)

// Each limit is held at N and at N+1.
func TestLimits(t *testing.T) {
	rep := strings.Repeat
	tests := []struct {
		name string
		text func(n int) string
		n    int
		code string
		line int // of the refusal; 0 where it doesn't matter
	}{
		{"text", func(n int) string { return rep("a", n) }, document.MaxText, "text-too-large", 1},
		{"front matter", func(n int) string { return "---\n" + rep("a", n-1) + "\n---\nbody" }, document.MaxFrontMatter, "front-matter-too-large", 1},
		{"lines", func(n int) string { return "---\na: b\n---\n" + rep("a\n", n) }, document.MaxLines, "too-many-lines", document.MaxLines + 4},
		{"quotes", func(n int) string { return rep(">", 2*n) + "a" }, document.MaxNesting, "nested-too-deep", 1},
		{"lists on a line", func(n int) string { return "a\n\n" + rep("- ", n) + "a" }, document.MaxNesting, "nested-too-deep", 3},
		{"lists by indentation", func(n int) string {
			var b strings.Builder
			for i := range n {
				b.WriteString(rep("  ", i) + "- a\n")
			}
			return b.String()
		}, document.MaxNesting, "nested-too-deep", document.MaxNesting + 1},
		{"definitions", func(n int) string { return rep("[a]: b\n\n", n) }, document.MaxDefinitions, "too-many-definitions", 2*document.MaxDefinitions + 1},
		{"cells", func(n int) string { return "|a|b|c|\n|-|-|-|\n" + rep("|a|\n", n/5-2) + rep("x\n", n%5) }, document.MaxTableCells, "too-many-cells", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := document.Parse([]byte(tt.text(tt.n))); err != nil {
				t.Errorf("at %d: %v", tt.n, err)
			}
			_, err := document.Parse([]byte(tt.text(tt.n + 1)))
			refused(t, err, tt.code)
			var e *document.Error
			if tt.line != 0 && errors.As(err, &e) && e.Line != tt.line {
				t.Errorf("refused at line %d, want %d", e.Line, tt.line)
			}
		})
	}
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	var e *document.Error
	if !errors.Is(err, document.ErrLimit) || !errors.As(err, &e) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if e.Code != code || e.Mend == "" || e.Line < 1 {
		t.Errorf("%s at line %d (%s), want %s", e.Code, e.Line, e.Mend, code)
	}
}

// Texts that keep a parser busy are refused, by counting and so without a
// clock. Sizes are those at which goldmark was measured to take over a second,
// most of them many.
func TestCostlyMarkdown(t *testing.T) {
	rep := strings.Repeat
	var lengthening strings.Builder // each run of backticks has a length of its own
	for i := 1; lengthening.Len() < 4<<20-3000; i++ {
		lengthening.WriteString("e" + rep("`", i))
	}
	tests := []struct {
		name string
		text string
		code string
	}{
		{"links opened and not closed", rep("[a](", 25_000), "too-much-markup"},
		{"links opened, by angle brackets", rep("[a](<b", 25_000), "too-much-markup"},
		{"links with open titles", rep("[a](b \"c\n", 30_000), "too-much-markup"},
		{"brackets", rep("[", 1_000_000), "too-much-markup"},
		{"pictures opened", rep("![", 1_000_000), "too-much-markup"},
		{"references to nothing", rep("[a][", 25_000), "too-much-markup"},
		{"emphasis of two signs", rep("*a_ ", 25_000), "too-much-markup"},
		{"emphasis within emphasis", rep("*", 1_000_000) + "a" + rep("*", 1_000_000), "too-much-markup"},
		{"strikethrough", rep("~~a ~", 25_000), "too-much-markup"},
		{"backticks of every length", lengthening.String(), "too-much-markup"},
		{"tags", "x" + rep("<a b='", 100_000), "too-much-markup"},
		{"CDATA", "x" + rep("<![CDATA[", 100_000), "too-much-markup"},
		{"tags within tags", "x<a" + rep(" b='<a c'", 100_000), "too-much-markup"},
		{"quotes", rep(">", 40_000), "nested-too-deep"},
		{"lists on a line", rep("- ", 20_000) + "a", "nested-too-deep"},
		{"numbered lists on a line", rep("1. ", 20_000) + "a", "nested-too-deep"},
		{"open lists over blank lines", nestedList(90) + rep("\n", 90_000), "too-much-markup"},
		{"deep lines", rep(rep("> ", 90)+"a\n", 20_000), "too-much-markup"},
		{"wide table", rep("|a", 20_000) + "\n" + rep("|-", 20_000) + "\n" + rep("|a\n", 300), "too-many-cells"},
		{"tables in a row", rep("a|b\n-|-\n\n", 20_000), "too-many-cells"},
		{"escaped bars", "a|b\n-|-\n" + rep("`\\|`|`\\|`\n", 20_000), "too-much-markup"},
		{"definitions", rep("[a]: b\n", 30_000), "too-many-definitions"},
		{"definitions over two lines", rep("[a\nb]: c\n", 30_000), "too-many-definitions"},
		{"definitions with open titles", rep("[a]: b\n(c\n", 1_000) + rep("text\n", 80_000), "too-much-markup"},
		{"list items", rep("- a\n", 1_000_000), "too-many-lines"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := document.Parse([]byte(tt.text))
			refused(t, err, tt.code)
		})
	}
}

func nestedList(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return b.String()
}

// What people write, much of it, is taken.
func TestGenerousLimits(t *testing.T) {
	rep := strings.Repeat
	for name, text := range map[string]string{
		"a long list of links":           rep("- [name](https://example.org/some/where) and what it is about\n", 10_000),
		"a table of a thousand rows":     "|a|b|c|d|\n|-|-|-|-|\n" + rep("|[x](y)|`z`|*w*|1|\n", 1_000),
		"many paragraphs with markup":    rep("Some *words* with `code`, [a link](x), **more** and <b>tags</b>.\n\n", 20_000),
		"a paragraph of 300 links":       rep("[a link](https://example.org) ", 300),
		"a megabyte on one line":         rep("word ", 200_000),
		"code of deep indentation":       "```\n" + rep(rep(" ", 60)+"- deep: [x]: <y> | z\n", 1_500) + "```\n",
		"a diagram":                      "```\n" + rep("+---+---+ > > > | - | * * * |\n", 1_000) + "```\n",
		"rules":                          rep("* * * * * * * * * * * * * * * * * * * *\n\n"+rep("- ", 150)+"-\n\n", 1_000),
		"nested lists of ten":            rep(nestedList(10)+"\n", 500),
		"a quote ninety deep":            rep(rep("> ", 90)+"a\n", 100),
		"quotes in mail":                 rep(rep("> ", 8)+"text\n", 5_000),
		"a page of raw HTML":             "<div>\n" + rep("<p class=\"a\">text <a href='b'>c</a></p>\n", 20_000) + "</div>\n",
		"a glossary of 1,500 targets":    rep("[term]: https://example.org/term \"Title\"\n", 1_500),
		"snake_case_names and asterisks": rep("some_snake_case_name * 2 ", 3_000),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := document.Parse([]byte(text)); err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		everything, "", "\ufeff", "---\n---", "{}", "# a\n## b\n# c", "a\n=\n", "> # a\n\n# b #\n", "[a]: b\n[a] ![a][]",
		"|a|\n|-|\n|[b](c)|", "- a\n\n      b\n", "<a href=b>\n\n<!-- c", "```\n", "{{< a \"b >}}", "\t- \t> a", "a  \n\\\n&#0;",
		"\r\r\n\n\r", "*a **b* c**", "<a:b><c@d.e>", "# \n#\n", "===\n---\n+++",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := document.Parse(text)
		if err != nil {
			var e *document.Error
			if !errors.As(err, &e) || e.Line < 1 || e.Col < 1 || e.Code == "" || e.Mend == "" {
				t.Fatalf("error without a place or a mend: %#v", err)
			}
			return
		}
		inside := func(what string, r document.Range) {
			if r.Start < d.Body.Start || r.Start > r.End || r.End > len(text) {
				t.Errorf("%s at %v is outside of the body at %v", what, r, d.Body)
			}
		}
		fm := d.FrontMatter
		if fm.Block.Start > fm.Data.Start || fm.Data.End > fm.Block.End || fm.Block.End != d.Body.Start || d.Body.End != len(text) {
			t.Errorf("front matter %+v, body %v of %d bytes", fm, d.Body, len(text))
		}
		at := d.Body.Start
		for i, s := range d.Sections {
			inside("section", s.Range)
			if s.Range.Start != at || s.Range.Len() == 0 || s.Content.End != s.Range.End || s.Content.Start < s.Range.Start || s.Content.Start > s.Range.End {
				t.Errorf("section %d at %v, content %v, after %d", i, s.Range, s.Content, at)
			}
			if s.Lines.First < 1 || s.Lines.Last < s.Lines.First || len(s.Path) == 0 && (i > 0 || s.Level > 0) {
				t.Errorf("section %d: %+v", i, s)
			}
			at = s.Range.End
		}
		if at != d.Body.End {
			t.Errorf("the sections end at %d, the body at %d", at, d.Body.End)
		}
		for _, l := range d.Links {
			inside(fmt.Sprintf("link %q", l.Dest), l.Range)
			if line, col := d.Position(l.Range.Start); line != l.Line || col != l.Col || l.Range.Len() == 0 {
				t.Errorf("link %+v is at %d:%d", l, line, col)
			}
		}
		for _, h := range d.HTML {
			inside("HTML", h.Range)
		}
		for _, c := range d.CodeBlocks {
			if c.Range != (document.Range{}) {
				inside("code", c.Range)
			}
		}
		for _, s := range d.Shortcodes {
			inside("shortcode", s.Range)
		}
		p := d.Plain(d.Body)
		if last := p.Line(len(p.Text)); last > d.LinesOf(d.Body).Last {
			t.Errorf("plain text ends on line %d, the body on %d", last, d.LinesOf(d.Body).Last)
		}
		d.FindQuote("a b")
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(everything + strings.Repeat("## Head\n\nSome *words* with `code`, [a link](x) and more of them.\n\n- one\n- two\n\n", 200))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := document.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
