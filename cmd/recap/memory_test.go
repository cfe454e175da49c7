// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// memoryBudget is what any number of large files may cost.
const memoryBudget = 64 << 20

// TestMemory pushes and pulls a file of 1 GiB and asks the system how much
// memory each took at most. It needs room for three gigabytes, so
// only make e2e runs it.
func TestMemory(t *testing.T) {
	needPeers(t)
	dir := t.TempDir()
	self, err := os.Executable() // the command under its other name
	if err != nil {
		t.Fatal(err)
	}
	registry := recaptest.NewRegistry(t, recaptest.RegistryOptions{Dir: filepath.Join(dir, "registry")})
	recapDir := filepath.Join(dir, "trip")
	if err := os.Mkdir(recapDir, 0o755); err != nil {
		t.Fatal(err)
	}
	document := "---\ntitle: A trip\nrecap:\n  event: FOSDEM 2024\n---\nAll of [it](film.bin).\n"
	if err := os.WriteFile(filepath.Join(recapDir, "index.md"), []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	film, err := os.Create(filepath.Join(recapDir, "film.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if err := film.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	if err := film.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"push", recapDir, registry.Host() + "/team/trip:v1"},
		{"pull", registry.Host() + "/team/trip:v1", "--unverified", "-o", filepath.Join(dir, "out")},
		{"build", recapDir, "-o", filepath.Join(dir, "layout") + ":v1"},
		{"pull", "oci-layout://" + filepath.Join(dir, "layout") + ":v1", "--unverified", "-o", filepath.Join(dir, "out2")},
	} {
		cmd := exec.Command(self, args...)
		cmd.Args[0] = "recap-measured"
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"), "HOME="+dir, peakVariable+"="+filepath.Join(dir, "peak"))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("recap %v: %v\n%s", args, err, &stderr)
		}
		peak := peakOf(t, filepath.Join(dir, "peak"))
		if peak == 0 {
			t.Skip("this system doesn't say how much memory a process took")
		}
		t.Logf("recap %s: at most %s", args[0], size(peak))
		if peak > memoryBudget {
			t.Errorf("recap %s took %s of memory, more than %s", args[0], size(peak), size(memoryBudget))
		}
	}
}
