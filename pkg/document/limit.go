// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
)

// The limits. Markdown parsers, goldmark included, take time that grows with the
// square of some constructs: measured on one core, 40 kB of opened links cost
// 0.8 s and 80 kB of a wide table over 6 s. A text over one of these limits is
// refused before the parser sees it, so that any text costs about a second at
// most; each is far above what people write.
//
// Who renders a text with another Markdown library calls [Parse] first, and so
// has these limits too.
const (
	MaxText        = 4 << 20   // bytes of a whole text
	MaxFrontMatter = 256 << 10 // bytes between the fences
	MaxLines       = 100_000   // lines of the body: each list item or heading has its price
	MaxNesting     = 100       // quotes and lists within each other: each line is matched against all of them
	MaxDefinitions = 2_000     // [label]: target; each moves the rest of its paragraph
	MaxTableCells  = 50_000    // the empty ones that short rows are filled up with included

	// Three sums bound what the limits above leave open: blocks that stay open
	// over many lines, and what is looked for again and again within one
	// paragraph. They are in steps of the parser, of a few nanoseconds each.
	maxBlockWork  = 200_000_000
	maxOpenBlocks = 4_000_000 // blocks open, summed over the lines
	maxInlineWork = 500_000_000
)

// checkBlocks refuses a body whose block structure would cost too much to find.
// It looks at lines only, and counts at least as many open blocks, definitions
// and cells as the parser will. first is the number of the body's first line.
func checkBlocks(body []byte, first int) error {
	var (
		open, openSum, work int
		blankBefore         = true
		chunk               chunk
		definitions, cells  int
		backticks           = bytes.Count(body, []byte("`"))
		escapedPipes        = bytes.Count(body, []byte(`\|`))
	)
	if work = backticks * escapedPipes; work > maxBlockWork {
		return tooMuch(first, "escaped bars in code within tables")
	}
	number := first
	for at := 0; at < len(body); number++ {
		line := body[at : at+lineLength(body[at:])]
		at += len(line)
		if number-first >= MaxLines {
			return newError(ErrLimit, "too-many-lines", number, 1, "the text has more than %d lines", MaxLines).
				mend("move tables and logs into a data file")
		}
		p := scanPrefix(line)
		switch {
		case p.blank:
			blankBefore = true
			definitions += chunk.definitions()
			cells += chunk.cells()
			work += chunk.definitions() * chunk.bytes
			chunk.reset()
		case blankBefore:
			open, blankBefore = min(open, p.spaces)+p.opens, false
		default: // a line may carry on a paragraph however little it is indented
			open = max(open, min(open, p.spaces)+p.opens)
		}
		if !p.blank {
			chunk.add(line, p)
		}
		openSum += open
		work += open*p.columns + p.opens*len(line)
		switch {
		case open > 2*MaxNesting: // a list is two blocks: itself and its item
			return newError(ErrLimit, "nested-too-deep", number, 1, "quotes and lists nest more than %d deep", MaxNesting).
				mend("flatten them")
		case definitions+chunk.definitions() > MaxDefinitions:
			return newError(ErrLimit, "too-many-definitions", number, 1, "the text has more than %d link definitions", MaxDefinitions).
				mend("write the targets at the links")
		case cells+chunk.cells() > MaxTableCells:
			return newError(ErrLimit, "too-many-cells", number, 1, "the tables have more than %d cells", MaxTableCells).
				mend("move the table into a CSV file and link to it")
		case openSum > maxOpenBlocks || work+chunk.definitions()*chunk.bytes > maxBlockWork:
			return tooMuch(number, "nested blocks over many lines")
		}
	}
	return nil
}

func tooMuch(line int, what string) *Error {
	return newError(ErrLimit, "too-much-markup", line, 1, "reading the Markdown takes too long because of %s", what).
		mend("simplify the markup of this paragraph")
}

// chunk is what stands between two blank lines: no paragraph, and so no table
// and no definition, is longer.
type chunk struct {
	lines, bytes int
	openings     int // lines that begin with a bracket
	targets      int // occurrences of ]:
	columns      int // of the widest line that may delimit a table's head
}

func (c *chunk) reset() { *c = chunk{} }

func (c *chunk) add(line []byte, p prefix) {
	c.lines++
	c.bytes += len(line)
	rest := line[p.length:]
	if rest[0] == '[' {
		c.openings++
	}
	c.targets += bytes.Count(line, []byte("]:"))
	if isTableDelimiter(rest) {
		c.columns = max(c.columns, bytes.Count(line, []byte("|"))+1)
	}
}

// definitions returns how many link definitions c may have.
func (c *chunk) definitions() int { return min(c.openings, c.targets) }

// cells returns how many table cells c may have.
func (c *chunk) cells() int { return c.columns * c.lines }

// isTableDelimiter reports whether line may stand under the head of a table.
func isTableDelimiter(line []byte) bool {
	hyphen, other := false, false
	for _, c := range line {
		switch c {
		case '-':
			hyphen = true
		case '|', ':':
			other = true
		case ' ', '\t', '\r', '\n':
		default:
			return false
		}
	}
	return hyphen && other
}

// prefix is what stands before the text of a line.
type prefix struct {
	length  int  // bytes of indentation, quote signs and list markers
	columns int  // their width, a tab being up to four
	spaces  int  // the part of it that may keep lists open: not the space that belongs to a sign or marker
	opens   int  // blocks that the signs and markers keep open or open
	blank   bool // there is nothing else
}

func scanPrefix(line []byte) prefix {
	var p prefix
	rule := ruleStart(line)
	owned := 0 // columns of space that belong to the marker before
	for p.length < len(line) {
		rest := line[p.length:]
		switch c := rest[0]; c {
		case ' ', '\t', '\r', '\n', '\v', '\f':
			width := 1
			if c == '\t' {
				width = 4 - p.columns%4
			}
			p.columns += width
			p.spaces += width - owned
			p.length++
			owned = 0
		case '>':
			p.opens++
			p.columns++
			p.length++
			owned = 1
		default:
			n := listMarker(rest)
			if n == 0 || p.length >= rule {
				return p
			}
			p.opens += 2
			p.columns += n
			p.length += n
			owned = 1
		}
	}
	p.blank = p.opens == 0
	if !p.blank { // markers alone: keep one byte as text
		p.length = len(line) - 1
	}
	return p
}

// listMarker returns the length of the list marker that line begins with, or 0.
func listMarker(line []byte) int {
	n := 0
	switch line[0] {
	case '-', '+', '*':
		n = 1
	default:
		for n < len(line) && n < 9 && '0' <= line[n] && line[n] <= '9' {
			n++
		}
		if n == 0 || n == len(line) || line[n] != '.' && line[n] != ')' {
			return 0
		}
		n++
	}
	if n < len(line) && line[n] != ' ' && line[n] != '\t' && line[n] != '\r' && line[n] != '\n' {
		return 0
	}
	return n
}

// ruleStart returns where the rule begins that line ends with: three or more of
// one sign with nothing but space between them. They are no list markers.
func ruleStart(line []byte) int {
	start, sign, count := len(line), byte(0), 0
	for i := len(line) - 1; i >= 0; i-- {
		c := line[i]
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			continue
		}
		if c != '-' && c != '*' && c != '_' || count > 0 && c != sign {
			break
		}
		sign, start = c, i
		count++
	}
	if count < 3 {
		return len(line)
	}
	return start
}

// checkInlines refuses a text in which one of the leaves of root would cost too
// much to read. root is the block structure alone.
func checkInlines(root ast.Node, source []byte, lines lineIndex) error {
	work := 0
	var refused error
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Type() == ast.TypeInline || n.IsRaw() || n.Lines() == nil || n.Lines().Len() == 0 {
			return ast.WalkContinue, nil
		}
		cost, cause := inlineWork(n, source)
		if work += cost; work > maxInlineWork {
			line, _ := lines.position(n.Lines().At(0).Start)
			refused = tooMuch(line, cause)
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return refused
}

// What the parser does for each construct of a leaf, in steps: measured as
// nanoseconds, rounded up.
const (
	stepsPerScannedByte = 2      // looking for the end of a link
	stepsPerOpening     = 1_500  // keeping a [ in mind
	stepsPerTag         = 10_000 // trying a < as address, tag and comment
	stepsPerTagByte     = 40     // matching a tag by regular expression
)

// inlineWork estimates how many steps reading the leaf takes, and names the
// construct that takes the most.
func inlineWork(n ast.Node, source []byte) (work int, cause string) {
	var length, opens, closes, signs, ticks, angles int
	var before byte
	segments := n.Lines()
	for i := range segments.Len() {
		segment := segments.At(i)
		for _, c := range source[segment.Start:segment.Stop] {
			length++
			switch c {
			case '[':
				opens++
			case ']':
				closes++
			case '<':
				angles++
			case '*', '_', '~': // one by one: a run of n nests n/2 deep
				signs++
			case '`':
				if c != before {
					ticks++
				}
			}
			before = c
		}
	}
	costs := []struct {
		steps int
		cause string
	}{
		{closes*length*stepsPerScannedByte + opens*stepsPerOpening, "brackets in one paragraph"},
		{signs * signs, "emphasis in one paragraph"},
		{ticks * length, "backticks in one paragraph"},
		{angles*stepsPerTag + tagSteps(n, source, angles)*stepsPerTagByte, "angle brackets"},
	}
	most := 0
	for _, c := range costs {
		work += c.steps
		if c.steps > most {
			most, cause = c.steps, c.cause
		}
	}
	return work, cause
}

// tagSteps returns how many bytes are looked at when a tag is tried at every <,
// of which there are as many as given.
func tagSteps(n ast.Node, source []byte, angles int) int {
	if angles == 0 {
		return 0
	}
	segments := n.Lines()
	start, stop := segments.At(0).Start, segments.At(segments.Len()-1).Stop
	text := source[start:stop] // with what stands before lines in a quote: no matter here
	steps := 0
	for i, c := range text {
		if c != '<' {
			continue
		}
		_, seen := scanTag(text[i:])
		if steps += seen; steps*stepsPerTagByte > maxInlineWork {
			return steps
		}
	}
	return steps
}
