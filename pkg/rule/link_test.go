// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/rule"
)

func TestCheckQuotes(t *testing.T) {
	counts := func(n int) func(string) int { return func(string) int { return n } }
	tests := []struct {
		name           string
		derivation     string
		source         bool
		body, original func(string) int
		want           []string
	}{
		{"retold, once in the original", "rewritten", true, counts(0), counts(1), nil},
		{"retold, not in the original", "rewritten", true, counts(1), counts(0), []string{"/recap/observations/0/quote", "/recap/quotations/0/quote"}},
		{"retold, twice in the original", "rewritten", true, counts(1), counts(2), []string{"/recap/observations/0/quote", "/recap/quotations/0/quote"}},
		{"retold, original elsewhere", "rewritten", true, counts(0), nil, nil},
		{"original, once", "original", true, counts(1), nil, nil},
		{"original, nowhere", "original", true, counts(0), counts(1), []string{"/recap/observations/0/quote", "/recap/quotations/0/quote"}},
		{"no source, nowhere", "", false, counts(0), nil, []string{"/recap/observations/0/quote", "/recap/quotations/0/quote"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sound()
			r.Facts.Source.Derivation = tt.derivation
			if !tt.source {
				r.Facts.Source = nil
			}
			var got []string
			for _, f := range rule.CheckQuotes(r, tt.body, tt.original) {
				got = append(got, f.Pointer)
				checkFinding(t, f)
				if f.Rule != "R703" {
					t.Errorf("rule %s", f.Rule)
				}
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckSourceLines(t *testing.T) {
	r := sound() // lines 3 and 8 to 10
	for lines, want := range map[int]int{10: 0, 9: 1, 3: 1, 2: 2} {
		if got := rule.CheckSourceLines(r, lines); len(got) != want {
			t.Errorf("an original of %d lines: %+v, want %d findings", lines, got, want)
		}
	}
}

func TestCheckLink(t *testing.T) {
	tests := map[string]string{ // target: rule
		"https://example.org/a?b=c#d":  "",
		"http://[::1]:8080/":           "",
		"mailto:ann@example.org":       "",
		"oci://example.org/a/b:1":      "",
		"doi:10.1000/182":              "",
		"urn:isbn:0451450523":          "",
		"media/a.png":                  "",
		"../other/":                    "",
		"#section":                     "",
		"?page=2":                      "",
		"a:b/c":                        "R602",
		"./a:b":                        "",
		"":                             "R601",
		" ":                            "R601",
		"https://":                     "R601",
		"https:example.org":            "R601",
		"http://exa mple.org":          "R601",
		"http://example.org/%zz":       "R601",
		"https://user:pw@example.org/": "R601",
		"//example.org/x":              "R601",
		`\\host\share`:                 "R601",
		`media\a.png`:                  "R601",
		"mailto:":                      "R601",
		"https://example.org/\u202e":   "R601",
		"javascript:alert(1)":          "R602",
		"JAVASCRIPT:alert(1)":          "R602",
		" javascript:alert(1)":         "R602",
		"java\tscript:alert(1)":        "R602",
		"java\nscript:alert(1)":        "R602",
		"\x01javascript:alert(1)":      "R602",
		"java\u200bscript:alert(1)":    "R602",
		"vbscript:x":                   "R602",
		"data:text/html;base64,x":      "R602",
		"blob:https://example.org/x":   "R602",
		"file:///etc/passwd":           "R602",
		`C:\file.png`:                  "R602",
		"view-source:https://x.org":    "R602",
	}
	for dest, want := range tests {
		f, ok := rule.CheckLink(dest)
		if f.Rule != want || ok != (want == "") {
			t.Errorf("CheckLink(%q) = %+v, %t, want %q", dest, f, ok, want)
		}
		if strings.Contains(f.Message, "pw@") {
			t.Errorf("the password is printed: %s", f.Message)
		}
	}
}
