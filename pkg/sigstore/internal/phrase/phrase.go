// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package phrase words what libraries and services say for our own errors.
package phrase

import (
	"strings"
	"time"
)

// Plain returns the text of an error of the protobuf library without the
// non-breaking spaces that it puts in at random.
func Plain(err error) string {
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")
}

// Short returns a text from outside as one line that is not too long.
func Short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return text
}

// Moment spells a time for reasons and reports.
func Moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
