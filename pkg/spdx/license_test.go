// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package spdx_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/spdx"
)

func TestParse(t *testing.T) {
	tests := []struct {
		expr string
		want spdx.License
	}{
		{"CC-BY-4.0", spdx.License{Expression: "CC-BY-4.0"}},
		{" MIT ", spdx.License{Expression: "MIT"}},
		{"apache-2.0", spdx.License{Expression: "Apache-2.0"}},
		{"mit or APACHE-2.0", spdx.License{Expression: "MIT OR Apache-2.0"}},
		{"MIT  AND\tISC", spdx.License{Expression: "MIT AND ISC"}},
		{"Apache-2.0+", spdx.License{Expression: "Apache-2.0+"}},
		{"(MIT)", spdx.License{Expression: "(MIT)"}},
		{"( MIT OR(ISC))AND Zlib", spdx.License{Expression: "(MIT OR (ISC)) AND Zlib"}},
		{"MIT OR ISC AND Zlib", spdx.License{Expression: "MIT OR ISC AND Zlib"}},
		{
			"GPL-2.0-or-later with classpath-exception-2.0",
			spdx.License{Expression: "GPL-2.0-or-later WITH Classpath-exception-2.0"},
		},
		{"LicenseRef-My.Own-1", spdx.License{Expression: "LicenseRef-My.Own-1"}},
		{"DocumentRef-a:LicenseRef-b OR MIT", spdx.License{Expression: "DocumentRef-a:LicenseRef-b OR MIT"}},
		{"GPL-2.0-only WITH AdditionRef-mine", spdx.License{Expression: "GPL-2.0-only WITH AdditionRef-mine"}},
		{"NOASSERTION", spdx.License{Expression: "NOASSERTION", NoAssertion: true}},
		{"noassertion", spdx.License{Expression: "NOASSERTION", NoAssertion: true}},
		{"NONE", spdx.License{Expression: "NONE", None: true}},
		{"GPL-2.0", spdx.License{
			Expression: "GPL-2.0",
			Warnings:   []string{"SPDX has deprecated GPL-2.0; write GPL-2.0-only"},
		}},
		{"gpl-3.0+ OR Nunit", spdx.License{
			Expression: "GPL-3.0+ OR Nunit",
			Warnings:   []string{"SPDX has deprecated GPL-3.0+; write GPL-3.0-or-later", "SPDX has deprecated Nunit"},
		}},
		{"GPL-2.0-only WITH Nokia-Qt-exception-1.1", spdx.License{
			Expression: "GPL-2.0-only WITH Nokia-Qt-exception-1.1",
			Warnings:   []string{"SPDX has deprecated Nokia-Qt-exception-1.1"},
		}},
		{strings.Repeat("(", 16) + "MIT" + strings.Repeat(")", 16), spdx.License{
			Expression: strings.Repeat("(", 16) + "MIT" + strings.Repeat(")", 16),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			got, err := spdx.Parse(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name string
		expr string
		hint string // what to write instead; empty where nothing can be guessed
	}{
		{"empty", "", "NOASSERTION"},
		{"a space", " ", "NOASSERTION"},
		{"words", "Apache 2.0", "Apache-2.0"},
		{"more words", "Apache License, Version 2.0", "Apache-2.0"},
		{"just Apache", "Apache", "Apache-2.0"},
		{"the MIT licence", "The MIT License", "MIT"},
		{"Creative Commons with spaces", "CC BY 4.0", "CC-BY-4.0"},
		{"Creative Commons by name", "CC BY-SA 4.0 International", "CC-BY-SA-4.0"},
		{"Creative Commons without a version", "CC BY-NC", "CC-BY-NC-4.0"},
		{"Creative Commons by address", "https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"},
		{"Creative Commons Zero by address", "https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"},
		{"Creative Commons of no version", "https://creativecommons.org/licenses/by/9.9/", ""},
		{"GPLv3", "GPLv3", "GPL-3.0-only"},
		{"typing slip", "Apach-2.0", "Apache-2.0"},
		{"swapped letters", "CC-YB-4.0", "CC-BY-4.0"},
		{"slip within an expression", "MIT OR Apach-2.0", "MIT OR Apache-2.0"},
		{"all rights reserved", "All rights reserved", "LicenseRef-all-rights-reserved"},
		{"unknown", "unknown", "NOASSERTION"},
		{"nothing like it", "Frobnicate-7", ""},
		{"no operator", "MIT ISC", ""},
		{"operator at the end", "MIT OR", ""},
		{"operator at the beginning", "OR MIT", ""},
		{"two operators", "MIT OR AND ISC", ""},
		{"open parenthesis", "(MIT", "MIT"},
		{"stray parenthesis", "MIT)", "MIT"},
		{"empty parentheses", "()", ""},
		{"exception without a licence", "Classpath-exception-2.0", ""},
		{"licence for an exception", "GPL-2.0-only WITH MIT", ""},
		{"exception missing", "GPL-2.0-only WITH", ""},
		{"exception of parentheses", "(MIT OR ISC) WITH Classpath-exception-2.0", ""},
		{"two exceptions", "GPL-2.0-only WITH Classpath-exception-2.0 WITH GCC-exception-2.0", ""},
		{"plus apart", "Apache-2.0 +", ""},
		{"two pluses", "Apache-2.0++", "Apache-2.0"},
		{"reference without a name", "LicenseRef-", ""},
		{"reference with a slash", "LicenseRef-a/b", ""},
		{"document without a licence", "DocumentRef-a", ""},
		{"document with a listed licence", "DocumentRef-a:MIT", ""},
		{"NOASSERTION among others", "MIT OR NOASSERTION", ""},
		{"NONE among others", "NONE AND MIT", ""},
		{"slash for OR", "MIT/ISC", ""},
		{"line break", "MIT\nOR ISC", ""},
		{"too deep", strings.Repeat("(", 17) + "MIT" + strings.Repeat(")", 17), "MIT"},
		{"too long", strings.Repeat("MIT OR ", 200) + "MIT", ""},
		{"Kelvin sign", "\u212aazlib", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkLicense(tt.expr)
			var e *recap.Error
			if !errors.As(err, &e) || e.Code != "bad-license" || !errors.Is(err, recap.Usage) {
				t.Fatalf("Parse(%q) = %v, want bad-license", tt.expr, err)
			}
			if e.Hint != tt.hint {
				t.Errorf("hint = %q, want %q (%v)", e.Hint, tt.hint, err)
			}
			if e.Hint != "" && checkLicense(e.Hint) != nil {
				t.Errorf("the hint %q is itself refused", e.Hint)
			}
		})
	}
}

func checkLicense(expr string) error {
	_, err := spdx.Parse(expr)
	return err
}

// The list is embedded text; this holds that all of it was taken.
func TestLicenseListIsWhole(t *testing.T) {
	for _, id := range []string{
		"0BSD", "ZPL-2.1", "CC0-1.0", "CC-BY-NC-ND-4.0", "GFDL-1.3-or-later", "OFL-1.1", "ODbL-1.0", "CDLA-Permissive-2.0",
		"Unlicense", "MIT-0", "BSD-3-Clause", "EUPL-1.2", "AGPL-3.0-or-later",
	} {
		if err := checkLicense(id); err != nil {
			t.Error(err)
		}
	}
	if err := checkLicense("GPL-3.0-only WITH x11vnc-openssl-exception"); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"MIT", "(MIT OR ISC) AND Zlib", "GPL-2.0+ WITH Classpath-exception-2.0", "DocumentRef-a:LicenseRef-b", "Apache 2.0",
		"NONE", "((((", "MIT OR", "\xff", "https://creativecommons.org/licenses/by/4.0/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		license, err := spdx.Parse(s)
		if err != nil {
			var e *recap.Error
			if !errors.As(err, &e) {
				t.Fatalf("error of type %T", err)
			}
			if e.Hint != "" && checkLicense(e.Hint) != nil {
				t.Errorf("the hint %q for %q is itself refused", e.Hint, s)
			}
			return
		}
		again, err := spdx.Parse(license.Expression)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", s, license.Expression, err)
		}
		if diff := cmp.Diff(again, license); diff != "" {
			t.Errorf("%q is not written in one way:\n%s", s, diff)
		}
	})
}
