// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target"
)

// A tag that moves while a recap is pulled or copied changes nothing of what is taken.
// That it moved is said where the work was long, or something wasn't there any more.
func TestNoteMoved(t *testing.T) {
	for _, verb := range []string{"pull", "copy"} {
		for _, tt := range []struct {
			name  string
			takes time.Duration // between two looks at the clock
			moved bool
			hangs bool // the registry never says what the tag names in the end
			blobs int  // how they are answered, where not as usual
			code  int
			note  string
			heads int // that ask what the tag names in the end
		}{
			{name: "quick", moved: true},
			{name: "long", takes: time.Minute, heads: 1},
			{name: "long and moved", takes: time.Minute, moved: true, heads: 1, note: "by now; what was taken is what it named before"},
			{name: "long and silent", takes: time.Minute, hangs: true, heads: 1},
			{name: "gone", blobs: http.StatusNotFound, code: 3, heads: 1},
			{name: "long and forbidden", takes: time.Minute, moved: true, blobs: http.StatusForbidden, code: 4},
			{name: "moved and gone", moved: true, blobs: http.StatusNotFound, code: 3, heads: 1, note: "by now; what it named before may be gone: run the same command again"},
		} {
			t.Run(verb+"/"+tt.name, func(t *testing.T) {
				s := newSandbox(t, "")
				registry := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
				ref := registry.Host() + "/team/trip:v1"
				clock := recaptest.NewClock(0)
				run := func(args ...string) (int, string) {
					var stderr bytes.Buffer
					now := time.Now()
					e := &env{
						stdin: bytes.NewReader(nil), stdout: &answer{w: &bytes.Buffer{}}, stderr: &stderr, budget: &target.Budget{}, clock: clock,
						now: func() time.Time { now = now.Add(tt.takes); return now },
						lookup: func(name string) (string, bool) {
							if strings.HasPrefix(name, "XDG_") || name == "DOCKER_CONFIG" {
								return filepath.Join(s.dir, "home"), true
							}
							return "", false
						},
					}
					return e.main(t.Context(), args), stderr.String()
				}
				for _, version := range []string{"v2", "v1"} {
					if code, stderr := run("push", filepath.Join(s.dir, version), ref); code != 0 {
						t.Fatalf("exit %d: %s", code, stderr)
					}
					if version == "v2" {
						if code, stderr := run("tag", ref, "v2"); code != 0 {
							t.Fatalf("exit %d: %s", code, stderr)
						}
					}
				}
				then := tagged(t, registry, "v2")
				registry.Reset()
				if tt.moved { // from the second request for it on
					registry.Inject(recaptest.Fault{
						Nth: 2, Times: recaptest.Always, Match: recaptest.Match{Kind: recaptest.Manifest, Path: "*/v1"},
						Action: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
							r.URL.Path = strings.TrimSuffix(r.URL.Path, "v1") + "v2"
							next.ServeHTTP(w, r)
						},
					})
				}
				if tt.hangs {
					registry.Inject(recaptest.Fault{
						Times: recaptest.Always, Match: recaptest.Match{Method: http.MethodHead, Kind: recaptest.Manifest, Path: "*/v1"},
						Action: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
							if clock.Fire(movedPatience) == 0 {
								w.WriteHeader(http.StatusServiceUnavailable) // and asked again
								return
							}
							<-r.Context().Done()
						},
					})
				}
				if tt.blobs != 0 {
					registry.Inject(recaptest.Fault{
						Times: recaptest.Always, Match: recaptest.Match{Method: http.MethodGet, Kind: recaptest.Blob}, Action: recaptest.Status(tt.blobs),
					})
				}
				args := []string{"pull", ref, "--unverified", "-o", filepath.Join(s.dir, "out")}
				if verb == "copy" {
					args = []string{"copy", ref, "oci-layout://" + filepath.Join(s.dir, "layout") + ":v1"}
				}
				code, stderr := run(args...)
				if code != tt.code {
					t.Errorf("exit %d, want %d: %s", code, tt.code, stderr)
				}
				note := "note: " + ref + " names " + then.String() + " " + tt.note
				if said := strings.Contains(stderr, "note: "); said != (tt.note != "") || said && !strings.Contains(stderr, note) {
					t.Errorf("it says %q, want %q", stderr, tt.note)
				}
				heads := 0
				for _, r := range registry.Journal() {
					if r.Method == http.MethodHead && strings.HasSuffix(r.Path, "/manifests/v1") {
						heads++
					}
				}
				if heads != tt.heads {
					t.Errorf("the tag was looked at %d times more, want %d", heads, tt.heads)
				}
			})
		}
	}
}
