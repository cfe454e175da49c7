// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recaptest/hostile"
)

// stateWays are what may lie in the place of a file that recap keeps for itself.
func stateWays() map[string]func(path string) error {
	text := func(s string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(s), 0o644) }
	}
	link := func(to string) func(string) error {
		return func(path string) error { return os.Symlink(to, path) }
	}
	ways := map[string]func(string) error{
		"empty": text(""), "garbage": text("\x00\xff"), "null": text("null"), "a list": text("[]"), "another kind": text(`{"apiVersion":"recap/v1","kind":"Other"}`),
		"a key twice": text(`{"apiVersion":"recap/v1","apiVersion":"recap/v1"}`), "brackets": text(strings.Repeat("[", 1<<20)), "64 MiB": text(strings.Repeat(" ", 64<<20)),
		"a directory": func(path string) error { return os.Mkdir(path, 0o755) },
		"a terabyte":  func(path string) error { return errors.Join(text("")(path), os.Truncate(path, 1<<40)) },
	}
	if runtime.GOOS != "windows" {
		ways["a link out"], ways["a link to nothing"], ways["an endless device"] = link("/etc/passwd"), link("nothing"), link("/dev/zero")
	}
	return ways
}

// TestHostileState puts what recap wrote, or might have, in a state in which nobody
// would have left it: receipts and journals that came with a directory, the state of
// versions, locks, the user's policy and the file of credentials.
func TestHostileState(t *testing.T) {
	type place struct {
		file string
		in   []entry
		want string            // as of [hostile.Input]
		but  map[string]string // by what lies there, over want
	}
	status := entry{"status", "status OUT", nil, false}
	pull := entry{"pull", "pull REF --key PUB -o OUT", []string{"out"}, false}
	verify := entry{"verify", "verify REF --key PUB", nil, false}
	as := " --as registry.example.com/team/it"
	lines := func(lines ...string) (list []entry) {
		for _, line := range lines {
			name, _, _ := strings.Cut(line, " ")
			list = append(list, entry{name: name, line: line})
		}
		return list
	}
	special := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			for name := range strings.SplitSeq(pairs[i], ", ") {
				m[name] = pairs[i+1]
			}
		}
		return m
	}
	for _, p := range []place{
		{"out/.recap/receipt.json", []entry{status}, "6 bad-receipt", nil},
		{"out/.recap/receipt.json", []entry{pull}, "10 destination-not-ours", nil},
		{"out/.recap/incomplete", []entry{pull}, "6 bad-journal", nil},
		{"state/recap/state.json", lines("verify REF --key PUB"+as, "pull REF --key PUB -o OUT"+as), "9 bad-state", special("a directory, a link out, a link to nothing, an endless device", "10 state-not-a-file")},
		{"recap.lock", lines("verify REF --key PUB --lock LOCK"+as, "pull REF --key PUB --lock LOCK -o OUT"+as), "9 bad-lock", special("a directory, a link out, a link to nothing, an endless device", "10 state-not-a-file")},
		{"config/recap/policy.yaml", lines("verify REF", "pull REF -o OUT"), "2 bad-policy", special("a link to nothing", "7 no-policy", "a directory", "10 io")},
		// What docker takes for a file without credentials is one.
		{"docker/config.json", lines("list ASKS/team/it:v1", "pull ASKS/team/it:v1 --unverified -o OUT"), "2 bad-credentials", special("a link to nothing, a key twice, another kind, null, empty, 64 MiB", "4 unauthorized")},
		{"k.pub", []entry{verify, pull}, "2 bad-key", special("a link to nothing", "3 no-key", "a directory", "10 io")},
		{"k.key", lines("sign REF --key KEY"), "2 bad-key", special("a link to nothing", "3 no-key", "a directory", "10 io")},
		{"predicate.json", lines("attest REF --key KEY --predicate PREDICATE --type https://example.com/x"), "2 bad-predicate", special(
			"a link to nothing", "3 no-predicate", "a directory", "10 failed", "a terabyte, 64 MiB, brackets, an endless device", "8 too-large", "another kind", "-")},
		{"root.json", lines("trust root --trusted-root ROOT"), "2 bad-trusted-root", special("a link to nothing", "3 no-trusted-root", "a directory", "10 io")},
		{"pack/pack.lock", lines("build PACK -o COPY --frozen"), "9 bad-lock", special(
			"a directory", "8 not-a-regular-file", "a link out, a link to nothing, an endless device", "8 symlink-in-source", "a terabyte, 64 MiB", "8 too-large")},
		{"pack/pack.yaml", lines("build PACK -o COPY"), "1 check-failed", special(
			"a directory", "8 not-a-regular-file", "a link out, a link to nothing, an endless device", "8 symlink-in-source", "a terabyte, 64 MiB", "8 too-large")},
	} {
		for name, way := range stateWays() {
			t.Run(p.in[0].name+" "+filepath.Base(p.file)+" "+name, func(t *testing.T) {
				t.Parallel()
				y := newYard(t)
				if err := hostile.Good(nil).WriteLayout(y.path("good")); err != nil {
					t.Fatal(err)
				}
				names := y.names("oci-layout://" + y.path("good"))
				asks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
					w.WriteHeader(http.StatusUnauthorized)
				}))
				defer asks.Close()
				names["ASKS"] = asks.Listener.Addr().String()
				names["LOCK"], names["ROOT"], names["PACK"] = y.path("recap.lock"), y.path("root.json"), y.path("pack")
				y.write("pack/pack.yaml", []byte("apiVersion: recap/v1\nkind: Pack\nname: traps\nversion: 1.0.0\nmembers: [a]\n"))
				y.write("pack/a/index.md", []byte("---\ntitle: A trap\nrecap:\n  event: FOSDEM 2024\n---\nWhat I saw.\n"))
				for _, line := range [][]string{{"sign", names["REF"], "--key", names["KEY"]}, {"pull", names["REF"], "--key", names["PUB"], "-o", names["OUT"]}} {
					if code, _, stderr := y.run(line...); code != 0 {
						t.Fatal(stderr)
					}
				}
				if err := errors.Join(os.MkdirAll(filepath.Dir(y.path(p.file)), 0o755), os.RemoveAll(y.path(p.file)), way(y.path(p.file))); err != nil {
					t.Fatal(err)
				}
				want := p.want
				if other, ok := p.but[name]; ok {
					want = other
				}
				for _, in := range p.in {
					y.meet(hostile.Input{Name: p.file + " " + name, Want: want}, "state", in, names)
				}
			})
		}
	}
}
