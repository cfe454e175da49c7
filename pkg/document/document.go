// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

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

// Document is one Markdown text, taken apart.
type Document struct {
	Text        []byte // as given to Parse, not a copy
	FrontMatter FrontMatter
	Body        Range // everything after the front matter
	Sections    []Section
	Links       []Link
	HTML        []HTML
	CodeBlocks  []CodeBlock
	Shortcodes  []Shortcode

	lines lineIndex
}

// Section is the text from one heading to the next, of whatever level. The
// first section of a body that doesn't begin with a heading has none: Level is
// 0 and Path is empty. Together, in order, the sections are the body.
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
	LinkAutolink  LinkKind = "autolink"  // <https://…> or a bare address
	LinkHTML      LinkKind = "html"      // an href or src attribute of raw HTML
	LinkShortcode LinkKind = "shortcode" // the src of a figure shortcode
)

// Link is a reference to another document, a file or a place, or an image.
type Link struct {
	Kind  LinkKind
	Image bool
	Dest  string // unescaped, as a reader's program would follow it
	Title string
	Text  string // the words of the link; the alternative text of an image
	Line  int
	Col   int
	Range Range // what was written, from its first byte to its last
}

// HTML is a piece of raw HTML.
type HTML struct {
	Block bool // a block of its own, not within a line
	Line  int
	Col   int
	Range Range
}

// CodeBlock is a fenced or indented block of code.
type CodeBlock struct {
	Language string // the first word after the fence
	Lines    Lines  // of the code, without the fences
	Range    Range
}

// Shortcode is a call of a site generator's template: Hugo's {{< name >}} and
// {{% name %}}, Liquid's {% name %}. Those inside code are not calls.
type Shortcode struct {
	Name   string
	Params map[string]string // named parameters, and positional ones by number: "0", "1"
	Close  bool              // {{< /name >}}
	Line   int
	Col    int
	Range  Range
}
