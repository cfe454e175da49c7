// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
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
