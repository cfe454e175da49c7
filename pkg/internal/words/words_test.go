// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package words_test

import (
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/internal/words"
)

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "a", 1}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "xabc", 1},
		{"abcd", "acbd", 1}, {"ab", "ba", 1}, {"aab", "aba", 1}, {"abcd", "badc", 2}, {"kitten", "sitting", 3}, {"abc", "xyz", 3}, {"aaaa", "aaaaa", 1},
	}
	for _, tt := range tests {
		for limit := range 4 {
			want := min(tt.want, limit+1)
			if got := words.Distance(tt.a, tt.b, limit); got != want {
				t.Errorf("Distance(%q, %q, %d) = %d, want %d", tt.a, tt.b, limit, got, want)
			}
		}
		if got := words.OneEdit(tt.a, tt.b); got != (tt.want <= 1) {
			t.Errorf("OneEdit(%q, %q) = %t", tt.a, tt.b, got)
		}
	}
}

func FuzzOneEdit(f *testing.F) {
	f.Add("aab", "aba")
	f.Add("abab", "baba")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 1000 {
			return
		}
		if got, want := words.OneEdit(a, b), words.Distance(a, b, 1) <= 1; got != want {
			t.Errorf("OneEdit(%q, %q) = %t", a, b, got)
		}
	})
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 files", 1: "1 file", 2: "2 files", 1000: "1000 files"} {
		if got := words.Count(n, "file"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		strings.Repeat("ä", 60): strings.Repeat("ä", 60),
		strings.Repeat("ä", 61): strings.Repeat("ä", 60) + "…",
	} {
		if got := words.Clip(text); got != want {
			t.Errorf("Clip(%q) = %q, want %q", text, got, want)
		}
	}
}
