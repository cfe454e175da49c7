// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pkg_test holds the import direction of the rooms: data flows one way,
// and what is heavy or dangerous stays where it belongs.
package pkg_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/recap-oci/recap/"

// rooms lists what each room may import of ours. pkg/internal is open to all
// rooms of pkg; a room that is not here may not exist.
var rooms = map[string][]string{
	"schemas":                    {},
	"pkg/recap":                  {},
	"pkg/document":               {},
	"pkg/spdx":                   {"pkg/recap"},
	"pkg/rule":                   {"pkg/recap", "pkg/spdx"},
	"pkg/report":                 {"pkg/recap", "pkg/rule"},
	"pkg/source":                 {"pkg/recap", "pkg/rule", "pkg/document", "pkg/source/internal/copied", "pkg/source/internal/magic"},
	"pkg/source/internal/copied": {},
	"pkg/source/internal/magic":  {},
	"pkg/draft":                  {"pkg/recap", "pkg/rule", "pkg/document", "schemas"},
	"pkg/artifact":               {"pkg/recap"},
	"pkg/catalog":                {"pkg/recap", "pkg/document", "pkg/artifact", "pkg/catalog/internal/shard"},
	"pkg/catalog/internal/shard": {"pkg/recap"},
	"pkg/pack":                   {"pkg/recap", "pkg/spdx", "pkg/rule", "pkg/source", "pkg/draft", "pkg/artifact", "pkg/catalog", "schemas", "pkg/pack/lock", "pkg/pack/internal/near"},
	"pkg/pack/lock":              {"pkg/recap"},
	"pkg/pack/internal/near":     {"pkg/recap", "pkg/rule"},
	"pkg/layout":                 {"pkg/recap", "pkg/layout/internal/archive", "pkg/layout/internal/blob", "pkg/layout/internal/index"},
	"pkg/target":                 {"pkg/recap", "pkg/layout", "pkg/target/internal/printable", "pkg/target/internal/credential", "pkg/target/internal/host", "pkg/target/internal/repository"},
	"pkg/policy":                 {"pkg/recap", "pkg/policy/internal/expression", "schemas"},
	"pkg/ratchet":                {"pkg/recap", "pkg/artifact"},
	"pkg/trust":                  {"pkg/recap", "pkg/artifact", "pkg/policy", "pkg/ratchet"},
	"pkg/trust/material":         {"pkg/recap", "pkg/artifact"},
	"pkg/sigstore":               {"pkg/recap", "pkg/policy", "pkg/trust", "pkg/sigstore/oidc", "pkg/sigstore/trustroot", "pkg/sigstore/internal/service", "pkg/sigstore/internal/instance", "pkg/sigstore/internal/keypair", "pkg/sigstore/internal/bundle", "pkg/sigstore/internal/evidence"},
	"pkg/attest":                 {"pkg/recap", "pkg/spdx", "pkg/trust"},
	"pkg/folder":                 {"pkg/recap", "pkg/artifact", "pkg/trust"},
	"pkg/transfer":               {"pkg/recap", "pkg/artifact", "pkg/trust", "pkg/folder"},
	"pkg/reader":                 {"pkg/recap", "pkg/document", "pkg/artifact", "pkg/catalog", "pkg/trust"},
	"pkg/diff":                   {"pkg/recap", "pkg/document", "pkg/artifact", "pkg/reader", "pkg/trust", "pkg/diff/internal/align"},
	"pkg/diff/internal/align":    {},

	"pkg/recaptest":         nil, // anything but cmd; imported by tests only, as are the rooms within
	"pkg/recaptest/trip":    nil,
	"pkg/recaptest/hostile": nil,

	"pkg/sigstore/internal/sigstoretest": nil,

	"pkg/target/internal/printable":  {"pkg/recap"},
	"pkg/target/internal/credential": {"pkg/recap", "pkg/target/internal/printable"},
	"pkg/target/internal/transport":  {"pkg/recap", "pkg/target/internal/printable"},
	"pkg/target/internal/host":       {"pkg/recap", "pkg/target/internal/printable", "pkg/target/internal/credential", "pkg/target/internal/transport"},
	"pkg/target/internal/repository": {"pkg/recap", "pkg/target/internal/printable", "pkg/target/internal/transport", "pkg/target/internal/host"},

	"pkg/layout/internal/archive": {"pkg/recap", "pkg/layout/internal/blob"},
	"pkg/layout/internal/blob":    {"pkg/recap"},
	"pkg/layout/internal/index":   {"pkg/recap", "pkg/layout/internal/blob"},

	"pkg/sigstore/oidc":              {"pkg/recap", "pkg/sigstore/internal/service", "pkg/sigstore/internal/phrase"},
	"pkg/sigstore/trustroot":         {"pkg/recap", "pkg/sigstore/internal/phrase"},
	"pkg/sigstore/internal/service":  {"pkg/recap", "pkg/sigstore/internal/phrase"},
	"pkg/sigstore/internal/instance": {"pkg/recap", "pkg/policy", "pkg/sigstore/oidc", "pkg/sigstore/trustroot", "pkg/sigstore/internal/service", "pkg/sigstore/internal/bundle", "pkg/sigstore/internal/der", "pkg/sigstore/internal/phrase"},
	"pkg/sigstore/internal/keypair":  {"pkg/recap", "pkg/sigstore/internal/phrase"},
	"pkg/sigstore/internal/bundle":   {"pkg/recap", "pkg/trust", "pkg/sigstore/internal/phrase"},
	"pkg/sigstore/internal/evidence": {"pkg/recap", "pkg/policy", "pkg/trust", "pkg/sigstore/internal/keypair", "pkg/sigstore/internal/bundle", "pkg/sigstore/internal/der", "pkg/sigstore/internal/phrase"},
	"pkg/sigstore/internal/der":      {},
	"pkg/sigstore/internal/phrase":   {},

	"pkg/policy/internal/expression": {},

	"pkg/internal/canonical": {},
	"pkg/internal/clock":     {},
	"pkg/internal/durable":   {"pkg/recap"},
	"pkg/internal/fit":       {},
	"pkg/internal/front":     {"pkg/recap", "pkg/rule", "pkg/document", "schemas"},
	"pkg/internal/input":     {"pkg/recap"},
	"pkg/internal/safepath":  {"pkg/recap"},
	"pkg/internal/scope":     {"pkg/recap"},
	"pkg/internal/shape":     {},
	"pkg/internal/tasks":     {},
	"pkg/internal/tree":      {},
	"pkg/internal/words":     {},
}

// owners lists the modules and packages that only some rooms may import.
var owners = map[string][]string{
	"github.com/spf13/cobra":        {"cmd/recap"},
	"github.com/sigstore/":          {"pkg/sigstore", "pkg/sigstore/trustroot", "pkg/sigstore/internal/instance", "pkg/sigstore/internal/keypair", "pkg/sigstore/internal/bundle", "pkg/sigstore/internal/evidence"},
	"net/http":                      {"pkg/target", "pkg/target/internal/transport", "pkg/target/internal/host", "pkg/target/internal/repository", "pkg/sigstore", "pkg/sigstore/oidc", "pkg/sigstore/trustroot", "pkg/sigstore/internal/service", "pkg/sigstore/internal/instance", "pkg/sigstore/internal/sigstoretest", "pkg/recaptest", "pkg/recaptest/hostile"},
	"github.com/klauspost/compress": {"pkg/catalog/internal/shard"},
	"github.com/santhosh-tekuri/":   {}, // tests only: it costs every start of the command 5 ms

	"oras.land/oras-go/v2/registry/remote":             {}, // the requests are our own; see pkg/target
	"oras.land/oras-go/v2/registry/remote/auth":        {"pkg/target/internal/transport", "pkg/target/internal/host", "pkg/target/internal/credential"},
	"oras.land/oras-go/v2/registry/remote/credentials": {"pkg/target/internal/credential"},
	"oras.land/oras-go/v2/registry/remote/errcode":     {"pkg/target/internal/host", "pkg/transfer"},
	"oras.land/oras-go/v2/registry":                    {"pkg/target", "pkg/layout", "pkg/transfer", "pkg/trust"},
}

// list runs go list over the product's own packages.
func list(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestDirectImports(t *testing.T) {
	for _, line := range list(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...") {
		fields := strings.Fields(line)
		room := strings.TrimPrefix(fields[0], module)
		if room == "cmd/recap" || room == "examples" || strings.HasPrefix(room, "examples/") {
			continue
		}
		allowed, known := rooms[room]
		if !known {
			if room != "pkg" {
				t.Errorf("%s is not a room of this house: add it to the table, and to the plan, or move its code", room)
			}
			continue
		}
		for _, imported := range fields[1:] {
			own, ours := strings.CutPrefix(imported, module)
			if !ours || strings.HasPrefix(own, "pkg/internal/") {
				continue
			}
			if isTests(room) && !strings.HasPrefix(own, "cmd/") {
				continue
			}
			if !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s; it may import %v", room, own, allowed)
			}
		}
	}
}

func TestOwnedImports(t *testing.T) {
	for _, line := range list(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...") {
		fields := strings.Fields(line)
		room := strings.TrimPrefix(fields[0], module)
		for _, imported := range fields[1:] {
			owner := "" // the longest that fits decides
			for owned := range owners {
				if strings.HasPrefix(imported, owned) && len(owned) > len(owner) {
					owner = owned
				}
			}
			if by := owners[owner]; owner != "" && !slices.Contains(by, room) {
				t.Errorf("%s imports %s, which only %v may", room, imported, by)
			}
		}
	}
}

// TestSigstoreStaysInItsRoom looks at everything that a room links in: only the
// command, through pkg/sigstore, may carry Sigstore's modules.
func TestSigstoreStaysInItsRoom(t *testing.T) {
	for _, line := range list(t, "-f", "{{.ImportPath}} {{join .Deps \" \"}}", "./pkg/...", "./schemas/...") {
		fields := strings.Fields(line)
		room := strings.TrimPrefix(fields[0], module)
		if slices.Contains(owners["github.com/sigstore/"], room) || isTests(room) {
			continue
		}
		for _, dep := range fields[1:] {
			if strings.HasPrefix(dep, "github.com/sigstore/") {
				t.Errorf("%s reaches %s", room, dep)
				break
			}
		}
	}
}

// TestTestRegistryIsForTests keeps the test registry out of the product.
func TestTestRegistryIsForTests(t *testing.T) {
	for _, line := range list(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...") {
		fields := strings.Fields(line)
		if isTests(strings.TrimPrefix(fields[0], module)) {
			continue
		}
		for _, imported := range fields[1:] {
			if isTests(strings.TrimPrefix(imported, module)) {
				t.Errorf("%s imports %s outside its tests", fields[0], imported)
			}
		}
	}
}

// isTests reports whether a room is for tests: recaptest, one within it, or what
// the rooms of pkg/sigstore have of their own.
func isTests(room string) bool {
	return room == "pkg/recaptest" || strings.HasPrefix(room, "pkg/recaptest/") || room == "pkg/sigstore/internal/sigstoretest"
}
