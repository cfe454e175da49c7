// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// Limits of a licence expression. They keep its cost in line with its worth;
// the longest seen in the wild has some twenty licences.
const (
	maxLicenseLength = 1024 // bytes
	maxLicenseDepth  = 16   // parentheses within parentheses
)

// The two expressions that name no licence.
const (
	licenseNoAssertion = "NOASSERTION"
	licenseNone        = "NONE"
)

// License is an SPDX licence expression that was read.
type License struct {
	Expression  string   // as SPDX writes it: ids in its case, operators in capitals, one space between
	NoAssertion bool     // NOASSERTION: the author says nothing, which allows nothing
	None        bool     // NONE: there is no licence, which allows nothing
	Warnings    []string // deprecated ids and what replaces them
}

// ParseLicense reads an SPDX licence expression, such as
//
//	CC-BY-4.0
//	MIT OR Apache-2.0
//	(LGPL-2.1-only OR BSD-3-Clause) AND CC0-1.0+
//	GPL-2.0-or-later WITH Classpath-exception-2.0
//	LicenseRef-all-rights-reserved
//	NOASSERTION
//
// Ids are those of the SPDX License List 3.29.0 and match in any case, as do
// the operators; a LicenseRef or DocumentRef is taken as it is. The error is an
// [Error] of kind [Usage] with code bad-license; where what was meant can be
// guessed ("Apache 2.0"), its hint is the expression to write.
//
// See https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/.
func ParseLicense(expr string) (License, error) {
	trimmed := strings.Trim(expr, " \t")
	switch {
	case trimmed == "":
		return License{}, Errorf(Usage, "bad-license", "licence is empty").
			WithHint("%s", licenseNoAssertion)
	case len(trimmed) > maxLicenseLength:
		return License{}, Errorf(Usage, "bad-license", "licence of %d bytes is longer than %d", len(trimmed), maxLicenseLength)
	case strings.EqualFold(trimmed, licenseNoAssertion):
		return License{Expression: licenseNoAssertion, NoAssertion: true}, nil
	case strings.EqualFold(trimmed, licenseNone):
		return License{Expression: licenseNone, None: true}, nil
	}
	license, unknown, err := readLicense(trimmed)
	if err != nil {
		e := Errorf(Usage, "bad-license", "licence %q: %w", clip(trimmed), err)
		if meant, ok := guessLicense(trimmed, unknown); ok {
			e = e.WithHint("%s", meant)
		}
		return License{}, e
	}
	return license, nil
}

// readLicense reads an expression and, where it can't, returns the id that no
// list has, if that is why.
func readLicense(expr string) (license License, unknown string, err error) {
	p := licenseParser{list: spdx(), rest: expr}
	p.next()
	p.alternatives(0)
	if p.err == nil && p.token != "" {
		p.fail("%q stands where AND, OR or the end belongs", clip(p.token))
	}
	if p.err != nil {
		return License{}, p.unknown, p.err
	}
	return License{Expression: p.out.String(), Warnings: p.warnings}, "", nil
}

// licenseParser reads an expression by recursive descent and writes it as SPDX
// does. The first error stays.
type licenseParser struct {
	list     *spdxList
	rest     string
	token    string // the one looked at; empty at the end
	out      strings.Builder
	warnings []string
	unknown  string // the id that no list has
	err      error
}

func (p *licenseParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.token, p.rest = "", ""
}

// next looks at the next token: a parenthesis, or what runs up to a space or a
// parenthesis.
func (p *licenseParser) next() {
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
func (p *licenseParser) operator(name string) bool {
	if !strings.EqualFold(p.token, name) {
		return false
	}
	p.out.WriteString(" " + name + " ")
	p.next()
	return true
}

func (p *licenseParser) alternatives(depth int) {
	p.conjunction(depth)
	for p.operator("OR") {
		p.conjunction(depth)
	}
}

func (p *licenseParser) conjunction(depth int) {
	p.license(depth)
	for p.operator("AND") {
		p.license(depth)
	}
}

// license takes an expression in parentheses, or one licence and its exception.
func (p *licenseParser) license(depth int) {
	if p.token == "(" {
		if depth == maxLicenseDepth {
			p.fail("more than %d parentheses within each other", maxLicenseDepth)
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

func (p *licenseParser) simple() {
	id := p.token
	switch {
	case id == "":
		p.fail("a licence is missing at the end")
		return
	case id == ")" || isLicenseOperator(id):
		p.fail("a licence is missing before %q", id)
		return
	case strings.EqualFold(id, licenseNone) || strings.EqualFold(id, licenseNoAssertion):
		p.fail("%s stands alone or not at all", strings.ToUpper(id))
		return
	}
	if entry, ok := p.list.licenses[asciiLower(id)]; ok {
		p.write(entry)
		return
	}
	if base, ok := strings.CutSuffix(id, "+"); ok {
		if entry, ok := p.list.licenses[asciiLower(base)]; ok {
			p.write(spdxEntry{id: entry.id + "+", deprecated: entry.deprecated})
			return
		}
	}
	if isLicenseRef(id, "LicenseRef-") {
		p.write(spdxEntry{id: id})
		return
	}
	if _, ok := p.list.exceptions[asciiLower(id)]; ok {
		p.fail("%q is an exception, which follows WITH", id)
		return
	}
	p.unknown = id
	p.fail("%q is not on the SPDX list", clip(id))
}

func (p *licenseParser) exception() {
	id := p.token
	if entry, ok := p.list.exceptions[asciiLower(id)]; ok {
		p.write(entry)
		return
	}
	switch {
	case id == "":
		p.fail("an exception is missing after WITH")
	case isLicenseRef(id, "AdditionRef-"):
		p.write(spdxEntry{id: id})
	default:
		p.fail("%q is no exception on the SPDX list", clip(id))
	}
}

// write takes the token as the given id.
func (p *licenseParser) write(entry spdxEntry) {
	p.out.WriteString(entry.id)
	switch {
	case entry.replacement != "":
		p.warnings = append(p.warnings, fmt.Sprintf("SPDX has deprecated %s; write %s", entry.id, entry.replacement))
	case entry.deprecated:
		p.warnings = append(p.warnings, fmt.Sprintf("SPDX has deprecated %s", entry.id))
	}
	p.next()
}

func isLicenseOperator(s string) bool {
	return strings.EqualFold(s, "AND") || strings.EqualFold(s, "OR") || strings.EqualFold(s, "WITH")
}

// isLicenseRef reports whether s is [DocumentRef-…:]prefix…, of letters,
// digits, points and hyphens.
func isLicenseRef(s, prefix string) bool {
	if document, rest, ok := strings.Cut(s, ":"); ok {
		name, ok := strings.CutPrefix(document, "DocumentRef-")
		if !ok || !isLicenseName(name) {
			return false
		}
		s = rest
	}
	name, ok := strings.CutPrefix(s, prefix)
	return ok && isLicenseName(name)
}

func isLicenseName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !isDigit(c) && c != '.' && c != '-' {
			return false
		}
	}
	return s != ""
}

// The SPDX list as data: made from the ids that SPDX publishes, without the
// licences' texts.
//
//go:embed spdx.txt
var spdxText string

// spdxList holds the ids by their lower-case form.
type spdxList struct {
	licenses   map[string]spdxEntry
	exceptions map[string]spdxEntry
	order      []string          // licences in lower case, as the list has them
	byKey      map[string]string // ids that aren't deprecated, by their licenseKey
}

type spdxEntry struct {
	id          string
	deprecated  bool
	replacement string
}

// spdx reads the list once, when first needed.
var spdx = sync.OnceValue(func() *spdxList {
	list := &spdxList{licenses: map[string]spdxEntry{}, exceptions: map[string]spdxEntry{}, byKey: map[string]string{}}
	for line := range strings.Lines(spdxText) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		id, replacement, _ := strings.Cut(rest, " ")
		kind, deprecated := strings.CutPrefix(kind, "deprecated-")
		entry := spdxEntry{id: id, deprecated: deprecated, replacement: replacement}
		switch kind {
		case "license":
			list.licenses[asciiLower(id)] = entry
			list.order = append(list.order, asciiLower(id))
			if key := licenseKey(id); !deprecated && list.byKey[key] == "" {
				list.byKey[key] = id
			}
		case "exception":
			list.exceptions[asciiLower(id)] = entry
		}
	}
	return list
})
