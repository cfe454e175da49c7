// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
)

func isKind(err error, kind recap.Kind) bool { return errors.Is(err, kind) }

// borrowed makes a pack of one member that is built here and of one that lies in
// another repository of reg.
func borrowed(t testing.TB, reg *recaptest.Registry) (*artifact.Graph, *transfer.Pinned) {
	t.Helper()
	push(t, build(t, five()), open(t, reg, "other/event"), "1.0.0")
	pinned := resolve(t, open(t, reg, "other/event"), "1.0.0")
	member, err := artifact.OpenMember(t.Context(), pinned, pinned.Root())
	if err != nil {
		t.Fatal(err)
	}
	own := buildAs(t, "Own", "own", contents{"index.md": "# Own\n"})
	views := []artifact.View{{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte("# All\n")}}
	g, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "all-recaps", Version: "1.0.0"}, []artifact.Member{own.Member(), member}, views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g, pinned
}

// What a member has in another repository is mounted where the user named that,
// and else fetched and sent; the pack has all its children in its own repository.
func TestPushPackMounts(t *testing.T) {
	files := under(map[string]contents{"own": {"index.md": "# Own\n"}, "an-event": five()})
	for _, tt := range []struct {
		name    string
		named   string // the repository that may be mounted from
		fault   recaptest.Action
		mounted int
	}{
		{"mounted", "other/event", nil, 7}, // config, document, five pictures
		{"not named", "", nil, 0},
		{"refused", "other/event", recaptest.Status(http.StatusForbidden), 0},
		{"not there", "other/nothing", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			g, pinned := borrowed(t, reg)
			reg.Reset()
			if tt.fault != nil {
				reg.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Mount}, Times: recaptest.Always, Action: tt.fault})
			}
			var asked atomic.Bool
			opts := transfer.PushOptions{MountFrom: func(origin content.Fetcher) string {
				asked.Store(true)
				if origin != content.Fetcher(pinned) {
					t.Errorf("asked about %T", origin)
				}
				return tt.named
			}}
			if tt.named == "" {
				opts.MountFrom = nil
			}
			result, err := transfer.Push(t.Context(), g, open(t, reg, "team/pack"), []string{"1.0.0"}, transfer.Unsigned{}, opts)
			if err != nil {
				t.Fatal(err)
			}
			if result.Mounted.Count != tt.mounted || result.Uploaded.Count+result.Mounted.Count != len(g.Nodes()) || result.Unchanged {
				t.Errorf("mounted %+v, sent %+v of %d", result.Mounted, result.Uploaded, len(g.Nodes()))
			}
			if asked.Load() != (tt.named != "") || tt.named == "" && reg.Count(recaptest.Mount) > 0 {
				t.Errorf("asked %v: %v", asked.Load(), reg.Counts())
			}
			if tt.mounted > 0 && reg.Count(recaptest.Blob, http.MethodGet) > 0 {
				t.Errorf("fetched what was mounted: %v", reg.Counts())
			}
			dir := filepath.Join(t.TempDir(), "dir")
			mustPull(t, resolve(t, open(t, reg, "team/pack"), "1.0.0"), dir, transfer.PullOptions{})
			wantFiles(t, dir, files)

			// The next time all of it is known to be there.
			again, err := transfer.Push(t.Context(), g, open(t, reg, "team/pack"), []string{"1.0.0"}, transfer.Unsigned{}, opts)
			if err != nil || !again.Unchanged {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

// Bytes that a cache has spoilt are fetched once more; a source that keeps lying
// is an error, and no tag moves.
func TestPushPackFromASpoiltSource(t *testing.T) {
	for times, code := range map[int]string{1: "", recaptest.Always: "digest-mismatch"} {
		reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
		g, _ := borrowed(t, reg)
		reg.Inject(recaptest.Fault{
			Match: recaptest.Match{Method: http.MethodGet, Kind: recaptest.Blob, Path: "*/other/event/*"},
			Times: times, Action: recaptest.Flip(3),
		})
		dst := open(t, reg, "team/pack")
		_, err := transfer.Push(t.Context(), g, dst, []string{"1.0.0"}, transfer.Unsigned{}, transfer.PushOptions{})
		if got := codes(err); got != code || code != "" && !isKind(err, recap.Integrity) {
			t.Errorf("%d times: %v, want %q", times, err, code)
		}
		if tags := tagsOf(t, dst, "1.0.0"); (len(tags) == 1) != (code == "") {
			t.Errorf("%d times: tags %v", times, tags)
		}
		if reg.Faulted() == 0 {
			t.Error("nothing was spoilt")
		}
	}
}

// A large file that the destination has isn't fetched from the member's source.
func TestPushPackAsksFirst(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	large := contents{"index.md": "# Large\n", "a.bin": strings.Repeat("large", 100_000)}
	push(t, build(t, large), open(t, reg, "other/event"), "1.0.0")
	push(t, buildAs(t, "Same file", "same-file", contents{"index.md": "# Same\n", "b.bin": large["a.bin"]}), open(t, reg, "team/pack"), "bundle")
	pinned := resolve(t, open(t, reg, "other/event"), "1.0.0")
	member, err := artifact.OpenMember(t.Context(), pinned, pinned.Root())
	if err != nil {
		t.Fatal(err)
	}
	views := []artifact.View{{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte("# All\n")}}
	g, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "all-recaps", Version: "1.0.0"}, []artifact.Member{member}, views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	reg.Reset()
	push(t, g, open(t, reg, "team/pack"), "1.0.0")
	for _, r := range reg.Journal() {
		if r.Kind == recaptest.Blob && r.Method == http.MethodGet && r.Out > 1000 {
			t.Errorf("fetched %s", r.Path)
		}
	}
}
