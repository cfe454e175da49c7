// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// A registry that names another thing by a tag from any request on, both signed
// by whom the reader trusts: what is verified is what is written, whole, and its
// digest is what the receipt says.
func TestTagSwappedAtAnyRequest(t *testing.T) {
	s := newSandbox(t, "")
	registry := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	repository, key := registry.Host()+"/team/trip", filepath.Join(s.dir, "k")
	trees, digests := map[string]string{}, map[string]digest.Digest{}
	for _, version := range []string{"v1", "v2"} {
		if code, stderr := s.runIn(s.dir, "push", filepath.Join(s.dir, version), repository+":"+version, "--sign", "--key", key+".key"); code != 0 {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		trees[version], digests[version] = tree(t, filepath.Join(s.dir, version)), tagged(t, registry, version)
	}
	outcomes := map[string]int{}
	served := func(path string, nth int) recaptest.Fault {
		return recaptest.Fault{Nth: nth, Times: recaptest.Always, Match: recaptest.Match{Kind: recaptest.Manifest, Path: path}, Action: recaptest.Serve("v2")}
	}
	for nth := 1; ; nth++ {
		registry.Reset()
		registry.Inject(served("*/v1", nth), served("*/"+digests["v1"].String(), nth))
		run := filepath.Join(s.dir, fmt.Sprint("run", nth))
		out := filepath.Join(run, "out")
		code, stderr := s.runIn(run, "pull", repository+":v1", "--key", key+".pub", "-o", out)
		got := tree(t, out)
		switch {
		case code == 0 && (got == trees["v1"] || got == trees["v2"]):
			which := "v1"
			if got == trees["v2"] {
				which = "v2"
			}
			outcomes[which]++
			receipt, err := os.ReadFile(filepath.Join(out, ".recap", "receipt.json"))
			if err != nil {
				t.Fatal(err)
			}
			var said struct{ Digest digest.Digest }
			if err := json.Unmarshal(receipt, &said); err != nil || said.Digest != digests[which] {
				t.Errorf("from request %d on: %s was written, and the receipt says %s (%v)", nth, which, said.Digest, err)
			}
		case slices.Contains([]int{5, 6, 7}, code) && got == "":
			outcomes[fmt.Sprint("exit ", code)]++
		default:
			t.Errorf("from request %d on: exit %d, %s\n%s", nth, code, stderr, got)
		}
		if registry.Faulted() == 0 {
			break
		}
	}
	if outcomes["v1"] == 0 || outcomes["v2"] == 0 {
		t.Errorf("%v: this test shows nothing", outcomes)
	}
}

// tagged asks the registry itself what a tag names.
func tagged(t *testing.T, registry *recaptest.Registry, tag string) digest.Digest {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, registry.URL()+"/v2/team/trip/manifests/"+tag, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", ocispec.MediaTypeImageManifest)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return digest.Digest(resp.Header.Get("Docker-Content-Digest"))
}

// Ten thousand signatures, however they are listed, are a refusal that costs a
// few requests: neither a wait nor, by what is left out, "unsigned".
func TestTenThousandReferrers(t *testing.T) {
	s := newSandbox(t, "")
	key := filepath.Join(s.dir, "k")
	page := func(from, n int) string {
		index := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex}
		index.SchemaVersion = 2
		for i := range n {
			index.Manifests = append(index.Manifests, ocispec.Descriptor{
				MediaType: ocispec.MediaTypeImageManifest, ArtifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
				Digest: digest.FromString(fmt.Sprint("referrer ", from+i)), Size: 1000,
			})
		}
		text, err := json.Marshal(index)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	list := func(body string) recaptest.Action {
		return recaptest.Respond(200, http.Header{"Content-Type": {ocispec.MediaTypeImageIndex}}, body)
	}
	for name, tt := range map[string]struct {
		opts   recaptest.RegistryOptions
		match  recaptest.Match
		action recaptest.Action
	}{
		"on one page": {
			match: recaptest.Match{Kind: recaptest.Referrers}, action: list(page(0, 10_000)),
		},
		"under the fallback tag": {
			opts:  recaptest.RegistryOptions{NoReferrers: true},
			match: recaptest.Match{Kind: recaptest.Manifest, Path: "*/sha256-*"}, action: list(page(0, 10_000)),
		},
		"on pages of three": {
			match: recaptest.Match{Kind: recaptest.Referrers},
			action: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				var at int
				_, _ = fmt.Sscan(r.URL.Query().Get("at"), &at)
				header := http.Header{
					"Content-Type": {ocispec.MediaTypeImageIndex},
					"Link":         {fmt.Sprintf("<%s?at=%d>; rel=\"next\"", r.URL.Path, at+3)},
				}
				recaptest.Respond(200, header, page(at, 3))(w, r, next)
			},
		},
		"on one page for ever": {
			match: recaptest.Match{Kind: recaptest.Referrers},
			action: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				header := http.Header{
					"Content-Type": {ocispec.MediaTypeImageIndex},
					"Link":         {fmt.Sprintf("<%s?at=1>; rel=\"next\"", r.URL.Path)},
				}
				recaptest.Respond(200, header, page(0, 1))(w, r, next)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			registry := recaptest.NewRegistry(t, tt.opts)
			ref := registry.Host() + "/team/trip:v1"
			if code, stderr := s.runIn(s.dir, "push", filepath.Join(s.dir, "v1"), ref, "--sign", "--key", key+".key"); code != 0 {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			registry.Reset()
			registry.Inject(recaptest.Fault{Match: tt.match, Times: recaptest.Always, Action: tt.action})
			code, stderr := s.runIn(s.dir, "verify", ref, "--key", key+".pub")
			if code != 8 || !strings.HasPrefix(stderr, "error[too-many-") {
				t.Errorf("exit %d: %s", code, stderr)
			}
			if n := len(registry.Journal()); n > 20 {
				t.Errorf("%d requests", n)
			}
		})
	}
}
