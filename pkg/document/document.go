// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import "github.com/yuin/goldmark/ast"

// Range is a run of bytes of the text: Text[Start:End].
type Range struct {
	Start int
	End   int
}

// Len returns the number of bytes in r.
func (r Range) Len() int { return r.End - r.Start }

// Lines are a run of lines, the first and the last, counted from 1.
type Lines struct {
	First int
	Last  int
}

// Document is one Markdown text, taken apart. It is not changed after [Parse]
// and may be used by several goroutines.
type Document struct {
	Text        []byte // as given to Parse, not a copy
	FrontMatter FrontMatter
	Body        Range // everything after the front matter
	Sections    []Section
	Links       []Link // in the order of the text, images among them
	HTML        []HTML
	CodeBlocks  []CodeBlock
	Shortcodes  []Shortcode

	lines lineIndex
	root  ast.Node
	stops map[ast.Node]int // where links, autolinks and raw HTML end
	plain func() Plain     // of the body, made once
}

// Section is the text from one heading to the next, of whatever level. The
// first section of a body that doesn't begin with a heading has none: its Level
// is 0 and its Path empty. In order, the ranges of the sections are the body.
// Headings within quotes and lists begin no section.
type Section struct {
	Path    []string // the headings above and the section's own, as plain text
	Heading string   // the last of Path
	Level   int      // 1 to 6, or 0
	Lines   Lines    // heading included
	Range   Range    // heading included
	Content Range    // after the heading
}

// LinkKind says how a link is written.
type LinkKind string

// The kinds of links.
const (
	LinkInline    LinkKind = "inline"    // [text](dest)
	LinkReference LinkKind = "reference" // [text][label] with [label]: dest elsewhere
	LinkAutolink  LinkKind = "autolink"  // <https://…>
	LinkHTML      LinkKind = "html"      // an href, src or the like of raw HTML
	LinkShortcode LinkKind = "shortcode" // the src of a figure shortcode
)

// Link is a reference to another document, a file or a place, or an image.
type Link struct {
	Kind  LinkKind
	Image bool
	Dest  string // escapes and entities resolved, percent signs not
	Title string
	Text  string // the words of the link; the alternative text of an image
	Line  int
	Col   int
	Range Range // what was written, from its first byte to its last
}

// HTML is a piece of raw HTML.
type HTML struct {
	Block bool // a block of its own, not a tag within a line
	Line  int
	Col   int
	Range Range
}

// CodeBlock is a fenced or indented block of code.
type CodeBlock struct {
	Language string // the first word after the fence
	Lines    Lines  // of the code, without the fences; zero when it has none
	Range    Range  // likewise
}

// Shortcode is a call of a site generator's template: Hugo's {{< name >}} and
// {{% name %}}, Liquid's {% name %}. Hugo's are found within code too, where
// Hugo runs them; {{</* name */>}}, which it doesn't, is none.
type Shortcode struct {
	Name   string
	Params map[string]string // named parameters, and positional ones by their number: "0", "1"
	Close  bool              // {{< /name >}}
	Line   int
	Col    int
	Range  Range
}
