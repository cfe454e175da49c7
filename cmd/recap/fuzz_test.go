// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The scripts that run and build the fuzz targets find every one of them by
// themselves, so that none is forgotten.
func TestFuzzScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are a shell's")
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)
	var want, binaries []string
	for _, dir := range []string{"cmd", "pkg", "schemas"} {
		err := filepath.WalkDir(filepath.Join(top, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() && entry.Name() == "testdata" {
				return errOrSkip(err)
			}
			if !strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			pkg, err := filepath.Rel(top, filepath.Dir(path))
			for _, m := range target.FindAllSubmatch(text, -1) {
				name := string(m[1])
				want = append(want, pkg+" "+name)
				binaries = append(binaries, "github.com/recap-oci/recap/"+pkg+" "+name+" "+strings.ToLower(strings.ReplaceAll(pkg+"_"+name, "/", "_")))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	slices.Sort(binaries)

	run := func(dir string, env []string, script string, args ...string) []string {
		t.Helper()
		cmd := exec.Command("sh", append([]string{filepath.Join(dir, "testdata", "fuzz", script)}, args...)...)
		cmd.Env = append(os.Environ(), env...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, stderr.String())
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	if diff := cmp.Diff(want, run(top, nil, "targets.sh")); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if got := run(top, nil, "targets.sh", "pkg/recap:FuzzDate", "pkg/internal/safepath"); !slices.Equal(got, []string{"pkg/recap FuzzDate", "pkg/internal/safepath FuzzCheck"}) {
		t.Errorf("asked for two, got %q", got)
	}
	if out, err := exec.Command("sh", filepath.Join(top, "testdata", "fuzz", "targets.sh"), "pkg/recap:FuzzNothing").Output(); err == nil {
		t.Errorf("a target that isn't there is %q", out)
	}

	// OSS-Fuzz's build on a copy, with programs of ours in place of its image's.
	there := t.TempDir()
	copyTree(t, filepath.Join(top, "testdata", "fuzz"), filepath.Join(there, "testdata", "fuzz"))
	for _, w := range want {
		pkg, name, _ := strings.Cut(w, " ")
		file := filepath.Join(there, pkg, strings.ToLower(name)+"_test.go")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("package x\n\nfunc "+name+"(f *testing.F) {}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bin := t.TempDir()
	for name, script := range map[string]string{
		"go":                          "#!/bin/sh\ncase \"$*\" in 'list -m') echo github.com/recap-oci/recap ;; 'mod tidy') test -s pkg/recap/ossfuzz.go ;; *) exit 1 ;; esac\n",
		"compile_native_go_fuzzer_v2": "#!/bin/sh\ntest $# = 3 && echo \"$@\"\n",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	got := run(there, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}, "ossfuzz.sh")
	slices.Sort(got)
	if diff := cmp.Diff(binaries, got); diff != "" {
		t.Errorf("built (-want +got):\n%s", diff)
	}
}

func errOrSkip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}
