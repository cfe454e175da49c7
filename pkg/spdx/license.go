// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"fmt"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// Limits of a licence expression. They keep its cost in line with its worth;
// the longest seen in the wild has some twenty licences.
const (
	maxLength = 1024 // bytes
	maxDepth  = 16   // parentheses within parentheses
)

// The two expressions that name no licence.
const (
	noAssertion = "NOASSERTION"
	none        = "NONE"
)

// License is an SPDX licence expression that was read.
type License struct {
	Expression  string   // as SPDX writes it: ids in its case, operators in capitals, one space between
	NoAssertion bool     // NOASSERTION: the author says nothing, which allows nothing
	None        bool     // NONE: there is no licence, which allows nothing
	Warnings    []string // deprecated ids and what replaces them
}

// Parse reads an SPDX licence expression, such as
//
//	CC-BY-4.0
//	MIT OR Apache-2.0
//	(LGPL-2.1-only OR BSD-3-Clause) AND CC0-1.0+
//	GPL-2.0-or-later WITH Classpath-exception-2.0
//	LicenseRef-all-rights-reserved
//	NOASSERTION
//
// Ids are those of the SPDX License List 3.29.0 and match in any case, as do
// the operators; a LicenseRef or DocumentRef is taken as it is. The error is a
// [recap.Error] of kind [recap.Usage] with code bad-license; where what was meant
// can be guessed ("Apache 2.0"), its hint is the expression to write.
//
// See https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/.
func Parse(expr string) (License, error) {
	trimmed := strings.Trim(expr, " \t")
	switch {
	case trimmed == "":
		return License{}, recap.Errorf(recap.Usage, "bad-license", "licence is empty").
			WithHint("%s", noAssertion)
	case len(trimmed) > maxLength:
		return License{}, recap.Errorf(recap.Usage, "bad-license", "licence of %d bytes is longer than %d", len(trimmed), maxLength)
	case strings.EqualFold(trimmed, noAssertion):
		return License{Expression: noAssertion, NoAssertion: true}, nil
	case strings.EqualFold(trimmed, none):
		return License{Expression: none, None: true}, nil
	}
	license, unknown, err := read(trimmed)
	if err != nil {
		e := recap.Errorf(recap.Usage, "bad-license", "licence %q: %w", words.Clip(trimmed), err)
		if meant, ok := guess(trimmed, unknown); ok {
			e = e.WithHint("%s", meant)
		}
		return License{}, e
	}
	return license, nil
}

// read reads an expression and, where it can't, returns the id that no list
// has, if that is why.
func read(expr string) (license License, unknown string, err error) {
	p := parser{list: known(), rest: expr}
	p.next()
	p.alternatives(0)
	if p.err == nil && p.token != "" {
		p.fail("%q stands where AND, OR or the end belongs", words.Clip(p.token))
	}
	if p.err != nil {
		return License{}, p.unknown, p.err
	}
	return License{Expression: p.out.String(), Warnings: p.warnings}, "", nil
}

// parser reads an expression by recursive descent and writes it as SPDX does.
// The first error stays.
type parser struct {
	list     *catalogue
	rest     string
	token    string // the one looked at; empty at the end
	out      strings.Builder
	warnings []string
	unknown  string // the id that no list has
	err      error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.token, p.rest = "", ""
}

// next looks at the next token: a parenthesis, or what runs up to a space or a
// parenthesis.
func (p *parser) next() {
	p.rest = strings.TrimLeft(p.rest, " \t")
	end := strings.IndexAny(p.rest, " \t()")
	switch {
	case end < 0:
		end = len(p.rest)
	case end == 0:
		end = 1
	}
	p.token, p.rest = p.rest[:end], p.rest[end:]
}

// operator takes the given operator and writes it.
func (p *parser) operator(name string) bool {
	if !strings.EqualFold(p.token, name) {
		return false
	}
	p.out.WriteString(" " + name + " ")
	p.next()
	return true
}

func (p *parser) alternatives(depth int) {
	p.conjunction(depth)
	for p.operator("OR") {
		p.conjunction(depth)
	}
}

func (p *parser) conjunction(depth int) {
	p.license(depth)
	for p.operator("AND") {
		p.license(depth)
	}
}

// license takes an expression in parentheses, or one licence and its exception.
func (p *parser) license(depth int) {
	if p.token == "(" {
		if depth == maxDepth {
			p.fail("more than %d parentheses within each other", maxDepth)
			return
		}
		p.out.WriteByte('(')
		p.next()
		p.alternatives(depth + 1)
		if p.token != ")" {
			p.fail("a parenthesis is not closed")
			return
		}
		p.out.WriteByte(')')
		p.next()
		return
	}
	p.simple()
	if p.operator("WITH") {
		p.exception()
	}
}

func (p *parser) simple() {
	id := p.token
	switch {
	case id == "":
		p.fail("a licence is missing at the end")
		return
	case id == ")" || isOperator(id):
		p.fail("a licence is missing before %q", id)
		return
	case strings.EqualFold(id, none) || strings.EqualFold(id, noAssertion):
		p.fail("%s stands alone or not at all", strings.ToUpper(id))
		return
	}
	if entry, ok := p.list.licenses[words.Lower(id)]; ok {
		p.write(entry)
		return
	}
	if base, ok := strings.CutSuffix(id, "+"); ok {
		if entry, ok := p.list.licenses[words.Lower(base)]; ok {
			p.write(listed{id: entry.id + "+", deprecated: entry.deprecated})
			return
		}
	}
	if isRef(id, "LicenseRef-") {
		p.write(listed{id: id})
		return
	}
	if _, ok := p.list.exceptions[words.Lower(id)]; ok {
		p.fail("%q is an exception, which follows WITH", id)
		return
	}
	p.unknown = id
	p.fail("%q is not on the SPDX list", words.Clip(id))
}

func (p *parser) exception() {
	id := p.token
	if entry, ok := p.list.exceptions[words.Lower(id)]; ok {
		p.write(entry)
		return
	}
	switch {
	case id == "":
		p.fail("an exception is missing after WITH")
	case isRef(id, "AdditionRef-"):
		p.write(listed{id: id})
	default:
		p.fail("%q is no exception on the SPDX list", words.Clip(id))
	}
}

// write takes the token as the given id.
func (p *parser) write(entry listed) {
	p.out.WriteString(entry.id)
	switch {
	case entry.replacement != "":
		p.warnings = append(p.warnings, fmt.Sprintf("SPDX has deprecated %s; write %s", entry.id, entry.replacement))
	case entry.deprecated:
		p.warnings = append(p.warnings, fmt.Sprintf("SPDX has deprecated %s", entry.id))
	}
	p.next()
}

func isOperator(s string) bool {
	return strings.EqualFold(s, "AND") || strings.EqualFold(s, "OR") || strings.EqualFold(s, "WITH")
}

// isRef reports whether s is [DocumentRef-…:]prefix…, of letters,
// digits, points and hyphens.
func isRef(s, prefix string) bool {
	if document, rest, ok := strings.Cut(s, ":"); ok {
		name, ok := strings.CutPrefix(document, "DocumentRef-")
		if !ok || !isName(name) {
			return false
		}
		s = rest
	}
	name, ok := strings.CutPrefix(s, prefix)
	return ok && isName(name)
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return s != ""
}
