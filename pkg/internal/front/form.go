// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package front

import (
	"strings"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/rule"
)

// form is the schema of a front matter with the words to speak about it.
func form() fit.Form {
	return fit.Form{
		Schema:   recapSchema(),
		Name:     "recap",
		Thing:    "a recap",
		Whole:    "the front matter",
		Omit:     Key,
		Patterns: forms,
		Unknown:  "remove it, or begin it with x- to keep it",
		TooMany:  "split the recap, or drop some",
	}
}

// Fit gives every value of a front matter the type that its schema wants, calls
// misfit for what doesn't fit, and cuts that out, so that the rest can be
// understood. It returns pointers to what it cut. Once misfit returns false the
// rest isn't looked at, and nothing is cut.
func Fit(front *tree.Node, misfit func(fit.Misfit) (more bool)) (cuts []string) {
	for m := range form().Check(front) {
		if !misfit(m) {
			return cuts
		}
		cuts = append(cuts, m.Cut...)
	}
	if len(cuts) > 0 {
		cut(front, cuts)
	}
	return cuts
}

// RuleOf returns the code of the rule that a misfit breaks.
func RuleOf(m fit.Misfit) string {
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
