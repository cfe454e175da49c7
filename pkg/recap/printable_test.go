// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestPrintable(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "KubeCon Europe", "KubeCon Europe"},
		{"other scripts and emoji", "Zürich 東京 🎉", "Zürich 東京 🎉"},
		{"family of joined emoji", "👩\u200d👧", "👩\u200d👧"},
		{"emoji with style, tone and joiner", "❤\ufe0f\u200d🔥 🏃🏽\u200d♀\ufe0f", "❤\ufe0f\u200d🔥 🏃🏽\u200d♀\ufe0f"},
		{"conjunct of Devanagari", "क्\u200dष", "क्\u200dष"},
		{"joiner that hides in a name", "ac\u200dme", `ac\u200dme`},
		{"joiner at an end", "👩\u200d", `👩\u200d`},
		{"joiner before what is escaped", "👩\u200d\u200b", `👩\u200d\u200b`},
		{"joiners in a row", "👩\u200d\u200d👧", `👩\u200d\u200d👧`},
		{"marks as scripts have them", "e\u0323\u0302\u0301 שָׁ֖", "e\u0323\u0302\u0301 שָׁ֖"},
		{"marks heaped on a letter", "Z" + strings.Repeat("\u0335", 10) + "!", "Z" + strings.Repeat("\u0335", 8) + `\u0335` + "\u0335!"},
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
	const in = "{\n\t\"a\": \"x\u009b\u202e\U000e0041\u200dy é\"\n}\n"
	const want = "{\n\t\"a\": \"x\\u009b\\u202e\\udb40\\udc41\\u200dy é\"\n}\n"
	got := recap.PrintableJSON([]byte(in))
	if string(got) != want {
		t.Errorf("PrintableJSON = %q, want %q", got, want)
	}
	var before, after map[string]string
	if err := errors.Join(json.Unmarshal([]byte(in), &before), json.Unmarshal(got, &after)); err != nil || before["a"] != after["a"] {
		t.Errorf("the value became %q, %v", after["a"], err)
	}
	if got := recap.PrintableJSON([]byte("{\r\n\t\"a\": 1}\r\n")); string(got) != "{ \n\t\"a\": 1} \n" {
		t.Errorf("JSON with carriage returns became %q", got)
	}
	if same := []byte(`{"a": "é"}`); &recap.PrintableJSON(same)[0] != &same[0] {
		t.Error("JSON that has nothing to escape is copied")
	}
}

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"a\x1b[2J\xff\u202e", "👩\u200d👧", "a\u200db", "é\u0335\u0335\u0335\u0335\u0335\u0335\u0335\u0335\u0335\u0335", "{\"a\":\"\u009b\"}", "\uFFFD\r\n\t", "0\r"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, printable := range map[string]func(string) string{"Printable": recap.Printable, "PrintableText": recap.PrintableText} {
			got := printable(s)
			marks := 0
			for i, r := range got {
				switch {
				case name == "PrintableText" && (r == '\n' || r == '\t'):
				case r == '\u200d' && i > 0:
				case !utf8.ValidString(got), !recap.IsPrintable(r), r == '\u200d':
					t.Fatalf("%s(%q) lets %U through", name, s, r)
				}
				if marks++; !unicode.In(r, unicode.Mn, unicode.Me) {
					marks = 0
				}
				if marks > 8 {
					t.Fatalf("%s(%q) heaps marks", name, s)
				}
			}
			if again := printable(got); again != got {
				t.Fatalf("%s(%q) = %q, and that becomes %q", name, s, got, again)
			}
		}
		var before, after any
		if json.Unmarshal([]byte(s), &before) != nil {
			return
		}
		if err := json.Unmarshal(recap.PrintableJSON([]byte(s)), &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%q says %v as JSON, and then %v, %v", s, before, after, err)
		}
	})
}
