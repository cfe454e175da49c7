// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
)

// packOf makes a pack of bundles, with one view that changes with every version.
func packOf(t testing.TB, version string, bundles ...*artifact.Graph) *artifact.Graph {
	t.Helper()
	return packForm(t, artifact.FormOCI, version, "# All recaps\n", bundles...)
}

func packForm(t testing.TB, form artifact.Form, version, llms string, bundles ...*artifact.Graph) *artifact.Graph {
	t.Helper()
	var members []artifact.Member
	for _, g := range bundles {
		members = append(members, g.Member())
	}
	views := []artifact.View{
		{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte(llms)},
		{Path: "chunks/a.jsonl.zst", MediaType: "application/vnd.recap.chunks.v1.jsonl+zstd", Raw: []byte("of version " + version)},
	}
	g, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "all-recaps", Version: version}, members, views, artifact.PackOptions{Form: form})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// many builds n small bundles, each with a picture of its own. The text of one
// of them, edited, is another.
func many(t testing.TB, n, edited int) []*artifact.Graph {
	t.Helper()
	var bundles []*artifact.Graph
	for i := range n {
		text := fmt.Sprintf("# Recap %d\n", i)
		if i == edited {
			text += "Edited.\n"
		}
		slug := fmt.Sprintf("recap-%04d", i)
		bundles = append(bundles, buildAs(t, "Recap "+slug, slug, contents{"index.md": text, "images/a.png": strings.Repeat(slug, 100)}))
	}
	return bundles
}

// The next version of a pack costs what changed.
func TestPackBudgets(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand recaps, measured without the race detector")
	}
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
	const members = 1000
	push(t, packOf(t, "1.0.0", many(t, members, -1)...), open(t, reg, "team/pack"), "1.0.0", "latest")

	for _, test := range []struct {
		name string
		tags []string
	}{
		{"the next version", []string{"1.1.0"}},
		{"the next version and a floating tag", []string{"1.2.0", "latest"}},
	} {
		g := packOf(t, test.tags[0], many(t, members, 500)...)
		reg.Reset()
		result := push(t, g, open(t, reg, "team/pack"), test.tags...)
		t.Run(test.name, func(t *testing.T) {
			budget(t, reg, 40, 8)
			// The picture of the edited recap is where it was.
			if result.Uploaded.Count > 8 {
				t.Errorf("sent %d objects", result.Uploaded.Count)
			}
			var in int64
			for _, r := range reg.Journal() {
				in += r.In
			}
			if in > 2<<20 {
				t.Errorf("sent %d bytes", in)
			}
		})
	}
}

// What an earlier version lists and the registry has lost is sent after all.
func TestPushPackHealsItsBase(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	push(t, packOf(t, "1.0.0", many(t, 3, -1)...), open(t, reg, "team/pack"), "1.0.0")
	g := packOf(t, "1.1.0", many(t, 3, 0)...)

	reg.Inject(recaptest.Fault{
		Match:  recaptest.Match{Method: "PUT", Kind: recaptest.Manifest, Path: "*/manifests/1.1.0"},
		Action: recaptest.Respond(http.StatusNotFound, http.Header{"Content-Type": {"application/json"}}, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}`),
	})
	result := push(t, g, open(t, reg, "team/pack"), "1.1.0")
	if want := len(g.Nodes()); result.Uploaded.Count != want || reg.Faulted() != 1 {
		t.Errorf("sent %d objects after %d faults, want all %d", result.Uploaded.Count, reg.Faulted(), want)
	}
}

// A registry that takes no index leaves no tag, and is named.
func TestPushPackRefused(t *testing.T) {
	seal, _ := signer(t)
	for name, seal := range map[string]transfer.Sealer{"unsigned": transfer.Unsigned{}, "signed": seal} {
		t.Run(name, func(t *testing.T) {
			reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			g := packFrom(t, "1.0.0", firstMembers)
			reg.Inject(recaptest.Fault{
				Match: recaptest.Match{Method: http.MethodPut, Kind: recaptest.Manifest, Func: func(r *http.Request) bool {
					return r.Header.Get("Content-Type") == g.Root.MediaType
				}},
				Times:  recaptest.Always,
				Action: recaptest.Respond(http.StatusBadRequest, http.Header{"Content-Type": {"application/json"}}, `{"errors":[{"code":"MANIFEST_INVALID","message":"unknown media type"}]}`),
			})
			dst := open(t, reg, "team/pack")
			_, err := transfer.Push(t.Context(), g, dst, []string{"1.0.0", "latest"}, seal, transfer.PushOptions{})
			wantError(t, err, recap.Integrity, "registry-refuses-type", reg.Host(), "no tag was moved")
			reg.Reset()
			if list, err := transfer.List(t.Context(), dst, transfer.ListOptions{}); err == nil && len(list.Tags) > 0 {
				t.Errorf("tags %v", list.Tags)
			}
		})
	}
}

// A version stays what it is; only what it says anew needs another.
func TestPushPackVersionStays(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	push(t, packFrom(t, "1.0.0", firstMembers), open(t, reg, "team/pack"), "1.0.0", "latest")
	dst := open(t, reg, "team/pack")
	before := tagsOf(t, dst, "1.0.0", "latest")
	for _, tags := range [][]string{{"1.0.0"}, {"v1.0.0", "1.0.0"}, {"latest", "1.0.0"}} {
		_, err := transfer.Push(t.Context(), packFrom(t, "1.0.0", secondMembers), open(t, reg, "team/pack"), tags, transfer.Unsigned{}, transfer.PushOptions{})
		wantError(t, err, recap.Stale, "version-exists", "1.0.0")
		if diff := cmp.Diff(before, tagsOf(t, dst, "1.0.0", "latest")); diff != "" {
			t.Errorf("tags (-before +after):\n%s", diff)
		}
	}
}
