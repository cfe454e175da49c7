// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target"
)

// hastyClock is one on which nobody waits before trying again.
type hastyClock struct{}

func (hastyClock) Now() time.Time                                   { return time.Now() }
func (hastyClock) Sleep(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }
func (hastyClock) AfterFunc(d time.Duration, f func()) target.Timer { return time.AfterFunc(d, f) }

// flipper turns over a random bit of a random byte of some answers' bodies, as
// a broken proxy between would.
type flipper struct {
	mu     sync.Mutex
	chance *rand.Rand
	share  float64 // of the answers
	bare   bool    // no header says the digest
	flips  atomic.Int64
}

func (f *flipper) act(w http.ResponseWriter, r *http.Request, next http.Handler) {
	honest := httptest.NewRecorder()
	next.ServeHTTP(honest, r)
	body := honest.Body.Bytes()
	f.mu.Lock()
	if len(body) > 0 && f.chance.Float64() < f.share {
		body[f.chance.IntN(len(body))] ^= 1 << f.chance.IntN(8)
		f.flips.Add(1)
	}
	f.mu.Unlock()
	for name, values := range honest.Header() {
		w.Header()[name] = values
	}
	if f.bare {
		w.Header().Del("Docker-Content-Digest")
	}
	w.WriteHeader(honest.Code)
	_, _ = w.Write(body)
}

// TestFlippingProxy pulls through a proxy that turns over a bit of answers: of
// each, of every other, of a few. A pull either writes what was pushed, byte for
// byte, and says so, or writes nothing and has the exit code of what it met.
// Outside make e2e it does so a few times less.
func TestFlippingProxy(t *testing.T) {
	rounds := 40
	if endToEnd(t) != "" {
		rounds = 300
	}
	s := newSandbox(t, "")
	s.write("pack/pack.yaml", "apiVersion: recap/v1\nkind: Pack\nname: trips\ntitle: Trips\nversion: 1.0.0\nmembers:\n- one\n- two\n")
	for _, slug := range []string{"one", "two"} {
		s.write("pack/"+slug+"/index.md", "---\ntitle: Trip "+slug+"\nrecap:\n  event: FOSDEM 2024\n---\nWith [notes](notes.txt).\n")
		s.write("pack/"+slug+"/notes.txt", strings.Repeat("notes of "+slug+"\n", 100))
	}
	for _, tt := range []struct {
		source string
		opts   recaptest.RegistryOptions
		share  float64
		bare   bool
	}{
		{"v1", recaptest.RegistryOptions{}, 1, false},
		{"v1", recaptest.RegistryOptions{}, 1, true},
		{"v1", recaptest.RegistryOptions{}, 0.5, false},
		{"v1", recaptest.RegistryOptions{}, 0.2, true},
		{"v1", recaptest.RegistryOptions{NoReferrers: true}, 0.2, false},
		{"v1", recaptest.RegistryOptions{Token: true, Username: "u", Password: "p", AnonymousPull: true}, 0.2, false},
		{"pack", recaptest.RegistryOptions{}, 0.5, true},
		{"pack", recaptest.RegistryOptions{}, 0.1, false},
	} {
		name := fmt.Sprintf("%s, %g of the answers, bare %t", tt.source, tt.share, tt.bare)
		f := &flipper{chance: rand.New(rand.NewPCG(1, uint64(tt.share*100))), share: tt.share, bare: tt.bare} // the same flips each time
		t.Run(name, func(t *testing.T) { s.flipPulls(t, tt.source, tt.opts, f, rounds) })
	}
}

func (s *sandbox) flipPulls(t *testing.T, source string, opts recaptest.RegistryOptions, f *flipper, rounds int) {
	registry := recaptest.NewRegistry(t, opts)
	ref := registry.Host() + "/team/" + source + ":v1.0.0"
	key := filepath.Join(s.dir, "k")
	home := filepath.Join(s.dir, "home")
	login := fmt.Sprintf(`{"auths":{%q:{"username":"u","password":"p"}}}`, registry.Host())
	s.write("home/config.json", login)
	if code, stderr := s.runIn(home, "push", filepath.Join(s.dir, source), ref, "--version", "1.0.0", "--sign", "--key", key+".key"); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	pull := func(n int) (code int, stderr, got string) {
		run := filepath.Join(s.dir, "run", fmt.Sprint(n)) // a cache and state of its own
		defer os.RemoveAll(run)
		out := filepath.Join(run, "out")
		code, stderr = s.runIn(run, "pull", ref, "--key", key+".pub", "-o", out)
		if entries, err := os.ReadDir(run); err == nil {
			for _, entry := range entries {
				if strings.HasPrefix(entry.Name(), ".") || code != 0 && entry.Name() == "out" {
					t.Errorf("pull %d exits %d and leaves %s", n, code, entry.Name())
				}
			}
		}
		return code, stderr, tree(t, out)
	}
	code, stderr, want := pull(0)
	if code != 0 || !strings.Contains(want, "notes.txt") {
		t.Fatalf("without a flip: exit %d: %s", code, stderr)
	}
	registry.Inject(recaptest.Fault{Times: recaptest.Always, Action: f.act})
	codes := map[int]int{}
	for n := range rounds {
		before := f.flips.Load()
		code, stderr, got := pull(n + 1)
		codes[code]++
		switch {
		case code == 0 && got != want:
			t.Errorf("pull %d succeeded and wrote\n%s\nwant\n%s", n, got, want)
		case code == 0:
		case got != "":
			t.Errorf("pull %d exits %d and wrote\n%s", n, code, got)
		case !slices.Contains([]int{3, 4, 5, 6, 7, 8}, code), f.flips.Load() == before, strings.Contains(stderr, "error[failed]"):
			t.Errorf("pull %d exits %d after %d flips: %s", n, code, f.flips.Load()-before, stderr)
		}
	}
	t.Logf("%d pulls, %d flips, exit codes %v", rounds, f.flips.Load(), codes)
	if f.flips.Load() < int64(rounds/10) || f.share == 1 && codes[0] > 0 || f.share <= 0.2 && codes[0] == 0 {
		t.Errorf("%d flips of %g of the answers gave the exit codes %v: this test shows nothing", f.flips.Load(), f.share, codes)
	}
}

// runIn runs the command in this process with a cache and a state of its own,
// and without waiting before it tries again.
func (s *sandbox) runIn(dir string, args ...string) (int, string) {
	s.t.Helper()
	var stderr bytes.Buffer
	e := &env{
		stdin: bytes.NewReader(nil), stdout: &answer{w: io.Discard}, stderr: &stderr, bars: io.Discard,
		now: time.Now, clock: hastyClock{}, budget: &target.Budget{},
		lookup: func(name string) (string, bool) {
			switch name {
			case "XDG_CACHE_HOME":
				return filepath.Join(dir, "cache"), true
			case "XDG_STATE_HOME":
				return filepath.Join(dir, "state"), true
			case "DOCKER_CONFIG":
				return filepath.Join(s.dir, "home"), true
			}
			return "", false
		},
	}
	return e.main(s.t.Context(), args), stderr.String()
}
