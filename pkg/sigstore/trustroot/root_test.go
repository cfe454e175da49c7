// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trustroot_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
)

const servicesJSON = `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}`

// epoch is when everything happens.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// trustedRoot returns the trusted root of a small instance, changed by edits.
func trustedRoot(t testing.TB, edits ...func(root map[string]any)) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.FromSlash("testdata/trusted_root.json"))
	sigstoretest.Check(t, err)
	var r map[string]any
	sigstoretest.Check(t, json.Unmarshal(raw, &r))
	for _, edit := range edits {
		edit(r)
	}
	raw, err = json.Marshal(r)
	sigstoretest.Check(t, err)
	return raw
}

// another makes a trusted root another one.
func another(r map[string]any) {
	r["ctlogs"].([]any)[0].(map[string]any)["baseUrl"] = "https://ct2.test"
}

func TestRootFromFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, raw []byte) string {
		path := filepath.Join(dir, name)
		sigstoretest.Check(t, os.WriteFile(path, raw, 0o600))
		return path
	}
	raw := trustedRoot(t)
	path := write("good.json", raw)
	r := trustroot.New(trustroot.Options{Path: path, Offline: true, Transport: sigstoretest.Refuse{T: t}})
	got, err := r.JSON(t.Context())
	if err != nil || string(got) != string(raw) {
		t.Errorf("got %s, %v, want the file", got, err)
	}
	got[0] = '!'
	if again, err := r.JSON(t.Context()); err != nil || string(again) != string(raw) {
		t.Errorf("a caller changed the root: %s, %v", again, err)
	}
	report, err := r.Describe(t.Context())
	sigstoretest.Check(t, err)
	if len(report.CertificateAuthorities) != 1 || len(report.TransparencyLogs) != 2 || len(report.CertificateLogs) != 1 || len(report.TimestampAuthorities) != 1 {
		t.Fatalf("got report %+v, want everybody", report)
	}
	year := epoch.AddDate(-1, 0, 0)
	want := trustroot.Member{Name: "CN=fulcio", URL: "https://fulcio.test", ValidFrom: year}
	member := report.CertificateAuthorities[0]
	if len(member.ID) != 64 {
		t.Errorf("got id %q", member.ID)
	}
	member.ID = ""
	if diff := cmp.Diff(want, member); diff != "" {
		t.Errorf("certificate authority (-want +got):\n%s", diff)
	}
	i := slices.IndexFunc(report.TransparencyLogs, func(m trustroot.Member) bool { return m.Name == "rekor1.test" })
	if i < 0 || !report.TransparencyLogs[i].ValidUntil.Equal(epoch) {
		t.Errorf("got logs %+v, want rekor1.test until %s", report.TransparencyLogs, epoch)
	}
	if report.Source != path || report.TUF != nil {
		t.Errorf("got source %q, %+v", report.Source, report.TUF)
	}
	_, err = r.SigningConfig(t.Context())
	sigstoretest.WantError(t, err, recap.Usage, "no-signing-config", "doesn't say which services")

	for _, test := range []struct {
		name string
		opts trustroot.Options
		kind recap.Kind
		code string
		text string
	}{
		{"missing", trustroot.Options{Path: filepath.Join(dir, "missing")}, recap.NotFound, "no-trusted-root", "reading trusted root"},
		{"directory", trustroot.Options{Path: dir}, recap.Local, "io", "reading trusted root"},
		{"not JSON", trustroot.Options{Path: write("a", []byte("hello"))}, recap.Usage, "bad-trusted-root", "not a trusted_root.json"},
		{"nobody", trustroot.Options{Path: write("b", []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))}, recap.Usage, "bad-trusted-root", "names no certificate authority"},
		{"another type", trustroot.Options{Path: write("c", []byte(strings.Replace(string(raw), "version=0.1", "version=9", 1)))}, recap.Usage, "bad-trusted-root", "media type"},
		{"unknown field", trustroot.Options{Path: write("d", []byte(strings.Replace(string(raw), `"mediaType"`, `"x":1,"mediaType"`, 1)))}, recap.Usage, "bad-trusted-root", "unknown field"},
		{"log trusted since nobody knows when", trustroot.Options{Path: write("f", trustedRoot(t, func(r map[string]any) {
			key := r["tlogs"].([]any)[0].(map[string]any)["publicKey"].(map[string]any)
			delete(key["validFor"].(map[string]any), "start")
		}))}, recap.Usage, "bad-trusted-root", "validity period start"},
		{"timestamp authority without certificates", trustroot.Options{Path: write("g", trustedRoot(t, func(r map[string]any) {
			empty := map[string]any{"certChain": map[string]any{}, "validFor": map[string]any{"start": "2026-01-02T03:04:05Z"}}
			r["timestampAuthorities"] = append(r["timestampAuthorities"].([]any), empty)
		}))}, recap.Usage, "bad-trusted-root", "empty"},
		{"too large", trustroot.Options{Path: write("e", append(slices.Clone(raw), strings.Repeat(" ", 1<<20)...))}, recap.Usage, "bad-trusted-root", "more than"},
		{"file and repository", trustroot.Options{Path: path, TUFMirror: "https://tuf.test"}, recap.Usage, "bad-trusted-root", "not from both"},
		{"repository without root", trustroot.Options{TUFMirror: "https://tuf.test"}, recap.Usage, "bad-trusted-root", "one of them is missing"},
		{"root without repository", trustroot.Options{TUFRoot: path}, recap.Usage, "bad-trusted-root", "one of them is missing"},
		{"no address", trustroot.Options{TUFMirror: "tuf.test", TUFRoot: path}, recap.Usage, "bad-trusted-root", "no address"},
		{"file address", trustroot.Options{TUFMirror: "file:///etc", TUFRoot: path}, recap.Usage, "bad-trusted-root", "no address"},
		{"address with password", trustroot.Options{TUFMirror: "https://a:b@tuf.test", TUFRoot: path}, recap.Usage, "bad-trusted-root", "no address"},
		{"root.json missing", trustroot.Options{TUFMirror: "https://tuf.test", TUFRoot: filepath.Join(dir, "missing")}, recap.NotFound, "no-trusted-root", "reading"},
		{"root.json that is none", trustroot.Options{TUFMirror: "http://127.0.0.1:1", TUFRoot: path}, recap.Usage, "bad-trusted-root", "first root.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.opts.Transport = sigstoretest.Refuse{T: t}
			err := trustroot.New(test.opts).Load(t.Context())
			sigstoretest.WantError(t, err, test.kind, test.code, test.text)
		})
	}
}

func TestRootByTUF(t *testing.T) {
	raw := trustedRoot(t)
	for name, plain := range map[string]bool{"consistent snapshots": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			repo := newTUF(t, tufState{plain: plain, files: map[string][]byte{"trusted_root.json": raw, "signing_config.v0.2.json": []byte(servicesJSON)}})
			opts := repo.options(epoch)
			r := trustroot.New(opts)
			got, err := r.JSON(t.Context())
			if err != nil || string(got) != string(raw) {
				t.Fatalf("got %s, %v", got, err)
			}
			config, err := r.SigningConfig(t.Context())
			if err != nil || string(config) != servicesJSON {
				t.Fatalf("got signing configuration %s, %v", config, err)
			}
			report, err := r.Describe(t.Context())
			sigstoretest.Check(t, err)
			want := &trustroot.TUFReport{Mirror: repo.server.URL, Root: 1, Expires: epoch.AddDate(0, 0, 1), Fetched: epoch}
			if diff := cmp.Diff(want, report.TUF); diff != "" || report.Source != repo.server.URL {
				t.Errorf("source %s, (-want +got):\n%s", report.Source, diff)
			}
			if n := len(repo.requests()); n != 6 { // root 2, timestamp, snapshot, targets, and two targets
				t.Errorf("got %d requests, want 6", n)
			}

			// Within a day, and offline, what is kept does.
			for name, opts := range map[string]trustroot.Options{"soon": at(opts, epoch.Add(time.Hour)), "offline": offline(at(opts, epoch.AddDate(0, 0, 1)))} {
				opts.Transport = sigstoretest.Refuse{T: t}
				r := trustroot.New(opts)
				got, err := r.JSON(t.Context())
				if err != nil || string(got) != string(raw) {
					t.Errorf("%s: got %s, %v", name, got, err)
				}
				if config, err := r.SigningConfig(t.Context()); err != nil || string(config) != servicesJSON {
					t.Errorf("%s: got signing configuration %s, %v", name, config, err)
				}
			}
			// After a day it is asked, and what hasn't changed isn't fetched again.
			repo.requests()
			sigstoretest.Check(t, trustroot.New(at(opts, epoch.Add(24*time.Hour))).Load(t.Context()))
			if diff := cmp.Diff([]string{"2.root.json", "timestamp.json"}, repo.requests()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			// A clock that went back makes nothing new.
			sigstoretest.Check(t, trustroot.New(at(opts, epoch)).Load(t.Context()))
			if n := len(repo.requests()); n != 2 {
				t.Errorf("got %d requests, want 2", n)
			}
		})
	}
}

func offline(opts trustroot.Options) trustroot.Options {
	opts.Offline = true
	return opts
}

// A repository moves on: new keys, new files. What is kept follows, also
// offline, where the first root.json alone doesn't know the new keys.
func TestRootFollows(t *testing.T) {
	first, second := trustedRoot(t), trustedRoot(t, another)
	repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": first}})
	opts := repo.options(epoch)
	sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))

	renewed := map[string]string{metadata.TIMESTAMP: "new", metadata.SNAPSHOT: "new", metadata.TARGETS: "new"}
	repo.publish(tufState{root: 2, timestamp: 2, snapshot: 2, targets: 2, keyOf: renewed, signers: renewed, files: map[string][]byte{"trusted_root.json": second}})
	later := at(opts, epoch.Add(24*time.Hour))
	got, err := trustroot.New(later).JSON(t.Context())
	if err != nil || string(got) != string(second) {
		t.Fatalf("got %s, %v, want the second", got, err)
	}
	away := offline(later)
	away.Transport = sigstoretest.Refuse{T: t}
	r := trustroot.New(away)
	if got, err = r.JSON(t.Context()); err != nil || string(got) != string(second) {
		t.Errorf("offline: got %s, %v, want the second", got, err)
	}
	if report, err := r.Describe(t.Context()); err != nil || report.TUF.Root != 2 {
		t.Errorf("got %+v, %v, want version 2 of root.json", report.TUF, err)
	}
}

// Case 33, and what else a repository, or who is between, may do.
func TestRootRefusesRepositories(t *testing.T) {
	raw, newer := trustedRoot(t), trustedRoot(t, another)
	good := tufState{files: map[string][]byte{"trusted_root.json": raw}}
	expired := func(role string) tufState {
		s := good
		s.root, s.expires = 2, map[string]time.Time{role: epoch.Add(-time.Second)}
		return s
	}
	foreign := func(role, by string) tufState {
		s := good
		s.root, s.timestamp, s.snapshot, s.targets, s.signers = 2, 2, 2, 2, map[string]string{role: by}
		return s
	}
	replace := func(suffix, with string) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, path string) bool {
			if !strings.HasSuffix(path, suffix) {
				return false
			}
			_, _ = w.Write([]byte(with))
			return true
		}
	}
	status := func(suffix string, code int) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, path string) bool {
			if strings.HasSuffix(path, suffix) {
				w.WriteHeader(code)
			}
			return strings.HasSuffix(path, suffix)
		}
	}
	tests := []struct {
		name   string
		state  tufState
		answer func(http.ResponseWriter, string) bool
		kind   recap.Kind
		code   string
		text   string
	}{
		{"case 33: expired timestamp", expired(metadata.TIMESTAMP), nil, recap.Stale, "tuf-expired", "timestamp.json is expired"},
		{"case 33: expired snapshot", expired(metadata.SNAPSHOT), nil, recap.Stale, "tuf-expired", "snapshot.json is expired"},
		{"case 33: expired targets", expired(metadata.TARGETS), nil, recap.Stale, "tuf-expired", "targets is expired"},
		{"case 33: expired root", expired(metadata.ROOT), nil, recap.Stale, "tuf-expired", "root.json is expired"},
		{"case 33: root signed by another", foreign(metadata.ROOT, "mallory"), nil, recap.Integrity, "bad-tuf", "root"},
		{"case 33: timestamp signed by another", foreign(metadata.TIMESTAMP, "mallory"), nil, recap.Integrity, "bad-tuf", "timestamp"},
		{"case 33: snapshot signed by another", foreign(metadata.SNAPSHOT, "timestamp"), nil, recap.Integrity, "bad-tuf", "snapshot"},
		{"case 33: targets signed by another", foreign(metadata.TARGETS, "snapshot"), nil, recap.Integrity, "bad-tuf", "targets"},
		{"case 33: root skips a version", tufState{root: 3, files: good.files}, func(w http.ResponseWriter, path string) bool { return false }, "", "", ""},
		{"case 33: target's bytes don't match", good, replace(".trusted_root.json", "{}"), recap.Integrity, "bad-tuf", "hash"},
		{"case 33: target is missing", good, status(".trusted_root.json", 404), recap.Integrity, "bad-tuf", "doesn't have it"},
		{"trusted root of more than a mebibyte", tufState{files: map[string][]byte{"trusted_root.json": make([]byte, 1<<20+1)}}, nil, recap.Integrity, "bad-tuf", "has 1048577 bytes"},
		{"no trusted root", tufState{}, nil, recap.Integrity, "bad-tuf", "has no trusted_root.json"},
		{"trusted root that is none", tufState{files: map[string][]byte{"trusted_root.json": []byte("{}")}}, nil, recap.Integrity, "bad-tuf", "the trusted root of"},
		{"timestamp missing", good, status("timestamp.json", 404), recap.Integrity, "bad-tuf", "timestamp.json is missing"},
		{"snapshot missing", good, status("1.snapshot.json", 404), recap.Integrity, "bad-tuf", "1.snapshot.json is missing"},
		{"timestamp not JSON", good, replace("timestamp.json", "<html>"), recap.Integrity, "bad-tuf", ""},
		{"timestamp without end", good, replace("timestamp.json", strings.Repeat(" ", 1<<20)), recap.Integrity, "bad-tuf", "more than"},
		{"target without end", good, replace(".trusted_root.json", strings.Repeat(" ", 1<<20)), recap.Integrity, "bad-tuf", "more than"},
		{"root that makes the library stumble", good, replace("2.root.json", `{"signatures":[],"signed":{"_type":"root","keys":{"a":null},"roles":{"root":null}}}`), recap.Integrity, "bad-tuf", ""},
		{"targets that make the library stumble", good, replace("1.targets.json", `{"signatures":[],"signed":{"_type":"targets","targets":{"a":null}}}`), recap.Integrity, "bad-tuf", ""},
		{"snapshot of nothing", good, replace("1.snapshot.json", `null`), recap.Integrity, "bad-tuf", ""},
		{"server fails", good, status("timestamp.json", 503), recap.Unavailable, "tuf-unavailable", "503"},
		{"server fails at the roots", good, status("2.root.json", 500), recap.Unavailable, "tuf-unavailable", "500"},
		{"server refuses", good, status("timestamp.json", 403), recap.Denied, "tuf-denied", "403"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": newer}})
			opts := repo.options(epoch)
			repo.mu.Lock()
			clear(repo.files)
			repo.mu.Unlock()
			repo.publish(test.state)
			repo.set(test.answer)
			err := trustroot.New(opts).Load(t.Context())
			if test.code == "" {
				// Who serves no next version shows what was trusted before, and
				// that is all it can do: there is nothing to refuse.
				sigstoretest.Check(t, err)
				return
			}
			sigstoretest.WantError(t, err, test.kind, test.code, test.text)
			if files, _ := filepath.Glob(filepath.Join(opts.CacheDir, "*.json")); len(files) != 0 {
				t.Errorf("kept %v of a repository that was refused", files)
			}
		})
	}
}

// What was seen once can't be taken back.
func TestRootRefusesRollback(t *testing.T) {
	raw := trustedRoot(t)
	files := map[string][]byte{"trusted_root.json": raw}
	tests := []struct {
		name  string
		state tufState
		code  string
		text  string
	}{
		{"case 33: older timestamp", tufState{timestamp: 4, snapshot: 5, targets: 5, files: files}, "tuf-rollback", "timestamp version 4"},
		{"case 33: older snapshot", tufState{timestamp: 6, snapshot: 4, targets: 5, files: files}, "tuf-rollback", "snapshot version 4"},
		{"case 33: older targets", tufState{timestamp: 6, snapshot: 6, targets: 4, files: files}, "tuf-rollback", "targets.json"},
		{"the same", tufState{timestamp: 5, snapshot: 5, targets: 5, files: files}, "", ""},
		{"newer", tufState{timestamp: 6, snapshot: 6, targets: 6, files: files}, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			repo := newTUF(t, tufState{timestamp: 5, snapshot: 5, targets: 5, files: files})
			opts := repo.options(epoch)
			sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))
			repo.publish(test.state)
			err := trustroot.New(at(opts, epoch.Add(24*time.Hour))).Load(t.Context())
			if test.code == "" {
				sigstoretest.Check(t, err)
				return
			}
			sigstoretest.WantError(t, err, recap.Stale, test.code, test.text)
			// And what is kept is what it was.
			away := offline(opts)
			away.Transport = sigstoretest.Refuse{T: t}
			sigstoretest.Check(t, trustroot.New(away).Load(t.Context()))
		})
	}
}

// Without the network: what is kept has to do, as long as it is valid.
func TestRootOffline(t *testing.T) {
	raw := trustedRoot(t)
	repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": raw}})
	opts := repo.options(epoch)
	never := offline(repo.options(epoch))
	never.Transport = sigstoretest.Refuse{T: t}
	sigstoretest.WantError(t, trustroot.New(never).Load(t.Context()), recap.Unavailable, "offline", "never fetched")

	sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))
	away := offline(opts)
	away.Transport = sigstoretest.Refuse{T: t}
	sigstoretest.WantError(t, trustroot.New(at(away, epoch.AddDate(0, 0, 2))).Load(t.Context()), recap.Stale, "tuf-expired", "expired")
	r := trustroot.New(away)
	sigstoretest.Check(t, r.Load(t.Context()))
	_, err := r.SigningConfig(t.Context())
	sigstoretest.WantError(t, err, recap.Usage, "no-signing-config", "doesn't say")

	// Another first root.json, or another address, is another repository.
	other := repo.options(epoch)
	other.CacheDir, other.TUFMirror, other.Offline, other.Transport = opts.CacheDir, repo.server.URL+"/mirror", true, sigstoretest.Refuse{T: t}
	sigstoretest.WantError(t, trustroot.New(other).Load(t.Context()), recap.Unavailable, "offline")

	stranger := newTUF(t, tufState{}).options(epoch)
	stranger.CacheDir, stranger.TUFMirror, stranger.Offline, stranger.Transport = opts.CacheDir, repo.server.URL, true, sigstoretest.Refuse{T: t}
	sigstoretest.WantError(t, trustroot.New(stranger).Load(t.Context()), recap.Unavailable, "offline", "never fetched")

	// The line is cut: what is kept does, and the report says so.
	repo.set(func(w http.ResponseWriter, _ string) bool { w.WriteHeader(http.StatusBadGateway); return true })
	r = trustroot.New(at(opts, epoch.Add(24*time.Hour)))
	report, err := r.Describe(t.Context())
	if err != nil || !strings.Contains(report.TUF.Warning, "502") || !report.TUF.Fetched.Equal(epoch) {
		t.Errorf("got %+v, %v, want a warning", report.TUF, err)
	}
	sigstoretest.WantError(t, trustroot.New(at(opts, epoch.AddDate(0, 0, 2))).Load(t.Context()), recap.Unavailable, "tuf-unavailable", "502")
}

// The cache is a convenience: whatever is wrong with it, the repository is
// asked, and nothing in it is believed without its signatures.
func TestRootCacheThatIsWrong(t *testing.T) {
	raw := trustedRoot(t)
	for name, spoil := range map[string]func(t *testing.T, path string){
		"not JSON": func(t *testing.T, path string) { sigstoretest.Check(t, os.WriteFile(path, []byte("}"), 0o600)) },
		"empty":    func(t *testing.T, path string) { sigstoretest.Check(t, os.WriteFile(path, nil, 0o600)) },
		"half": func(t *testing.T, path string) {
			kept, err := os.ReadFile(path)
			sigstoretest.Check(t, err)
			sigstoretest.Check(t, os.WriteFile(path, kept[:len(kept)/2], 0o600))
		},
		"nothing in it": func(t *testing.T, path string) {
			sigstoretest.Check(t, os.WriteFile(path, []byte(`{"fetched":"2026-01-02T03:04:05Z","files":{}}`), 0o600))
		},
		"forged": func(t *testing.T, path string) {
			kept, err := os.ReadFile(path)
			sigstoretest.Check(t, err)
			// In base64, "targets.json" of nobody.
			sigstoretest.Check(t, os.WriteFile(path, []byte(strings.Replace(string(kept), `"targets.json":"`, `"targets.json":"e30=","x":"`, 1)), 0o600))
		},
		"a directory": func(t *testing.T, path string) {
			sigstoretest.Check(t, os.Remove(path))
			sigstoretest.Check(t, os.Mkdir(path, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": raw}})
			opts := repo.options(epoch)
			sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))
			files, err := filepath.Glob(filepath.Join(opts.CacheDir, "*.json"))
			if err != nil || len(files) != 1 {
				t.Fatalf("got files %v, %v, want one", files, err)
			}
			spoil(t, files[0])
			got, err := trustroot.New(opts).JSON(t.Context())
			if err != nil || string(got) != string(raw) {
				t.Errorf("got %s, %v", got, err)
			}
			spoiled := offline(opts)
			spoiled.Transport = sigstoretest.Refuse{T: t}
			if name == "a directory" { // which can't be replaced
				sigstoretest.WantError(t, trustroot.New(spoiled).Load(t.Context()), recap.Unavailable, "offline")
			} else {
				sigstoretest.Check(t, trustroot.New(spoiled).Load(t.Context()))
			}
		})
	}
	t.Run("not kept at all", func(t *testing.T) {
		repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": raw}})
		opts := repo.options(epoch)
		opts.CacheDir = ""
		sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))
	})
	t.Run("forged offline", func(t *testing.T) {
		repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": raw}})
		opts := repo.options(epoch)
		sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))
		files, err := filepath.Glob(filepath.Join(opts.CacheDir, "*.json"))
		sigstoretest.Check(t, err)
		kept, err := os.ReadFile(files[0])
		sigstoretest.Check(t, err)
		sigstoretest.Check(t, os.WriteFile(files[0], []byte(strings.Replace(string(kept), `"trusted_root.json":"`, `"trusted_root.json":"e30=","x":"`, 1)), 0o600))
		away := offline(opts)
		away.Transport = sigstoretest.Refuse{T: t}
		sigstoretest.WantError(t, trustroot.New(away).Load(t.Context()), recap.Unavailable, "offline", "trusted_root.json")
	})
	t.Run("case 33: a target that points elsewhere", func(t *testing.T) {
		repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": raw, "../../evil": []byte("evil"), "/evil": []byte("evil")}})
		opts := repo.options(epoch)
		sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))
		var found []string
		sigstoretest.Check(t, filepath.WalkDir(filepath.Dir(opts.CacheDir), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				found = append(found, strings.TrimLeft(filepath.Base(path), "0123456789abcdef"))
			}
			return err
		}))
		if diff := cmp.Diff([]string{".json", "root.json"}, found); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})
	t.Run("where nothing can be written", func(t *testing.T) {
		repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": raw}})
		opts := repo.options(epoch)
		file := filepath.Join(t.TempDir(), "file")
		sigstoretest.Check(t, os.WriteFile(file, nil, 0o600))
		opts.CacheDir = filepath.Join(file, "cache")
		sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))
	})
	if runtime.GOOS != "windows" {
		t.Run("is the user's own", func(t *testing.T) {
			repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": raw}})
			opts := repo.options(epoch)
			sigstoretest.Check(t, trustroot.New(opts).Load(t.Context()))
			if info, err := os.Stat(opts.CacheDir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("got %v, %v, want 0700", info.Mode(), err)
			}
		})
	}
}

// A root is loaded once, whoever asks, and a caller who gave up spoils nothing.
func TestRootIsLoadedOnce(t *testing.T) {
	repo := newTUF(t, tufState{files: map[string][]byte{"trusted_root.json": trustedRoot(t)}})
	opts := repo.options(epoch)
	opts.CacheDir = ""
	r := trustroot.New(opts)
	entered, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	repo.set(func(_ http.ResponseWriter, path string) bool {
		once.Do(func() { close(entered); <-leave })
		return false
	})
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() { gaveUp <- r.Load(ctx) }()
	<-entered
	impatient, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Load(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	close(leave)
	repo.requests()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := r.Load(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := len(repo.requests()); n != 5 {
		t.Errorf("got %d requests, want 5", n)
	}
}

// The public instance is the default, and is asked for by its own root.
func TestRootOfThePublicInstance(t *testing.T) {
	var asked []string
	r := trustroot.New(trustroot.Options{Transport: roundTrip(func(request *http.Request) (*http.Response, error) {
		asked = append(asked, request.URL.String())
		return nil, errors.New("there is no network")
	})})
	sigstoretest.WantError(t, r.Load(t.Context()), recap.Unavailable, "tuf-unavailable", "tuf-repo-cdn.sigstore.dev")
	if len(asked) != 2 || !strings.HasPrefix(asked[0], "https://tuf-repo-cdn.sigstore.dev/") || !strings.HasSuffix(asked[0], ".root.json") {
		t.Errorf("asked %q", asked)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
