// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package fit

import (
	"strings"

	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/words"
)

// Nearest returns the candidate that was probably meant by s, or nothing: one
// that differs in case, hyphens or underscores only, or else by at most a third
// of its letters.
func Nearest(s string, candidates []string) string {
	best, least := "", len(s)/3+1
	for _, c := range candidates {
		if plain(c) == plain(s) {
			return c
		}
		if d := words.Distance(plain(s), plain(c), least); d < least && d <= len(c)/3 {
			best, least = c, d
		}
	}
	return best
}

func plain(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// article returns a JSON type with its article.
func article(jsonType string) string {
	switch jsonType {
	case "string":
		return "text"
	case "boolean":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	case "null":
		return "nothing"
	case "integer":
		return "a whole number"
	}
	return "a " + jsonType
}

func wordsFor(jsonTypes []string) string {
	var list []string
	for _, t := range jsonTypes {
		if t != "null" {
			list = append(list, article(t))
		}
	}
	return strings.Join(list, " or ")
}

// and lists names in a sentence.
func and(names []string) string {
	if n := len(names) - 1; n > 0 {
		return strings.Join(names[:n], ", ") + " and " + names[n]
	}
	return strings.Join(names, "")
}

// describe returns what the schema says a field is for.
func describe(field shape.Shapes) string {
	text := field.Description()
	if text == "" {
		return "…"
	}
	return strings.TrimSuffix(strings.ToLower(text[:1])+text[1:], ".")
}

// dependent returns the field that forbids another, from a location such as
// …/dependentSchemas/value/properties/minValue.
func dependent(location string) string {
	_, after, _ := strings.Cut(location, "/dependentSchemas/")
	if name, _, _ := strings.Cut(after, "/"); name != "" {
		return name
	}
	return "its neighbours"
}
