// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import "strings"

// Input is what every hostile input has: a name, and what each entry point must
// make of it. Nothing but a refusal by name counts as one: no crash, no exit code
// that no table has, no file left behind.
type Input struct {
	Name string

	// Want is the exit code and, where there is one, the code of the error that
	// every entry point ends with: "6 bad-manifest", "0".
	Want string

	// But is what some entry points come to instead, by the words of their
	// names: "list", "pull", "archive", or "registry list", which goes before
	// both "registry" and "list".
	But map[string]string

	// Heavy marks what would cost a careless reader much time or memory.
	Heavy bool
}

// Outcome returns the exit code and the error code that an entry point must end
// with, as Want has them, or "-" where it isn't one for this input. The entry point
// is named by words, such as the place of the input and the verb.
func (h Input) Outcome(words ...string) string {
	want, best := h.Want, 0
	for key, outcome := range h.But {
		if parts := strings.Fields(key); len(parts) > best && within(parts, words) {
			want, best = outcome, len(parts)
		}
	}
	return want
}

// within reports whether words holds all of parts.
func within(parts, words []string) bool {
	for _, part := range parts {
		found := false
		for _, word := range words {
			found = found || word == part
		}
		if !found {
			return false
		}
	}
	return true
}

// but makes the exceptions of a row out of pairs of names and outcomes. Names
// that share one stand together: "copy, tag".
func but(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		for _, name := range strings.Split(pairs[i], ", ") {
			m[name] = pairs[i+1]
		}
	}
	return m
}
