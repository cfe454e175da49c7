// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

// policyDir writes a policy, and the keys that it may name, into a directory.
func policyDir(t *testing.T, text string) (path string, keys pems) {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"keys", "roots"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	keys = newPEMs(t)
	for name, data := range keys {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(dir, "recap.policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, keys
}

func TestLoad(t *testing.T) {
	path, keys := policyDir(t, head+ci+security)
	believed, err := policy.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if believed.Source != path || len(believed.Warnings) > 0 {
		t.Errorf("got source %q, warnings %q", believed.Source, believed.Warnings)
	}
	if got := believed.Rules[0].Authorities[1].Key.PEM; string(got) != string(keys["keys/security.pub"]) {
		t.Errorf("got the key %q", got)
	}
	rule, scope, err := believed.Match("registry.example.com/team/x")
	if err != nil || rule.Name != "team" || rule.Line != 4 || scope != "registry.example.com/team/**" {
		t.Errorf("got rule %q at line %d by %q, error %v", rule.Name, rule.Line, scope, err)
	}
	_, err = believed.RuleFor("registry.example.com/other")
	if known := hinted(t, err); !errors.Is(err, policy.ErrNoRule) || !strings.Contains(err.Error(), path) || !strings.Contains(known, "recap policy init") {
		t.Errorf("got %v, hint %q", err, known)
	}
}

func hinted(t *testing.T, err error) string {
	t.Helper()
	var known *recap.Error
	if !errors.As(err, &known) {
		t.Fatalf("%v is no error for people", err)
	}
	return known.Hint
}

// TestLoadRefuses holds what the one line says that every verb prints.
func TestLoadRefuses(t *testing.T) {
	t.Run("one mistake", func(t *testing.T) {
		path, _ := policyDir(t, head+ci+"  treshold: 1\n")
		_, err := policy.Load(path)
		if want := "policy " + path + ": line 9: policies[0].treshold is not a field of a policy"; err == nil || err.Error() != want || code(err) != "bad-policy" || !errors.Is(err, recap.Usage) {
			t.Fatalf("got %v, want %s", err, want)
		}
		if got := hinted(t, err); got != "did you mean threshold?" {
			t.Errorf("the hint is %q", got)
		}
	})
	t.Run("many", func(t *testing.T) {
		path, _ := policyDir(t, head+subjects(".*")+"  a: 1\n  b: 1\n  c: 1\n  d: 1\n  e: 1\n  f: 1\n  g: 1\n")
		_, err := policy.Load(path)
		if err == nil || !strings.Contains(err.Error(), "line 8: ") || !strings.Contains(err.Error(), "line 12: policies[0].d is") || !strings.HasSuffix(err.Error(), "; and 3 more") {
			t.Fatalf("got %v", err)
		}
		if got := hinted(t, err); !strings.HasSuffix(got, "recap policy check "+filepath.ToSlash(path)) {
			t.Errorf("the hint is %q", got)
		}
	})
	t.Run("no file", func(t *testing.T) {
		_, err := policy.Load(filepath.Join(t.TempDir(), "p.yaml"))
		if !errors.Is(err, recap.NotFound) || code(err) != "no-policy-file" || !errors.Is(err, fs.ErrNotExist) || hinted(t, err) == "" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a directory", func(t *testing.T) {
		if _, err := policy.Load(t.TempDir()); !errors.Is(err, recap.Local) || !strings.Contains(hinted(t, err), "--policy") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("too large", func(t *testing.T) {
		path, _ := policyDir(t, head+ci+strings.Repeat("#\n", recap.MaxPolicySize/2))
		if _, err := policy.Load(path); !errors.Is(err, recap.Usage) || code(err) != "bad-policy" || !strings.Contains(err.Error(), "too large") || hinted(t, err) == "" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("as large as it may be", func(t *testing.T) {
		text := head + ci
		path, _ := policyDir(t, text+strings.Repeat("#", recap.MaxPolicySize-len(text)))
		if _, err := policy.Load(path); err != nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a key that is too large", func(t *testing.T) {
		path, keys := policyDir(t, head+security)
		key := filepath.Join(filepath.Dir(path), "keys", "security.pub")
		if err := os.WriteFile(key, append(keys["keys/security.pub"], make([]byte, 64<<10)...), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := policy.Load(path); err == nil || !strings.Contains(err.Error(), "line 8: ") || !strings.Contains(err.Error(), "too large") {
			t.Errorf("got %v", err)
		}
	})
}

func TestLoadWarnsOfOpenFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such bits")
	}
	path, _ := policyDir(t, head+security)
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	if believed, err := policy.Load(path); err != nil || len(believed.Warnings) > 0 {
		t.Errorf("of a file that a group may change: %+v, %v", believed, err)
	}
	key := filepath.Join(filepath.Dir(path), "keys", "security.pub")
	for _, name := range []string{path, key} {
		if err := os.Chmod(name, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	believed, err := policy.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{path, key} {
		if len(believed.Warnings) != 2 || !strings.HasPrefix(believed.Warnings[i], name+": everybody") || !strings.HasSuffix(believed.Warnings[i], "chmod go-w "+name) {
			t.Errorf("got %q, want one about %s", believed.Warnings, name)
		}
	}
	if err := os.WriteFile(path, []byte("kind: x\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	believed, problems, err := policy.Read(path)
	if believed != nil || err != nil || problems[len(problems)-1].Rule != "P013" {
		t.Errorf("of a policy that can't be loaded: %v, %v", problems, err)
	}
}
