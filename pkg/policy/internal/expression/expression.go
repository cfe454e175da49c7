// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package expression looks at the regular expressions by which a policy names
// people: what they match is whole texts, and who writes one learns whom it
// matches besides those that were meant.
package expression

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
)

const (
	maxExpression = 2000 // bytes of a regular expression
	maxProgram    = 5000 // its steps, counted repetitions written out; each costs time for every letter
)

// Anchored compiles an expression that has to match a whole text: unanchored,
// alice@example.com would match alice@example.com.evil.example. The empty
// expression is none.
func Anchored(expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, nil
	}
	// By itself first: a)|(?:b is no expression, but would be one, and loose
	// at both ends, once the anchors stand around it.
	if _, err := regexp.Compile(expr); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + expr + `)\z`)
}

// Inner returns an anchored expression as it was written.
func Inner(expr *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(expr.String(), `\A(?:`), `)\z`)
}

// Parse parses an expression, and says why it is refused where it is.
func Parse(expr string) (*syntax.Regexp, string) {
	if len(expr) > maxExpression {
		return nil, fmt.Sprintf("has %d bytes; at most %d are allowed", len(expr), maxExpression)
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		why := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return nil, fmt.Sprintf("\"%s\" is no regular expression: %s", words.Clip(expr), why)
	}
	if steps(parsed) > maxProgram {
		return nil, fmt.Sprintf("\"%s\" takes too long to match", words.Clip(expr))
	}
	return parsed, ""
}

// steps returns about how many steps an expression has when its repetitions are
// written out, without doing so.
func steps(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxProgram+1)
}

// BareDot returns the text before a dot that stands between two texts as a
// domain's does, and stands for any character; or nothing.
func BareDot(re *syntax.Regexp) string {
	for i, sub := range re.Sub {
		if before := BareDot(sub); before != "" {
			return before
		}
		if re.Op != syntax.OpConcat || i == 0 || i+1 == len(re.Sub) {
			continue
		}
		before, after := re.Sub[i-1], re.Sub[i+1]
		if (sub.Op == syntax.OpAnyCharNotNL || sub.Op == syntax.OpAnyChar) && before.Op == syntax.OpLiteral && after.Op == syntax.OpLiteral {
			return string(before.Rune)
		}
	}
	return ""
}

// anything are texts that have nothing in common with each other nor with any
// identity. An expression that matches all of them matches whatever there is.
func anything() []string {
	return []string{
		"q7vzx", "https://q7vzx.example.invalid/q7vzx/zk?#", "q7vzx@zk.example.invalid", "spiffe://zk.example.invalid/q7vzx",
	}
}

// Anything reports whether an expression, in its anchored form, matches whatever
// there is.
func Anything(matches *regexp.Regexp) bool {
	return !slices.ContainsFunc(anything(), func(text string) bool { return !matches.MatchString(text) })
}
