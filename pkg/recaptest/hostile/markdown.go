// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"fmt"
	"strings"
)

// Text is a document, front matter included, that means harm. Want is what
// becomes of who reads it.
type Text struct {
	Input
	Text string
}

// Markdown returns documents whose front matter is in order and whose body
// would run something, hide something, or take a parser forever.
func Markdown() []Text {
	const refused = "8 document-refused"
	const front = "---\ntitle: A trap\nrecap:\n  event: FOSDEM 2024\n---\n"
	text := func(name, want, body string) Text {
		t := Text{Input: Input{Name: name, Want: want}, Text: front + body + "\n"}
		if want == refused {
			t.But = but("read", "1 check-failed", "check", "1 R")
		}
		return t
	}
	// What its author is told of, since its links lead nowhere or into danger, and
	// who reads it out of an artifact is shown as text.
	told := func(t Text) Text {
		t.But = but("read", "1 check-failed", "check", "1 R")
		return t
	}
	slow := func(name, want, body string) Text {
		t := text(name, want, body)
		t.Heavy = true
		return t
	}
	return []Text{
		told(text("scripts", "0", "<script>alert(1)</script><svg onload=alert(1)><img src=x onerror=alert(1)><iframe srcdoc='<script>'></iframe><style>*{}</style><base href=//evil.example><meta http-equiv=refresh content=0><form action=//evil.example><math><mtext></form><noscript><p title='</noscript><img src=x onerror=1>'>")),
		told(text("links that run", "0", "[a](javascript:alert(1)) [b](java&Tab;script:1) [c](&#1;javascript:1) [d](javascript&colon;1) [e](vbscript:1) [f](data:text/html;base64,PHNjcmlwdD4=) [g](file:///etc/passwd) [h](//evil.example) [i](\\\\evil.example) [j](blob:x)")),
		told(text("pictures elsewhere", "0", "![x](https://evil.example/pixel.png) ![y](../../../etc/passwd) ![z](file:///dev/zero)")),
		text("entities", "0", strings.Repeat("&#27;&#x9b;&#0;&#xfffff;&#x202e;&CounterClockwiseContourIntegral;", 1000)),
		text("invalid UTF-8", refused, "a \xff\xfe b"),
		text("NUL", refused, "a \x00 b"),
		told(text("carriage returns alone", "0", strings.Repeat("a line\r", 1000))),
		text("combining marks", "0", "e"+strings.Repeat("\u0301", 10_000)),
		slow("a table of 20,000 columns", refused, strings.Repeat("|a", 20_000)+"|\n"+strings.Repeat("|-", 20_000)+"|\n"+strings.Repeat("|\n", 300)),
		slow("a line of list marks", "0", strings.Repeat("- ", 1_000_000)),
		slow("nested quotes", refused, strings.Repeat(">", 20_000)+" x"),
		slow("lists ever deeper", refused, func() string {
			var b strings.Builder
			for i := range 1000 {
				b.WriteString(strings.Repeat(" ", 2*i) + "- x\n")
			}
			return b.String()
		}()),
		slow("backticks of every length", refused, func() string {
			var b strings.Builder
			for i := range 2500 {
				b.WriteString(strings.Repeat("`", i) + " ")
			}
			return b.String()
		}()),
		slow("50,000 brackets", "0", strings.Repeat("[", 50_000)),
		slow("opened links", refused, strings.Repeat("[a](", 50_000)),
		slow("emphasis runs", refused, strings.Repeat("a**b_", 200_000)),
		slow("emphasis that closes", refused, strings.Repeat("*a_ ", 100_000)),
		slow("30,000 definitions", refused, func() string {
			var b strings.Builder
			for i := range 30_000 {
				fmt.Fprintf(&b, "[%d]: x\n", i)
			}
			return b.String()
		}()),
		slow("a line of 3 MB", "0", strings.Repeat("word ", 600_000)),
		slow("a word of 3 MB", "0", strings.Repeat("a", 3_000_000)),
		slow("100,000 headings", refused, strings.Repeat("# a\n", 100_000)),
		slow("90,000 headings", "0", strings.Repeat("# a\n", 90_000)),
		slow("open tags", refused, strings.Repeat("<a ", 100_000)),
		slow("open comments", "0", strings.Repeat("<!-- ", 100_000)),
		slow("open declarations", "0", strings.Repeat("<!A ", 100_000)+strings.Repeat("<![CDATA[", 50_000)+strings.Repeat("<?", 50_000)),
		slow("open autolinks", refused, strings.Repeat("<https://x", 50_000)+strings.Repeat("www.", 50_000)+strings.Repeat("a@", 50_000)),
		slow("open fences", "0", strings.Repeat("```x\n", 50_001)),
		slow("footnotes", refused, strings.Repeat("[^a]: x\n\n[^a]\n\n", 10_000)),
		slow("strikes", refused, strings.Repeat("~~a~", 200_000)),
		slow("100,000 lines of nothing", refused, strings.Repeat("\n", 100_000)),
		slow("shortcodes", refused, strings.Repeat("{{< a ", 50_000)+strings.Repeat("{{% b %}}", 50_000)),
		slow("backslashes", "0", strings.Repeat("\\", 1_000_000)),
		slow("tabs", "0", strings.Repeat("\t", 1_000_000)+"x"),
		slow("ampersands", "0", strings.Repeat("&", 1_000_000)),
	}
}

// Bundle returns a bundle of the document alone.
func (t Text) Bundle() *Graph {
	return forgery{document: t.Text, files: []forged{}}.forge()
}
