// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"strconv"
	"strings"
)

// pointer is a JSON Pointer that grows by what is below it.
type pointer string

// to returns the pointer to a member or, by its number, to an item below p.
func (p pointer) to(name string) pointer {
	if strings.ContainsAny(name, "~/") {
		name = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	return p + "/" + pointer(name)
}

// at returns the pointer to the i-th item of the list name below p.
func (p pointer) at(name string, i int) pointer {
	return p.to(name) + "/" + pointer(strconv.Itoa(i))
}

// field returns the place as people write it: observations[3].minValue.
func (p pointer) field() string {
	var b strings.Builder
	for token := range strings.SplitSeq(strings.TrimPrefix(string(p), "/"), "/") {
		token = unescapePointer(token)
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

func unescapePointer(token string) string {
	if !strings.Contains(token, "~") {
		return token
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
}
