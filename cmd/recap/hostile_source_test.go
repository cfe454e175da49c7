// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/recap-oci/recap/pkg/recaptest/hostile"
)

// sourceEntries are the ways of a directory into the command.
var sourceEntries = []entry{
	{"check", "check PATH", nil, true},
	{"check", "check PATH --format sarif", nil, false},
	{"show", "show PATH", nil, true},
	{"diff", "diff PATH GOOD --unverified --exit-zero", nil, false},
	{"push", "push PATH REF", nil, true},
	{"build", "build PATH -o COPY", []string{"copy"}, true},
	{"fmt", "fmt PATH", []string{"it"}, true},
}

// TestHostileSources brings every directory that is no recap, or means harm, to
// every verb that reads one.
func TestHostileSources(t *testing.T) {
	for i, row := range hostile.Sources() {
		meetAll(t, i, row.Input, func(t *testing.T) {
			y := newYard(t)
			y.bin = row.Heavy
			if err := os.Mkdir(y.path("it"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := row.Make(y.path("it")); errors.Is(err, errors.ErrUnsupported) {
				return // nobody can bring it here
			} else if err != nil {
				t.Fatal(err)
			}
			registry := &hostile.Registry{Graph: hostile.Good(nil)}
			server := httptest.NewServer(registry)
			defer server.Close()
			if err := registry.Graph.WriteLayout(y.path("good")); err != nil {
				t.Fatal(err)
			}
			names := map[string]string{
				"PATH": y.path("it"), "REF": server.Listener.Addr().String() + "/team/it:v1",
				"GOOD": "oci-layout://" + y.path("good") + ":v1", "COPY": "oci-layout://" + y.path("copy") + ":v1",
			}
			for _, in := range sourceEntries {
				if row.Heavy && !in.heavy {
					continue
				}
				sent := len(registry.Writes())
				exit := y.meet(row.Input, "source", in, names)
				if wrote := registry.Writes()[sent:]; exit > 0 && len(wrote) > 0 {
					t.Errorf("%s, %s: was refused, and the registry was sent %q", row.Name, in.name, wrote)
				}
			}
		})
	}
}

// TestHostileDocuments shows documents that would run something, hide something, or
// take a parser forever: out of an artifact and out of a directory.
func TestHostileDocuments(t *testing.T) {
	for i, row := range hostile.Markdown() {
		meetAll(t, i, row.Input, func(t *testing.T) {
			y := newYard(t)
			y.bin = row.Heavy
			if err := row.Bundle().WriteLayout(y.path("it")); err != nil {
				t.Fatal(err)
			}
			y.write("made/index.md", []byte(row.Text))
			names := map[string]string{"REF": "oci-layout://" + y.path("it") + ":v1", "PATH": y.path("made")}
			for _, in := range []entry{
				{"show", "show REF --unverified", nil, true},
				{"read", "show PATH", nil, true},
				{"check", "check PATH", nil, true},
			} {
				y.meet(row.Input, "document", in, names)
			}
		})
	}
}
