// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"strings"
	"testing"
)

// TestSteps holds that counting steps costs nothing however many there are, and
// that what people write is far from the limit.
func TestSteps(t *testing.T) {
	for _, tt := range []struct {
		expr string
		ok   bool
	}{
		{`https://github\.com/acme/recaps/\.github/workflows/publish\.yml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+`, true},
		{strings.Repeat(`(a|b)*`, 300), true},
		{`[a-z]{1000}`, true},
		{`([a-zA-Z0-9_]{10}){100}`, false},
		{strings.Repeat(`[a-z]{1000}`, 100), false},
	} {
		if parsed, why := Parse(tt.expr); (parsed != nil) != tt.ok || (why == "") != tt.ok {
			t.Errorf("%.40q: accepted %v (%s), want %v", tt.expr, parsed != nil, why, tt.ok)
		}
	}
}

// FuzzAnchored holds that whatever expression a policy has, what it matches it
// matches whole.
func FuzzAnchored(f *testing.F) {
	for _, expr := range []string{`a`, `a|b`, `(?i)a`, `a)|(?:b`, `\Qa`, `(?m)^a$`, `a\z|b`, `^a`, `a$`, `(?s).`, `(?:`, `a(?#`, `\C`} {
		f.Add(expr, "a")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		re, err := Anchored(expr)
		if err != nil || re == nil {
			return
		}
		if at := re.FindStringIndex(text); at != nil && (at[0] != 0 || at[1] != len(text)) {
			t.Errorf("%q matches %v of %q", expr, at, text)
		}
	})
}
