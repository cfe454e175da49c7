// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// ParseAgent reads "Name" or "Name (Affiliation)".
func ParseAgent(s string) Agent { return Agent{Name: s} }

// Names returns every title and name that the recap states, for comparing its
// prose with another text: these are exempt.
func (r *Recap) Names() []string { return nil }
