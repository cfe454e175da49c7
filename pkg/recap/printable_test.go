// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestPrintable(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "KubeCon Europe", "KubeCon Europe"},
		{"other scripts and emoji", "Zürich 東京 🎉", "Zürich 東京 🎉"},
		{"family of joined emoji", "👩\u200d👧", "👩\u200d👧"},
		{"clear screen", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"clipboard", "\x1b]52;c;ZXZpbA==\a", `\x1b]52;c;ZXZpbA==\x07`},
		{"eight-bit CSI", "\u009b31m", `\x9b31m`},
		{"overwrite the line", "unsigned\rverified", `unsigned\x0dverified`},
		{"line feed", "a\nverified", `a\x0averified`},
		{"right to left override", "a\u202eb", `a\u202eb`},
		{"zero width space", "a\u200bb", `a\u200bb`},
		{"Hangul filler", "a\u3164b", `a\u3164b`},
		{"tag character", "a\U000e0041b", `a\U000e0041b`},
		{"byte that is not UTF-8", "a\xffb", `a\xffb`},
		{"replacement character itself", "a\uFFFDb", "a\uFFFDb"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := recap.Printable(tc.in); got != tc.want {
				t.Errorf("Printable(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
	if got, want := recap.PrintableText("a\n\tb\x1b"), "a\n\tb\\x1b"; got != want {
		t.Errorf("recap.PrintableText = %q, want %q", got, want)
	}
}

func TestPrintableJSON(t *testing.T) {
	const in = "{\n\t\"a\": \"x\u009b\u202e\U000e0041y é\"\n}\n"
	const want = "{\n\t\"a\": \"x\\u009b\\u202e\\udb40\\udc41y é\"\n}\n"
	got := recap.PrintableJSON([]byte(in))
	if string(got) != want {
		t.Errorf("PrintableJSON = %q, want %q", got, want)
	}
	var before, after map[string]string
	if err := errors.Join(json.Unmarshal([]byte(in), &before), json.Unmarshal(got, &after)); err != nil || before["a"] != after["a"] {
		t.Errorf("the value became %q, %v", after["a"], err)
	}
	if same := []byte(`{"a": "é"}`); &recap.PrintableJSON(same)[0] != &same[0] {
		t.Error("JSON that has nothing to escape is copied")
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[2J\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range recap.Printable(s) {
			if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) && r != '\u200d' {
				t.Fatalf("Printable(%q) lets %U through", s, r)
			}
		}
		if got := recap.Printable(recap.Printable(s)); got != recap.Printable(s) {
			t.Fatalf("Printable(%q) changes what is safe already", s)
		}
	})
}
