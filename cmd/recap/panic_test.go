// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target"
)

// brokenClock panics where a registry is waited for: deep inside, in whatever
// goroutine that is.
type brokenClock struct{}

func (brokenClock) Now() time.Time { return time.Now() }
func (brokenClock) AfterFunc(d time.Duration, f func()) target.Timer {
	return time.AfterFunc(d, f)
}
func (brokenClock) Sleep(context.Context, time.Duration) error { panic("the clock broke\x1b[2J") }

// A panic is exit code 70, wherever it is: never 0, none of the codes that are
// promised, and not the 2 that Go would end with.
func TestPanicIsABug(t *testing.T) {
	registry := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	s := newSandbox(t, "")
	ref := registry.Host() + "/team/trip:v1"
	if code, stderr := s.runHere("push", s.dir+"/v1", ref, "--plain-http", "--sign", "--key", s.dir+"/k.key"); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for name, match := range map[string]recaptest.Match{
		"resolving":           {Kind: recaptest.Manifest},
		"listing signatures":  {Kind: recaptest.Referrers},
		"fetching signatures": {Kind: recaptest.Blob},
	} {
		t.Run(name, func(t *testing.T) {
			registry.Reset()
			registry.Inject(recaptest.Fault{Match: match, Times: recaptest.Always, Action: recaptest.Status(503)})
			var stdout, stderr bytes.Buffer
			e := &env{
				stdin: strings.NewReader(""), stdout: &answer{w: &stdout}, stderr: &stderr, bars: io.Discard,
				now: time.Now, clock: brokenClock{}, budget: &target.Budget{},
				lookup: func(name string) (string, bool) { return s.dir, name == "XDG_STATE_HOME" || name == "DOCKER_CONFIG" },
			}
			code := e.main(t.Context(), []string{"verify", ref, "--plain-http", "--key", s.dir + "/k.pub"})
			text := stderr.String()
			if code != exitBug || stdout.Len() > 0 {
				t.Fatalf("exit %d: %s%s", code, &stdout, text)
			}
			for _, want := range []string{"error[bug]: the clock broke\\x1b[2J\n", "brokenClock.Sleep", "hint: this is a bug in recap; please report it"} {
				if !strings.Contains(text, want) {
					t.Errorf("it doesn't say %q:\n%s", want, text)
				}
			}
		})
	}
}
