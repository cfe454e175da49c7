// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import "strings"

// ParseAgent reads how people write a person with an affiliation: "Adrian Mouat
// (Chainguard)". What doesn't end in parentheses after a name is a name alone.
func ParseAgent(s string) Agent {
	s = strings.TrimSpace(s)
	if !strings.HasSuffix(s, ")") {
		return Agent{Name: s}
	}
	depth := 0
	for i := len(s) - 1; i > 0; i-- {
		switch s[i] {
		case ')':
			depth++
		case '(':
			depth--
		}
		if depth > 0 {
			continue
		}
		name := strings.TrimSpace(s[:i])
		affiliation := strings.TrimSpace(s[i+1 : len(s)-1])
		if name == "" || affiliation == "" {
			break
		}
		return Agent{Name: name, Affiliation: affiliation}
	}
	return Agent{Name: s}
}

// String returns a as [ParseAgent] reads it.
func (a Agent) String() string {
	if a.Affiliation == "" {
		return a.Name
	}
	return a.Name + " (" + a.Affiliation + ")"
}
