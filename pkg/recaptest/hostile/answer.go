// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// answers are registries that say of a good artifact what it isn't.
func answers() []Artifact {
	answer := func(name, want string, exceptions map[string]string, kind recaptest.Kind, fn func(g *Graph, w http.ResponseWriter, r *http.Request) bool) Artifact {
		row := bundle(name, want, exceptions, forgery{after: func(g *Graph) {
			g.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				return (r.Method == http.MethodGet || r.Method == http.MethodHead) && recaptest.Classify(r.Method, r.URL) == kind && fn(g, w, r)
			}
		}})
		row.Place = "registry"
		return row
	}
	unpacks := sync.OnceValue(bomb)
	root := func(g *Graph) []byte { return g.Blobs[digest.Digest(g.Root["digest"].(string))] }
	say := func(key, value string) func(g *Graph, w http.ResponseWriter, r *http.Request) bool {
		return func(g *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			w.Header().Set("Docker-Content-Digest", g.Root["digest"].(string))
			w.Header().Set(key, value)
			_, _ = w.Write(root(g))
			return true
		}
	}
	page := func(g *Graph, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		w.Header().Set("Link", fmt.Sprintf(`<%s?n=%d>; rel="next"`, r.URL.Path, len(r.URL.RawQuery)))
		fmt.Fprint(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`)
	}
	return []Artifact{
		answer("a manifest served as an index", "6 ambiguous-manifest", nil, recaptest.Manifest, say("Content-Type", ocispec.MediaTypeImageIndex)),
		answer("a manifest served as HTML", "6 not-a-recap", nil, recaptest.Manifest, say("Content-Type", "text/html")),
		answer("a manifest said to have another digest", "6 digest-mismatch", but("tags, delete", "0"), recaptest.Manifest, say("Docker-Content-Digest", string(digest.FromString("x")))),
		answer("a manifest said to have no digest", "6 bad-digest", but("tags", "0"), recaptest.Manifest, say("Docker-Content-Digest", "sha256:../../x")),
		answer("a page to log in at in place of everything", "6 not-a-recap", nil, recaptest.Manifest, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<!DOCTYPE html><title>Welcome to the hotel</title>")
			return true
		}),
		answer("a compressed manifest", "6 bad-manifest", nil, recaptest.Manifest, func(g *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			_, _ = w.Write(zipped(root(g)))
			return true
		}),
		heavy(answer("a manifest that unpacks to 300 MiB", "6 bad-manifest", nil, recaptest.Manifest, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			_, _ = w.Write(unpacks())
			return true
		})),
		heavy(answer("a manifest without end", "8 too-large", nil, recaptest.Manifest, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			endless(w)
			return true
		})),
		heavy(answer("a file without end", "6 size-mismatch", atFile, recaptest.Blob, func(g *Graph, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, digest.FromString("some notes\n").Encoded()) {
				return false
			}
			if r.Method == http.MethodGet {
				endless(w)
			}
			return true
		})),
		heavy(answer("signatures on pages without end", "0", over(nowhere, "inspect, verify, policy, verified, copy, attest, sign", "8 too-many-referrers"), recaptest.Referrers, func(g *Graph, w http.ResponseWriter, r *http.Request) bool {
			page(g, w, r)
			return true
		})),
		heavy(answer("10,000 signatures", "0", over(nowhere, "inspect, verify, policy, verified, copy, attest, sign", "8 too-many-referrers"), recaptest.Referrers, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			_, _ = w.Write(mustJSON(object{"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex, "manifests": repeat(10_000, func(i int) any {
				return merged2(descriptor(i), "artifactType", "application/vnd.dev.sigstore.bundle.v0.3+json")
			})}))
			return true
		})),
		heavy(answer("a list of signatures without end", "0", over(nowhere, "inspect, verify, policy, verified, copy, attest, sign", "8 too-large"), recaptest.Referrers, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			endless(w)
			return true
		})),
		answer("a list of signatures that is a page to log in at", "0", over(nowhere, "attest, sign", "5 signature-not-listed"), recaptest.Referrers, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!DOCTYPE html><title>Welcome to the hotel</title>")
			return true
		}),
		answer("a list of signatures with a name twice", "0", over(nowhere, "inspect, verify, policy, verified, copy, attest, sign", "5 referrers-unavailable"), recaptest.Referrers, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			fmt.Fprint(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"Manifests":[]}`)
			return true
		}),
		heavy(answer("tags without end", "0", over(nowhere, "tags", "8 too-many-pages"), recaptest.Tags, func(_ *Graph, w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Link", fmt.Sprintf(`<%s?last=%dx>; rel="next"`, r.URL.Path, len(r.URL.RawQuery)))
			fmt.Fprint(w, `{"name":"x","tags":["v1"]}`)
			return true
		})),
		heavy(answer("a list of tags without end", "0", over(nowhere, "tags", "8 too-large"), recaptest.Tags, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			endless(w)
			return true
		})),
		answer("tags that are no tags", "0", over(nowhere, "tags", "6 bad-tag"), recaptest.Tags, func(_ *Graph, w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write(mustJSON(object{"name": "x", "tags": []string{"--force", "../../x", "a b", "", strings.Repeat("x", 129), "\x1b[2J", "v1"}}))
			return true
		}),
	}
}

// endless sends bytes until the client has enough, or 256 MiB.
func endless(w http.ResponseWriter) {
	spaces := bytes.Repeat([]byte(" "), 64<<10)
	for range 4096 {
		if _, err := w.Write(spaces); err != nil {
			return
		}
	}
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

// bomb returns what unpacks to 300 MiB.
func bomb() []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	for range 300 {
		_, _ = z.Write(spaces)
	}
	_ = z.Close()
	return b.Bytes()
}
