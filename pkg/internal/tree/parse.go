// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"fmt"
	"math"
	"math/big"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Syntax is a language.
type Syntax string

// The languages.
const (
	YAML Syntax = "yaml"
	TOML Syntax = "toml"
	JSON Syntax = "json"
)

// Class tells why a text was refused.
type Class string

// The classes.
const (
	Malformed Class = "malformed" // not that language, nested too deep, or of too many values
	Duplicate Class = "duplicate" // one key twice
	Ambiguous Class = "ambiguous" // anchors, aliases, merge keys, tags
)

// Problem is something wrong with a text.
type Problem struct {
	Pos     Pos
	Class   Class
	Message string
	Mend    string
}

// Parse reads data, which begins at line first of the file at path. Where it
// finds problems the tree is what could be read, or nil; an empty text is an
// empty Map. data must be valid UTF-8.
func Parse(syntax Syntax, data []byte, path string, first int) (*Node, []Problem) {
	if !affordable(data) {
		return nil, []Problem{{
			Pos: Pos{Path: path, Line: first, Col: 1}, Class: Malformed,
			Message: fmt.Sprintf("more than %d values", MaxValues), Mend: "keep data in files of their own",
		}}
	}
	r := newReader(data, path, first)
	var root *Node
	switch syntax {
	case YAML:
		root = r.yaml(data)
	case TOML:
		root = r.toml(data)
	case JSON:
		root = r.json(data)
	default:
		panic("tree: no such syntax: " + string(syntax))
	}
	return root, r.problems
}

// MaxValues is how many values a text may seem to hold. Each takes up to a kilobyte
// while it is parsed and two bytes to write, so that a list of a million empty maps
// would cost a gigabyte.
const MaxValues = 200_000

// affordable reports whether data holds at most MaxValues of the marks that, in each
// of the languages, stand before or behind a value. Within texts they count too: who
// writes so many of them writes no settings.
func affordable(data []byte) bool {
	if len(data) <= MaxValues {
		return true
	}
	marks := 0
	for _, c := range data {
		switch c {
		case '{', '[', ',', ':', '=', '?', '\n', '-':
			marks++
		}
	}
	return marks <= MaxValues
}

// reader holds what the three parsers share. Places and keys are looked up in
// indexes: a front matter may be one line, or one map, of a hundred thousand
// values.
type reader struct {
	path     string
	first    int // the file's line on which the text begins
	data     []byte
	starts   []int // offset of each line of the text
	keys     map[*Node]map[string]Entry
	problems []Problem

	lastLine, lastCol, lastByte int // where runes left off
}

func newReader(data []byte, path string, first int) *reader {
	r := &reader{path: path, first: first, data: data, starts: []int{0}, keys: map[*Node]map[string]Entry{}}
	for i, c := range data {
		if c == '\n' {
			r.starts = append(r.starts, i+1)
		}
	}
	return r
}

// MaxProblems is how many problems are listed.
const MaxProblems = 1001

func (r *reader) fail(pos Pos, class Class, mend, format string, args ...any) {
	if len(r.problems) == MaxProblems {
		return
	}
	r.problems = append(r.problems, Problem{
		Pos: pos, Class: class, Message: fmt.Sprintf(format, args...), Mend: mend,
	})
}

// runes returns the place of a line and a column counted in characters, both
// from 1 and of the text, as yaml.v3 gives them. It goes on from where it left
// off, since nodes come in the order of the text.
func (r *reader) runes(line, col int) Pos {
	line = min(max(line, 1), len(r.starts))
	if line != r.lastLine || col < r.lastCol {
		r.lastLine, r.lastCol, r.lastByte = line, 1, r.starts[line-1]
	}
	for r.lastCol < col && r.lastByte < len(r.data) && r.data[r.lastByte] != '\n' {
		_, size := utf8.DecodeRune(r.data[r.lastByte:])
		r.lastByte += size
		r.lastCol++
	}
	return Pos{Path: r.path, Line: r.first + line - 1, Col: r.lastByte - r.starts[line-1] + 1}
}

// offset returns the place of a byte of the text.
func (r *reader) offset(n int) Pos {
	line := sort.Search(len(r.starts), func(i int) bool { return r.starts[i] > n })
	return Pos{Path: r.path, Line: r.first + line - 1, Col: n - r.starts[line-1] + 1}
}

// deep refuses a value at more than MaxDepth and reports whether it did.
func (r *reader) deep(depth int, pos Pos) bool {
	if depth <= MaxDepth {
		return false
	}
	r.fail(pos, Malformed, "flatten it", "values nest more than %d levels deep", MaxDepth)
	return true
}

// lookup returns the value of a key of a map that is being read, or nil.
func (r *reader) lookup(m *Node, key string) *Node { return r.keys[m][key].Value }

// add appends an entry to a map and refuses a key that is already there.
func (r *reader) add(m *Node, key, value *Node) {
	if r.keys[m] == nil {
		r.keys[m] = map[string]Entry{}
	}
	if earlier, ok := r.keys[m][key.Text]; ok {
		r.fail(key.Pos, Duplicate, "keep one of them",
			"the key %q is already on line %d", key.Text, earlier.Key.Pos.Line)
		return
	}
	entry := Entry{Key: key, Value: value}
	r.keys[m][key.Text] = entry
	m.Entries = append(m.Entries, entry)
}

// number reads the spelling of a number in any of the languages: underscores,
// a sign, and the prefixes 0x, 0o and 0b. ok is false for what is none,
// infinity and not-a-number included.
func number(text string) (f float64, exact, ok bool) {
	s := strings.ReplaceAll(text, "_", "")
	sign, digits := 1.0, s
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		digits = s[1:]
		if s[0] == '-' {
			sign = -1
		}
	}
	if len(digits) > 2 && digits[0] == '0' && strings.ContainsRune("xobXOB", rune(digits[1])) {
		u, err := strconv.ParseUint(digits, 0, 64)
		if err != nil {
			return 0, false, false
		}
		f = float64(u)
		return sign * f, f < 1<<53, true
	}
	if digits == "" || strings.Trim(digits, "0123456789.eE+-") != "" {
		return 0, false, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false, strings.ContainsAny(digits, "0123456789") && math.IsInf(f, 0)
	}
	return f, faithful(s, f), true
}

// faithful reports whether writing f again gives the number that s spells.
// Only integers can fail: a decimal fraction is rounded by every reader of
// JSON alike, but nobody expects an id to change its last digit.
func faithful(s string, f float64) bool {
	if strings.ContainsAny(s, ".eE") || math.Abs(f) < 1<<53 {
		return true
	}
	want, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return false
	}
	got, _ := big.NewFloat(f).Int(nil)
	return want.Cmp(got) == 0
}
