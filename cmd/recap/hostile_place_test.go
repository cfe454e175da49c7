// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recaptest/hostile"
)

// TestHostilePlaces brings layouts and archives that were tampered with to every
// verb that opens one.
func TestHostilePlaces(t *testing.T) {
	for i, row := range slices.Concat(hostile.Layouts(), hostile.Archives()) {
		meetAll(t, i, row.Input, func(t *testing.T) {
			y := newYard(t)
			y.bin = row.Heavy
			if err := hostile.Good(nil).WriteLayout(y.path("good")); err != nil {
				t.Fatal(err)
			}
			place := "it"
			if strings.HasPrefix(row.Name, "archive") {
				place = "it.tar"
			}
			names := y.names("oci-layout://" + y.path(place))
			lay := func() bool {
				if err := errors.Join(os.RemoveAll(y.path(place)), os.RemoveAll(y.path("out")), os.RemoveAll(y.path("copy"))); err != nil {
					t.Fatal(err)
				}
				err := row.Make(y.path(place))
				if err != nil && !errors.Is(err, errors.ErrUnsupported) {
					t.Fatal(err)
				}
				return err == nil
			}
			for _, in := range artifactEntries {
				if row.Heavy && !in.heavy {
					continue
				}
				if len(in.writes) > 0 || in.name == artifactEntries[0].name {
					if !lay() {
						return // nobody can bring it here
					}
				}
				y.meet(row.Input, "place", in, names)
			}
		})
	}
}

// TestHostileReferences types what is no reference where one is wanted: that is
// said before anybody is asked for anything.
func TestHostileReferences(t *testing.T) {
	y := newYard(t)
	if err := hostile.Good(nil).WriteLayout(y.path("good")); err != nil {
		t.Fatal(err)
	}
	names := y.names("oci-layout://" + y.path("good"))
	for _, reference := range hostile.References() {
		names["BAD"] = reference
		row := hostile.Input{Name: fmt.Sprintf("reference %.200q", reference), Want: "2 bad-reference"}
		if isSource(reference) { // show and diff read directories too
			row.But = map[string]string{"show": "3 no-source", "diff": "3 no-source"}
		}
		for _, verb := range []string{"inspect", "list", "show", "diff GOOD --unverified", "verify", "pull --unverified -o OUT", "copy GOOD", "sign --key KEY", "delete --force", "push SOURCE", "policy init"} {
			name, _, _ := strings.Cut(verb, " ")
			y.meet(row, "reference", entry{name: name, line: verb + " -- BAD"}, names)
		}
		for _, line := range []string{"copy -- BAD COPY", "tag -- BAD again", "diff --unverified -- BAD GOOD"} {
			name, _, _ := strings.Cut(line, " ")
			y.meet(row, "reference", entry{name: name, line: line}, names)
		}
	}
}

// TestHostilePolicies lets policies decide that mustn't.
func TestHostilePolicies(t *testing.T) {
	for i, row := range hostile.Policies() {
		meetAll(t, i, row.Input, func(t *testing.T) {
			y := newYard(t)
			y.bin = row.Heavy
			if err := hostile.Good(nil).WriteLayout(y.path("good")); err != nil {
				t.Fatal(err)
			}
			names := y.names("oci-layout://" + y.path("good"))
			if code, _, stderr := y.run("sign", names["REF"], "--key", names["KEY"]); code != 0 {
				t.Fatal(stderr)
			}
			y.write("policy.yaml", []byte(row.Text))
			names["POLICY"] = y.path("policy.yaml")
			for _, in := range []entry{
				{"verify", "verify REF --policy POLICY", nil, true},
				{"pull", "pull REF --policy POLICY -o OUT", nil, true},
				{"show", "show REF --policy POLICY", nil, true},
				{"check", "policy check POLICY", nil, true},
				{"init", "policy init REF --key PUB --policy POLICY --yes", nil, true},
			} {
				y.meet(row.Input, "policy", in, names)
			}
		})
	}
}
