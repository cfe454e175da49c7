// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package phrase_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"proto:\u00a0(line 1:2): unexpected token": "(line 1:2): unexpected token",
		"proto: syntax error":                      "syntax error",
		"reading\u00a0a proto: no":                 "reading a proto: no",
		"":                                         "",
	} {
		if got := phrase.Plain(errors.New(text)); got != want {
			t.Errorf("Plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		" two\r\n\tlines\u2028\u0085of\u00a0it\v": "two lines of it",
		strings.Repeat("ä", 300):                  strings.Repeat("ä", 300),
		strings.Repeat("ä", 301):                  strings.Repeat("ä", 300) + "…",
		strings.Repeat(" ", 1000) + "x":           "x",
	} {
		if got := phrase.Short(text); got != want {
			t.Errorf("Short(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	at := time.Date(2026, 3, 1, 1, 30, 0, 999, time.FixedZone("", 2*60*60))
	if got, want := phrase.Moment(at), "2026-02-28T23:30:00Z"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
