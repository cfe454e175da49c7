// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/rule"
)

func itoa(n int) string { return strconv.Itoa(n) }

// form is the schema of a front matter with the words to speak about it.
func form() fit.Form {
	return fit.Form{
		Schema:   recapSchema(),
		Name:     "recap",
		Thing:    "a recap",
		Whole:    "the front matter",
		Omit:     factsKey,
		Patterns: forms,
		Unknown:  "remove it, or begin it with x- to keep it",
		TooMany:  "split the recap, or drop some",
	}
}

// validate checks the front matter against its schema, reports what doesn't
// fit, and cuts that out, so that the rest can be understood.
func (l *loader) validate() {
	for m := range form().Check(l.front) {
		l.broken = true
		if l.full() {
			return // what is left is of no use
		}
		l.report(ruleOfMisfit(m), m.Pos, m.Mend, "%s", m.Message)
		l.cuts = append(l.cuts, m.Cut...)
	}
	if l.broken {
		l.cut(l.cuts)
	}
}

// ruleOfMisfit returns the rule that a misfit breaks.
func ruleOfMisfit(m fit.Misfit) string {
	if m.Unknown {
		return rule.Unknown
	}
	scheme, _, ok := strings.Cut(m.Text, ":")
	if m.Pattern == "uri" && ok && !strings.ContainsAny(scheme, "/.") {
		return rule.Scheme
	}
	return rule.Value
}

// forms says what a pattern of the schema wants, by the definition or property
// that it belongs to.
var forms = map[string]string{
	"slug":        "lower-case letters, digits and single hyphens, such as kubecon-eu-2024",
	"date":        "as much as is known: 2024, 2024-03, 2024-03-27 or 2024-03-27T10:00:00Z",
	"uri":         "a whole address, such as https://example.com/page",
	"path":        "a path relative to index.md, with /",
	"lines":       `line numbers, such as 8, "8-10" or "12,21"`,
	"country":     "two capital letters (ISO 3166-1), such as FR",
	"currency":    "three capital letters (ISO 4217), such as USD",
	"language":    "a language tag (BCP 47), such as en or de-CH",
	"digest":      "sha256: and 64 hexadecimal digits",
	"duration":    "an ISO 8601 duration, such as PT36M12S",
	"readingTime": "an ISO 8601 duration, such as PT5M",
	"inferred":    "a JSON Pointer, such as /recap/source/author",
	"unavailable": "a JSON Pointer, such as /date",
}
