// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUserDirectories(t *testing.T) {
	absolute := t.TempDir()
	for name, c := range map[string]struct {
		variable string
		dir      func(*env) (string, error)
	}{
		"configuration": {"XDG_CONFIG_HOME", (*env).configDir},
		"cache":         {"XDG_CACHE_HOME", (*env).cacheDir},
		"state":         {"XDG_STATE_HOME", (*env).stateDir},
	} {
		t.Run(name, func(t *testing.T) {
			dir := func(value string) string {
				e := &env{lookup: func(variable string) (string, bool) { return value, variable == c.variable && value != "" }}
				got, err := c.dir(e)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			if got, want := dir(absolute), filepath.Join(absolute, "recap"); got != want {
				t.Errorf("%s=%s: %s, want %s", c.variable, absolute, got, want)
			}
			// The specification wants relative ones ignored: they would name
			// whatever lies in the working directory.
			got := dir("relative")
			if got != dir("") || !filepath.IsAbs(got) || strings.Contains(got, "relative") {
				t.Errorf("%s=relative: %s, want %s", c.variable, got, dir(""))
			}
		})
	}
}

// What is written is made next to where it will be, never in a directory for
// temporary files, which may be on another disk, full or not there at all.
func TestNoTemporaryDirectoryIsNeeded(t *testing.T) {
	s := newSandbox(t, "")
	key, reg := filepath.Join(s.dir, "k"), filepath.Join(s.dir, "reg")
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, filepath.Join(s.dir, "nosuch"))
	}
	for _, args := range [][]string{
		{"push", filepath.Join(s.dir, "v1"), "oci-layout://" + reg + ":v1", "--sign", "--key", key + ".key"},
		{"copy", "oci-layout://" + reg + ":v1", "oci-layout://" + reg + ".tar:v1"},
		{"policy", "init", "oci-layout://" + reg + ":v1", "--key", key + ".pub", "--policy", filepath.Join(s.dir, "policy.yaml")},
		{"verify", "oci-layout://" + reg + ".tar:v1", "--key", key + ".pub", "--as", "registry.example.com/team/trip", "--lock", filepath.Join(s.dir, "recap.lock")},
		{"pull", "oci-layout://" + reg + ".tar:v1", "--key", key + ".pub", "-o", filepath.Join(s.dir, "out")},
	} {
		if code, stderr := s.runIn(s.dir, args...); code != 0 {
			t.Errorf("recap %s: exit %d: %s", args[0], code, stderr)
		}
	}
	if _, err := os.Lstat(filepath.Join(s.dir, "nosuch")); err == nil {
		t.Error("something made it")
	}
}
