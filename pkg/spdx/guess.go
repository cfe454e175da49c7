// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
)

// guess returns what the author of expr is likely to have meant; unknown
// is the id in it that no list has.
func guess(expr, unknown string) (string, bool) {
	if id, ok := creativeCommonsURL(expr); ok {
		return id, true
	}
	key := keyOf(expr)
	if id, ok := names[key]; ok {
		return id, true
	}
	if id, ok := known().byKey[key]; ok {
		return id, true
	}
	if unknown == "" {
		return "", false
	}
	if len(unknown) < len(expr) { // one of several: mend that one, if the rest is well
		id, ok := guess(unknown, unknown)
		if !ok {
			return "", false
		}
		mended := strings.Replace(expr, unknown, id, 1)
		if _, _, err := read(mended); err != nil {
			return "", false
		}
		return mended, true
	}
	meant, ok := words.Nearest(words.Lower(unknown), slices.Values(known().order))
	return known().licenses[meant].id, ok
}

// keyOf returns what is left of a licence's name when the words that
// people add and the signs they vary are gone: "Apache License, Version 2" and
// Apache-2.0 are both "apache 2".
func keyOf(name string) string {
	parts := strings.FieldsFunc(words.Lower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '+'
	})
	parts = slices.DeleteFunc(parts, func(w string) bool {
		switch w {
		case "the", "license", "licence", "version", "v", "international", "only":
			return true
		}
		return false
	})
	key := strings.Join(parts, " ")
	key = strings.TrimSuffix(key, ".0")
	return strings.ReplaceAll(key, " v", " ")
}

// creativeCommonsURL reads the address that Creative Commons gives its licences.
func creativeCommonsURL(s string) (string, bool) {
	_, rest, ok := strings.Cut(words.Lower(s), "creativecommons.org/")
	if !ok {
		return "", false
	}
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	if len(parts) < 3 {
		return "", false
	}
	id := "cc-" + parts[1] + "-" + parts[2]
	if parts[0] == "publicdomain" && parts[1] == "zero" {
		id = "cc0-" + parts[2]
	}
	entry, ok := known().licenses[id]
	return entry.id, ok
}

// names are what people call licences whose ids don't follow from it, by
// their keyOf. Where a name leaves open which of two licences is meant, the
// one that claims less is offered.
var names = map[string]string{
	"apache":              "Apache-2.0",
	"apache2":             "Apache-2.0",
	"asl 2":               "Apache-2.0",
	"expat":               "MIT",
	"bsd":                 "BSD-3-Clause",
	"new bsd":             "BSD-3-Clause",
	"simplified bsd":      "BSD-2-Clause",
	"gpl":                 "GPL-3.0-only",
	"gpl 2":               "GPL-2.0-only",
	"gpl 3":               "GPL-3.0-only",
	"gpl2":                "GPL-2.0-only",
	"gpl3":                "GPL-3.0-only",
	"gplv2":               "GPL-2.0-only",
	"gplv3":               "GPL-3.0-only",
	"gplv2+":              "GPL-2.0-or-later",
	"gplv3+":              "GPL-3.0-or-later",
	"lgplv2.1":            "LGPL-2.1-only",
	"lgplv3":              "LGPL-3.0-only",
	"agplv3":              "AGPL-3.0-only",
	"mpl":                 "MPL-2.0",
	"mpl2":                "MPL-2.0",
	"mozilla public 2":    "MPL-2.0",
	"creative commons":    "CC-BY-4.0",
	"cc":                  "CC-BY-4.0",
	"cc by":               "CC-BY-4.0",
	"ccby":                "CC-BY-4.0",
	"ccby4":               "CC-BY-4.0",
	"cc by sa":            "CC-BY-SA-4.0",
	"cc by nc":            "CC-BY-NC-4.0",
	"cc by nd":            "CC-BY-ND-4.0",
	"cc by nc sa":         "CC-BY-NC-SA-4.0",
	"cc by nc nd":         "CC-BY-NC-ND-4.0",
	"cc0":                 "CC0-1.0",
	"cc zero":             "CC0-1.0",
	"public domain":       "CC0-1.0",
	"publicdomain":        "CC0-1.0",
	"proprietary":         "LicenseRef-proprietary",
	"commercial":          "LicenseRef-proprietary",
	"copyright":           "LicenseRef-all-rights-reserved",
	"all rights reserved": "LicenseRef-all-rights-reserved",
	"unknown":             noAssertion,
	"unspecified":         noAssertion,
	"n a":                 noAssertion,
	"other":               noAssertion,
	"tbd":                 noAssertion,
}
