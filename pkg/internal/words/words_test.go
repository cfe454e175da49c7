// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package words_test

import (
	"strings"
	"testing"
	"unicode/utf8"

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

// A letter is one, however many bytes it has.
func TestOneEdit(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"müller", "muller", true},
		{"müller", "mueller", false},
		{"andrés", "andrès", true},
		{"josé garcía", "jose garcía", true},
		{"josé garcía", "jose garcia", false},
		{"øystein", "ystein", true},
		{"zoë", "zo", true},
		{"ëzo", "ëoz", true},
		{"oëz", "ëoz", true}, // of one and two bytes
		{"éè", "èé", true},   // whose first bytes are the same
		{"王小明", "王小红", true},
		{"王小明", "王大红", false},
		{"王小明", "王明小", true},
		{"", "明", true},
		{"", "小明", false},
		{"a\xff", "a\xfe", true}, // a byte that is no letter counts as one
		{"a\xff\xff", "a\xfe\xfe", false},
	} {
		if words.OneEdit(tt.a, tt.b) != tt.want || words.OneEdit(tt.b, tt.a) != tt.want {
			t.Errorf("OneEdit(%q, %q): want %t, both ways", tt.a, tt.b, tt.want)
		}
	}
}

func FuzzOneEdit(f *testing.F) {
	f.Add("aab", "aba")
	f.Add("abab", "baba")
	f.Add("éèé", "èéé")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 200 || !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		// A byte for each letter is what Distance understands.
		letters := map[rune]byte{}
		spell := func(s string) string {
			var spelled []byte
			for _, r := range s {
				if _, known := letters[r]; !known {
					letters[r] = byte(len(letters))
				}
				spelled = append(spelled, letters[r])
			}
			return string(spelled)
		}
		if got, want := words.OneEdit(a, b), words.Distance(spell(a), spell(b), 1) <= 1; got != want {
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
