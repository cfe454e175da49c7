// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"context"
	"net/http"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// A push of a pack is killed at each request in turn, before the registry has it
// and after. No tag ever names a pack that is incomplete or unsigned, no tag that
// was there is lost, and the same push again completes it.
func TestPushPackKilledAtEachRequest(t *testing.T) {
	t.Parallel()
	seal, gate := signer(t)
	one, two := packFrom(t, "1.0.0", firstMembers), packFrom(t, "1.1.0", secondMembers)
	publish := func(ctx context.Context, reg *recaptest.Registry, g *artifact.Graph, version string) error {
		_, err := transfer.Push(ctx, g, open(t, reg, "team/pack"), []string{version, "latest"}, seal, transfer.PushOptions{})
		return err
	}
	for _, tt := range []struct {
		name     string
		opts     recaptest.RegistryOptions
		first    bool // nothing is there before
		lost     bool // the request is served, and its answer lost
		from     int  // the request to begin with
		requests int  // at least so many are swept
	}{
		{name: "first version", first: true, requests: 30},
		{name: "next version", requests: 20},
		{name: "next version, answers lost", lost: true, requests: 20},
		// The list of referrers is written last. It is waited for in each of
		// these, so that only what touches it is swept.
		{name: "next version, no referrers API", opts: recaptest.RegistryOptions{NoReferrers: true}, lost: true, from: 38, requests: 42},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for n := max(1, tt.from); ; n += stride() {
				reg := recaptest.NewRegistry(t, tt.opts)
				if !tt.first {
					if err := publish(t.Context(), reg, one, "1.0.0"); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithCancel(t.Context())
				reg.Reset()
				reg.Inject(recaptest.Fault{Nth: n, Action: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					defer cancel()
					if tt.lost {
						recaptest.LoseAnswer()(w, r, next)
					} else {
						recaptest.Drop()(w, r, next)
					}
				}}, recaptest.Fault{Nth: n, Times: recaptest.Always, Action: recaptest.Drop()})
				err := publish(ctx, reg, two, "1.1.0")
				cancel()
				reg.Reset() // forgets the faults
				checkTags(t, reg, gate, !tt.first, err == nil)
				if err == nil {
					if n <= tt.requests {
						t.Errorf("only %d requests were swept", n-1)
					}
					t.Logf("killed at %d requests", n-1)
					return
				}
				if err := publish(t.Context(), reg, two, "1.1.0"); err != nil {
					t.Fatalf("pushed again after request %d: %v", n, err)
				}
				checkTags(t, reg, gate, !tt.first, true)
				if t.Failed() {
					t.Fatalf("killed at request %d", n)
				}
			}
		})
	}
}

// checkTags looks at every tag of a registry as whoever comes by would: what it
// names is admitted and whole.
func checkTags(t *testing.T, reg *recaptest.Registry, gate *trust.Gate, before, done bool) {
	t.Helper()
	src := open(t, reg, "team/pack")
	list, err := transfer.List(t.Context(), src, transfer.ListOptions{})
	if err != nil && (before || done || !isKind(err, recap.NotFound)) {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, entry := range list.Tags {
		found[entry.Tag] = true
		pinned := resolve(t, src, entry.Tag)
		if _, err := gate.Admit(t.Context(), pinned, trust.Request{Name: reg.Host() + "/team/pack", Tag: entry.Tag, Root: pinned.Root()}); err != nil {
			t.Errorf("the tag %s names a pack that isn't admitted: %v", entry.Tag, err)
		}
		if _, err := artifact.OpenPack(t.Context(), pinned, pinned.Root()); err != nil {
			t.Errorf("the tag %s: %v", entry.Tag, err)
		}
		err := artifact.Walk(t.Context(), pinned, pinned.Root(), func(desc ocispec.Descriptor, n *artifact.Node) error {
			if n != nil {
				return nil
			}
			if ok, err := src.Exists(t.Context(), desc); err != nil || !ok {
				t.Errorf("the tag %s names a pack without %s: %v", entry.Tag, desc.Digest, err)
			}
			return nil
		})
		if err != nil {
			t.Errorf("the tag %s names an incomplete pack: %v", entry.Tag, err)
		}
	}
	if before && (!found["1.0.0"] || !found["latest"]) || done && (!found["1.1.0"] || !found["latest"]) {
		t.Errorf("tags %v", found)
	}
}
