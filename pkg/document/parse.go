// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Parse takes text apart. It refuses what [Split] refuses, and what is over one
// of the limits of this package (ErrLimit); every error is an *Error with its
// place. Raw HTML is kept as it is and reported in Document.HTML.
func Parse(source []byte) (*Document, error) {
	fm, err := Split(source)
	if err != nil {
		return nil, err
	}
	d := &Document{
		Text:        source,
		FrontMatter: fm,
		Body:        Range{fm.Block.End, len(source)},
		lines:       indexLines(source),
		stops:       map[ast.Node]int{},
	}
	first, _ := d.Position(d.Body.Start)
	if err := checkBlocks(source[d.Body.Start:], first); err != nil {
		return nil, err
	}
	// Twice: the blocks alone tell what reading the inlines will cost.
	if err := checkInlines(d.parse(nil), source, d.lines); err != nil {
		return nil, err
	}
	d.root = d.parse(inlineParsers(d.stops))
	d.Shortcodes = d.findShortcodes()
	d.collect()
	d.Sections = d.findSections()
	d.plain = sync.OnceValue(func() Plain { return d.Plain(d.Body) })
	return d, nil
}

// parse reads the body. The reader holds the whole text, so that offsets are
// those of the file, and begins after the front matter.
func (d *Document) parse(inlines []util.PrioritizedValue) ast.Node {
	p := parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(inlines...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200))...),
	)
	reader := text.NewReader(d.Text)
	reader.Advance(d.Body.Start)
	return p.Parse(reader)
}

// inlineParsers returns goldmark's parsers for CommonMark, strikethrough and
// task lists. Those that make links and tags write down where each ends, which
// goldmark doesn't keep.
func inlineParsers(stops map[ast.Node]int) []util.PrioritizedValue {
	return []util.PrioritizedValue{
		util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(stopRecorder{parser.NewLinkParser(), stops}, 200),
		util.Prioritized(stopRecorder{parser.NewAutoLinkParser(), stops}, 300),
		util.Prioritized(stopRecorder{parser.NewRawHTMLParser(), stops}, 400),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
	}
}

// stopRecorder notes where in the text the nodes end that a parser makes.
type stopRecorder struct {
	parser.InlineParser
	stops map[ast.Node]int
}

func (r stopRecorder) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	n := r.InlineParser.Parse(parent, block, pc)
	if n != nil {
		_, segment := block.Position()
		r.stops[n] = segment.Start
	}
	return n
}

// CloseBlock hands on what the embedded parser would be asked for.
func (r stopRecorder) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if c, ok := r.InlineParser.(parser.CloseBlocker); ok {
		c.CloseBlock(parent, block, pc)
	}
}

// collect finds links, HTML and code in the tree.
func (d *Document) collect() {
	_ = ast.Walk(d.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			d.addLink(n, Link{Kind: referenceKind(n.Reference), Dest: resolve(n.Destination), Title: resolve(n.Title)})
		case *ast.Image:
			d.addLink(n, Link{Kind: referenceKind(n.Reference), Image: true, Dest: resolve(n.Destination), Title: resolve(n.Title)})
		case *ast.AutoLink:
			dest := resolveEntities(n.URL(d.Text))
			if n.AutoLinkType == ast.AutoLinkEmail {
				dest = "mailto:" + dest
			}
			d.addLink(n, Link{Kind: LinkAutolink, Dest: dest, Text: string(n.Label(d.Text))})
		case *ast.RawHTML:
			if n.Segments.Len() > 0 {
				last := n.Segments.At(n.Segments.Len() - 1)
				d.addHTML(false, Range{n.Segments.At(0).Start, last.Stop})
			}
		case *ast.HTMLBlock:
			if r, ok := linesRange(n.Lines()); ok {
				if n.HasClosure() {
					r.End = max(r.End, n.ClosureLine.Stop)
				}
				d.addHTML(true, r)
			}
		case *ast.FencedCodeBlock:
			d.addCode(n, string(n.Language(d.Text)))
		case *ast.CodeBlock:
			d.addCode(n, "")
		}
		return ast.WalkContinue, nil
	})
	for _, s := range d.Shortcodes {
		src, ok := s.Params["src"]
		if s.Name != "figure" || s.Close || !ok {
			continue
		}
		d.Links = append(d.Links, Link{
			Kind: LinkShortcode, Image: true, Dest: src, Title: s.Params["title"], Text: s.Params["alt"],
			Line: s.Line, Col: s.Col, Range: s.Range,
		})
	}
	slices.SortStableFunc(d.Links, func(a, b Link) int { return a.Range.Start - b.Range.Start })
}

func referenceKind(reference *ast.ReferenceLink) LinkKind {
	if reference != nil {
		return LinkReference
	}
	return LinkInline
}

func (d *Document) addLink(n ast.Node, link Link) {
	start := min(max(n.Pos(), d.Body.Start), len(d.Text))
	stop := min(max(d.stops[n], start), len(d.Text))
	// The reader may have gone on to the next line already.
	for stop > start && !isLinkEnd(d.Text[stop-1]) {
		stop--
	}
	link.Range = Range{start, stop}
	link.Line, link.Col = d.Position(start)
	if link.Text == "" {
		link.Text = d.plainInline(n)
	}
	d.Links = append(d.Links, link)
}

func isLinkEnd(c byte) bool { return c == ')' || c == ']' || c == '>' }

func (d *Document) addHTML(block bool, r Range) {
	h := HTML{Block: block, Range: r}
	h.Line, h.Col = d.Position(r.Start)
	d.HTML = append(d.HTML, h)
	for _, link := range htmlLinks(d.Text[r.Start:r.End], r.Start) {
		link.Line, link.Col = d.Position(link.Range.Start)
		d.Links = append(d.Links, link)
	}
}

func (d *Document) addCode(n ast.Node, language string) {
	c := CodeBlock{Language: language}
	if r, ok := linesRange(n.Lines()); ok {
		c.Range = r
		c.Lines = d.LinesOf(r)
	}
	d.CodeBlocks = append(d.CodeBlocks, c)
}

// linesRange returns the range from the first of segments to the last.
func linesRange(segments *text.Segments) (Range, bool) {
	if segments == nil || segments.Len() == 0 {
		return Range{}, false
	}
	return Range{segments.At(0).Start, segments.At(segments.Len() - 1).Stop}, true
}

// resolve replaces backslash escapes and entities by what they stand for.
func resolve(b []byte) string { return resolveEntities(util.UnescapePunctuations(b)) }

// resolveEntities replaces entities alone: a backslash means itself in an
// autolink.
func resolveEntities(b []byte) string {
	return string(util.ResolveEntityNames(util.ResolveNumericReferences(b)))
}

// plainInline returns the words of an inline node on one line.
func (d *Document) plainInline(n ast.Node) string {
	var p plainBuilder
	p.inline(d.Text, n)
	return strings.ReplaceAll(p.text.String(), "\n", " ")
}
