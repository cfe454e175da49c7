// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/recap-oci/recap/pkg/recap"
)

// Where recap keeps things, by the XDG Base Directory specification wherever its
// variables are set, else where the system wants them.
// https://specifications.freedesktop.org/basedir-spec/0.8/

// configDir holds what the user decides: the policy.
func (e *env) configDir() (string, error) {
	return e.userDir("XDG_CONFIG_HOME", os.UserConfigDir)
}

// cacheDir holds what can be fetched again.
func (e *env) cacheDir() (string, error) {
	return e.userDir("XDG_CACHE_HOME", os.UserCacheDir)
}

// stateDir holds what recap remembers and nobody else knows.
func (e *env) stateDir() (string, error) {
	return e.userDir("XDG_STATE_HOME", func() (string, error) {
		switch runtime.GOOS {
		case "windows": // what doesn't roam
			return os.UserCacheDir()
		case "darwin", "ios":
			return os.UserConfigDir()
		}
		home, err := os.UserHomeDir()
		return filepath.Join(home, ".local", "state"), err
	})
}

func (e *env) userDir(variable string, fallback func() (string, error)) (string, error) {
	dir := e.get(variable)
	if !filepath.IsAbs(dir) { // the specification: ignore relative ones
		var err error
		if dir, err = fallback(); err == nil && !filepath.IsAbs(dir) {
			err = errors.New("there is no home directory")
		}
		if err != nil {
			return "", recap.Errorf(recap.Local, "no-home", "finding your directories: %w", err).WithHint("set HOME, or %s to a directory", variable)
		}
	}
	return filepath.Join(dir, "recap"), nil
}
