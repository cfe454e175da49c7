// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// TestReadme runs every command that README shows, in its order, against a
// registry that answers to the name README gives it, and checks the policy that
// it shows.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString("env COSIGN_PASSWORD=secret\n")
	shown, console := 0, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			console = line == "```console"
			continue
		}
		command, ok := strings.CutPrefix(line, "$ recap ")
		if !console || !ok {
			continue
		}
		script.WriteString("exec recap " + strings.ReplaceAll(command, "registry.example.com", "$REG") + "\n")
		shown++
	}
	if shown < 10 {
		t.Fatalf("README shows %d commands; the test no longer finds them", shown)
	}
	_, policy, _ := strings.Cut(string(text), "```yaml\napiVersion: recap/v1\nkind: TrustPolicy\n")
	policy, _, ok := strings.Cut(policy, "```")
	if !ok {
		t.Fatal("README shows no policy; the test no longer finds it")
	}
	script.WriteString("cp recap.pub security.pub\n" +
		"exec recap policy check shown.yaml --ref registry.example.com/team/recaps:v1\nstdout 'rule team of shown.yaml applies'\n" +
		"-- shown.yaml --\napiVersion: recap/v1\nkind: TrustPolicy\n" + policy)
	file := filepath.Join(t.TempDir(), "readme.txtar")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files:               []string{file},
		Setup:               func(env *testscript.Env) error { return setup(env, recaptest.RegistryOptions{}) },
		Cmds:                commands(),
		RequireExplicitExec: true,
	})
}
