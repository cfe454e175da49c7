// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/target"
)

// TestSecurityNamesItsTests holds that each line of SECURITY.md that says what
// somebody can't do names tests, and that there are such tests.
func TestSecurityNamesItsTests(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)(?:/([a-z_]+))?`")
	tests := map[string][]string{} // by package
	rows, references := 0, 0
	for number, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if isRow := len(cells) == 4 && !strings.HasPrefix(line, "|---") && !strings.HasPrefix(line, "| They can't"); isRow {
			rows++
			if rest := strings.TrimSpace(named.ReplaceAllString(cells[2], "")); rest != "" || !named.MatchString(cells[2]) {
				t.Errorf("line %d names no test for %q, but %q", number+1, strings.TrimSpace(cells[1]), rest)
			}
		}
		for _, found := range named.FindAllStringSubmatch(line, -1) {
			references++
			folder, test, script := found[1], found[2], found[3]
			if tests[folder] == nil {
				tests[folder] = testsOf(t, folder)
			}
			if !slices.Contains(tests[folder], test) {
				t.Errorf("line %d: %s has no %s", number+1, folder, test)
			}
			if script == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join("testdata", "script", script+".txtar")); err != nil || folder != "cmd/recap" || test != "TestScripts" {
				t.Errorf("line %d: there is no script %s: %v", number+1, script, err)
			}
		}
	}
	if rows < 40 || references < 2*rows {
		t.Errorf("%d lines with %d tests: is this still how SECURITY.md is written?", rows, references)
	}
}

// testsOf lists the tests of a package.
func testsOf(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("%s has no tests (%v)", folder, err)
	}
	names := []string{""}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9]+)\(\w+ \*testing\.[TF]\)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range declared.FindAllSubmatch(text, -1) {
			names = append(names, string(found[1]))
		}
	}
	return names
}

// Whom to believe is decided by flags and files. Of the environment a verb that
// verifies reads where those files are, and nothing else; what other tools let
// somebody change the root of trust with changes nothing.
func TestVerifyAsksForNoOtherVariable(t *testing.T) {
	s := newSandbox(t, "")
	key := filepath.Join(s.dir, "k")
	ref := "oci-layout://" + filepath.Join(s.dir, "reg") + ":v1"
	if code, stderr := s.runIn(s.dir, "push", filepath.Join(s.dir, "v1"), ref, "--sign", "--key", key+".key"); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	strangers, err := filepath.Abs(filepath.Join("testdata", "signed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"SIGSTORE_ROOT_FILE", "SIGSTORE_TRUSTED_ROOT", "SIGSTORE_TUF_ROOT", "TUF_ROOT", "TUF_MIRROR", "TUF_URL", "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
		"SIGSTORE_REKOR_PUBLIC_KEY", "SIGSTORE_NO_CACHE", "COSIGN_EXPERIMENTAL", "COSIGN_REPOSITORY", "RECAP_TRUSTED_ROOT", "RECAP_KEY", "RECAP_UNVERIFIED",
	} {
		t.Setenv(name, strangers)
	}
	known := []string{
		"RECAP_POLICY", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "AppData", "LocalAppData", "USERPROFILE",
		"DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "NO_COLOR", "TERM", "COLUMNS",
	}
	for _, tt := range []struct {
		args []string
		code int
	}{
		{[]string{"verify", ref, "--key", key + ".pub"}, 0},
		{[]string{"verify", ref}, 7},
		{[]string{"pull", ref, "-o", filepath.Join(s.dir, "out")}, 7},
		{[]string{"show", ref}, 7},
		{[]string{"verify", ref, "--certificate-identity", "dana@example.com", "--certificate-oidc-issuer", "https://issuer.example.com", "--offline"}, 7},
	} {
		var mu sync.Mutex
		var asked []string
		var stderr bytes.Buffer
		e := &env{
			stdin: bytes.NewReader(nil), stdout: &answer{w: io.Discard}, stderr: &stderr, bars: io.Discard,
			now: time.Now, budget: &target.Budget{},
			lookup: func(name string) (string, bool) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, name)
				if strings.HasPrefix(name, "XDG_") {
					return s.dir, true
				}
				return "", false
			},
		}
		code := e.main(t.Context(), tt.args)
		if code != tt.code {
			t.Errorf("recap %v: exit %d, want %d: %s", tt.args, code, tt.code, &stderr)
		}
		for _, name := range asked {
			if !slices.Contains(known, name) {
				t.Errorf("recap %v asks for %s", tt.args, name)
			}
		}
		if len(asked) == 0 {
			t.Error("it asks for nothing: this test shows nothing")
		}
	}
}
