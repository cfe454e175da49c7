// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// manyLetters is how many letters make a repetition as good as endless.
const manyLetters = 64

// OpenEnded says in which way an expression, whose anchored form is matches,
// leaves open whom it matches; or nothing. Any text may follow an address up to
// its owner, since the owner says who stands below.
func OpenEnded(re *syntax.Regexp, matches *regexp.Regexp) string {
	if matches.MatchString("") {
		return "matches even the empty text"
	}
	switch re.Op {
	case syntax.OpCapture:
		return OpenEnded(re.Sub[0], matches)
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if open := OpenEnded(sub, matches); open != "" {
				return open
			}
		}
		return ""
	}
	parts := sequence(re)
	switch {
	case len(parts) == 0:
		return ""
	case endless(parts[0]):
		return "begins with any text"
	case endless(parts[len(parts)-1]) && !owned(parts):
		return "ends with any text, and names nobody whose it is"
	}
	return ""
}

// sequence returns what re matches one after the other.
func sequence(re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpConcat:
		var parts []*syntax.Regexp
		for _, sub := range re.Sub {
			parts = append(parts, sequence(sub)...)
		}
		return parts
	case syntax.OpCapture:
		return sequence(re.Sub[0])
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return nil
	}
	return []*syntax.Regexp{re}
}

// endless reports whether re may match text of any length and kind: of more
// than one part of an address.
func endless(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus:
		return broad(re.Sub[0])
	case syntax.OpRepeat:
		return (re.Max < 0 || re.Max >= manyLetters) && broad(re.Sub[0])
	case syntax.OpCapture, syntax.OpQuest, syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, endless)
	}
	return false
}

// broad reports whether re matches what separates the parts of an address or of
// a name, as well as what is between.
func broad(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpCharClass:
		return in(re, '/') && in(re, '@') && in(re, 'e')
	case syntax.OpCapture, syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat, syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, broad)
	}
	return false
}

func in(class *syntax.Regexp, r rune) bool {
	for i := 0; i+1 < len(class.Rune); i += 2 {
		if class.Rune[i] <= r && r <= class.Rune[i+1] {
			return true
		}
	}
	return false
}

// owned reports whether the parts begin with an address up to an owner's name:
// SCHEME://HOST/OWNER/.
func owned(parts []*syntax.Regexp) bool {
	_, rest, _ := strings.Cut(beginning(parts), "://")
	host, path, _ := strings.Cut(rest, "/")
	owner, _, ok := strings.Cut(path, "/")
	return ok && host != "" && owner != ""
}

// OpenAccount returns a forge where anybody opens accounts and of whose
// accounts an expression leaves open which it means; or nothing. That acme is
// written doesn't keep acme-evil out while no slash follows.
func OpenAccount(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpCapture:
		return OpenAccount(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if forge := OpenAccount(sub); forge != "" {
				return forge
			}
		}
		return ""
	}
	parts := sequence(re)
	if !slices.ContainsFunc(parts, endless) || owned(parts) {
		return ""
	}
	for _, forge := range []string{"https://github.com/", "https://gitlab.com/"} {
		if strings.HasPrefix(beginning(parts), forge) {
			return forge
		}
	}
	return ""
}

// beginning spells the parts up to the first that is endless: a dot for any
// character, which was probably meant as one, and _ for one of some texts.
func beginning(parts []*syntax.Regexp) string {
	var b strings.Builder
	for _, part := range parts {
		if endless(part) {
			break
		}
		switch part.Op {
		case syntax.OpLiteral:
			b.WriteString(string(part.Rune))
		case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
			b.WriteByte('.')
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}
