// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"strconv"
	"strings"
)

// Pointer is a JSON Pointer (RFC 6901) that grows by what is below it.
type Pointer string

// To returns the pointer to a member or, by its number, to an item below p.
func (p Pointer) To(name string) Pointer {
	if strings.ContainsAny(name, "~/") {
		name = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	return p + "/" + Pointer(name)
}

// At returns the pointer to the i-th item of the list name below p.
func (p Pointer) At(name string, i int) Pointer {
	return p.To(name) + "/" + Pointer(strconv.Itoa(i))
}

// Tokens returns the names and numbers that p goes by, unescaped; none where p
// is empty.
func (p Pointer) Tokens() []string {
	if p == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(string(p), "/"), "/")
	for i, token := range tokens {
		if strings.Contains(token, "~") {
			tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		}
	}
	return tokens
}

// Field returns the place as people write it: observations[3].minValue.
func (p Pointer) Field() string {
	var b strings.Builder
	for _, token := range p.Tokens() {
		switch _, err := strconv.Atoi(token); {
		case token == "recap" && b.Len() == 0:
		case err == nil && b.Len() > 0:
			b.WriteString("[" + token + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(token)
		}
	}
	return b.String()
}
