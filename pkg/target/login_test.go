// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target/internal/credential"
)

func write(t *testing.T, name, text string, perm os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), perm); err != nil {
		t.Fatal(err)
	}
	return name
}

// exists asks the registry something, as whoever opts says.
func exists(t *testing.T, r *recaptest.Registry, opts Options) error {
	t.Helper()
	src, _ := create(t, r, opts)
	_, err := src.Exists(t.Context(), recaptest.BlobOf(nil))
	return err
}

func TestLoginAndLogout(t *testing.T) {
	for _, token := range []bool{false, true} {
		r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: token})
		file := filepath.Join(t.TempDir(), "deep", "config.json")
		var told notices
		opts := Options{CredentialFiles: []string{file}, OnNotice: told.add}
		c, _ := newTestClient(t, opts)

		recaptest.WantError(t, c.Login(t.Context(), r.Host(), "ann", "wrong"), recap.Denied, "unauthorized")
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("a wrong password was stored: %v", err)
		}
		recaptest.WantError(t, exists(t, r, opts), recap.Denied, "unauthorized")

		if err := c.Login(t.Context(), strings.ToUpper(r.Host()), "ann", "secret"); err != nil {
			t.Fatal(err)
		}
		if got := told.texts(NoticeWarning); len(got) != 1 || !strings.Contains(got[0], "in the clear") {
			t.Errorf("notices %q", got)
		}
		if runtime.GOOS != "windows" {
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("the file is open to others: %v, %v", info.Mode(), err)
			}
		}
		if err := exists(t, r, opts); err != nil {
			t.Errorf("after login: %v", err)
		}

		if err := c.Logout(t.Context(), r.Host()); err != nil {
			t.Fatal(err)
		}
		recaptest.WantError(t, exists(t, r, opts), recap.Denied, "unauthorized")
		recaptest.WantError(t, c.Logout(t.Context(), r.Host()), recap.NotFound, "not-logged-in")
	}
}

func TestLoginRefuses(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	var told notices
	file := filepath.Join(t.TempDir(), "config.json")
	c, _ := newTestClient(t, Options{CredentialFiles: []string{file}, OnNotice: told.add})
	recaptest.WantError(t, c.Login(t.Context(), "https://h.example", "ann", "secret"), recap.Usage, "bad-reference")
	recaptest.WantError(t, c.Login(t.Context(), r.Host(), "ann", ""), recap.Usage, "no-password")
	recaptest.WantError(t, c.Logout(t.Context(), "h/x"), recap.Usage, "bad-reference")
	without, _ := newTestClient(t, Options{})
	recaptest.WantError(t, without.Login(t.Context(), r.Host(), "ann", "secret"), recap.Usage, "no-credential-file")
	// Nobody asked for the password: it is stored, and that is said.
	if err := c.Login(t.Context(), r.Host(), "ann", "secret"); err != nil {
		t.Fatal(err)
	}
	if got := told.texts(NoticeWarning); len(got) != 2 || !strings.Contains(got[0], "could not be checked") {
		t.Errorf("notices %q", got)
	}
}

// What a file holds beside our entry is left as it is.
func TestLoginKeepsTheFile(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	file := write(t, filepath.Join(t.TempDir(), "config.json"), `{"auths":{"other.example":{"auth":"eDp5"}},"proxies":{"default":{"httpProxy":"p"}},"x":1}`, 0o600)
	c, _ := newTestClient(t, Options{CredentialFiles: []string{file}})
	if err := c.Login(t.Context(), r.Host(), "ann", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := c.Logout(t.Context(), r.Host()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"auths":   map[string]any{"other.example": map[string]any{"auth": "eDp5"}},
		"proxies": map[string]any{"default": map[string]any{"httpProxy": "p"}},
		"x":       1.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Docker's and podman's files are asked in their order.
func TestCredentialFiles(t *testing.T) {
	env := map[string]string{}
	getenv := func(key string) string { return env[key] }
	if diff := cmp.Diff([]string{filepath.Join("home", ".docker", "config.json")}, CredentialFiles(getenv, "home")); diff != "" {
		t.Error(diff)
	}
	env = map[string]string{"REGISTRY_AUTH_FILE": "a.json", "DOCKER_CONFIG": "d", "XDG_RUNTIME_DIR": "x"}
	if diff := cmp.Diff([]string{"a.json", filepath.Join("d", "config.json"), filepath.Join("x", "containers", "auth.json")}, CredentialFiles(getenv, "home")); diff != "" {
		t.Error(diff)
	}

	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret"})
	dir := t.TempDir()
	absent := filepath.Join(dir, "absent.json")
	right := write(t, filepath.Join(dir, "right.json"), `{"auths":{"`+r.Host()+`":{"auth":"YW5uOnNlY3JldA=="}}}`, 0o600)
	wrong := write(t, filepath.Join(dir, "wrong.json"), `{"auths":{"`+r.Host()+`":{"auth":"YW5uOndyb25n"}}}`, 0o600)
	other := write(t, filepath.Join(dir, "other.json"), `{"auths":{"other.example":{"auth":"YW5uOndyb25n"}}}`, 0o600)
	for _, tt := range []struct {
		name  string
		files []string
		ok    bool
	}{
		{"one", []string{right}, true},
		{"the second", []string{absent, right}, true},
		{"the third", []string{absent, other, right}, true},
		{"the first wins", []string{wrong, right}, false},
		{"none", []string{absent}, false},
		{"another host's", []string{other}, false},
	} {
		if err := exists(t, r, Options{CredentialFiles: tt.files}); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	// A login in a file that is only read can't be taken back.
	c, _ := newTestClient(t, Options{CredentialFiles: []string{absent, right}})
	recaptest.WantError(t, c.Logout(t.Context(), r.Host()), recap.Local, "still-logged-in")

	bad := write(t, filepath.Join(dir, "bad.json"), `{"auths":`, 0o600)
	if e := recaptest.WantError(t, exists(t, r, Options{CredentialFiles: []string{bad}}), recap.Usage, "bad-credentials"); !strings.Contains(e.Error(), "bad.json") {
		t.Errorf("%v", e)
	}
}

// Docker Hub is asked in one place and has three names.
func TestDockerHub(t *testing.T) {
	for _, host := range []string{"docker.io", "index.docker.io", "registry-1.docker.io"} {
		c, _ := newTestClient(t, Options{})
		if h := c.host(host); h.Base().String() != "https://registry-1.docker.io/" || h.Name() != host {
			t.Errorf("%s is asked at %s", host, h.Base())
		}
	}
}

// helper puts a credential helper of this name on the PATH.
func helper(t *testing.T, name, script string) (configFile string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the helper is a shell script")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docker-credential-"+name), "#!/bin/sh\n"+script, 0o700)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return write(t, filepath.Join(dir, "config.json"), `{"credsStore":"`+name+`"}`, 0o600)
}

func TestHelper(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret"})
	dir := t.TempDir()
	keep := filepath.Join(dir, "keep")
	file := helper(t, "recaptest", `
case "$1" in
get) read -r host; [ -f '`+keep+`' ] && cat '`+keep+`' || { echo "credentials not found in native keychain"; exit 1; } ;;
store) cat > '`+keep+`' ;;
erase) rm '`+keep+`' ;;
esac
`)
	var told notices
	opts := Options{CredentialFiles: []string{file}, OnNotice: told.add}
	c, _ := newTestClient(t, opts)
	recaptest.WantError(t, exists(t, r, opts), recap.Denied, "unauthorized")
	if err := c.Login(t.Context(), r.Host(), "ann", "secret"); err != nil {
		t.Fatal(err)
	}
	if got := told.texts(NoticeWarning); len(got) != 0 {
		t.Errorf("notices %q", got)
	}
	if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data), r.Host()+`":{"auth"`) {
		t.Errorf("%s, %v", data, err)
	}
	if err := exists(t, r, opts); err != nil {
		t.Error(err)
	}
	if err := c.Logout(t.Context(), r.Host()); err != nil {
		t.Fatal(err)
	}
	recaptest.WantError(t, exists(t, r, opts), recap.Denied, "unauthorized")
}

// A helper that fails is only in the way when it is needed, and is named.
func TestHelperFails(t *testing.T) {
	for _, tt := range []struct{ name, script string }{
		{"junk", `printf '\033]52;c;AAAA\007not json'`},
		{"failure", `echo "the key ring is locked"; exit 1`},
		{"silence", `exit 3`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := helper(t, "recaptest", tt.script)
			open := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			if err := exists(t, open, Options{CredentialFiles: []string{file}}); err != nil {
				t.Errorf("a registry that wants no login: %v", err)
			}
			closed := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret"})
			e := recaptest.WantError(t, exists(t, closed, Options{CredentialFiles: []string{file}}), recap.Denied, "credential-helper")
			if !strings.Contains(e.Error(), "docker-credential-recaptest") || !strings.Contains(e.Hint, "docker-credential-recaptest get") {
				t.Errorf("%v\nhint: %s", e, e.Hint)
			}
			for _, c := range e.Error() {
				if !printableRune(c) {
					t.Errorf("%U is printed", c)
				}
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		file := write(t, filepath.Join(t.TempDir(), "config.json"), `{"credsStore":"is-not-there"}`, 0o600)
		closed := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret"})
		recaptest.WantError(t, exists(t, closed, Options{CredentialFiles: []string{file}}), recap.Denied, "credential-helper")
	})
}

// A helper that hangs is left after ten seconds, its children included. The
// fake clock makes them pass once it runs.
func TestHelperHangs(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	// The sleep is a child that keeps the output open when the shell is killed.
	file := helper(t, "recaptest", `sleep 20 2>/dev/null & : > '`+started+`'; wait`)
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret"})
	src, fake := create(t, r, Options{CredentialFiles: []string{file}})
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := os.Stat(started); err == nil {
				fake.Fire(credential.HelperTimeout)
			}
			runtime.Gosched()
		}
	}()
	_, err := src.Exists(t.Context(), recaptest.BlobOf(nil))
	close(done)
	e := recaptest.WantError(t, err, recap.Denied, "credential-helper")
	if !strings.Contains(e.Error(), "took too long") {
		t.Errorf("%v", e)
	}
}
