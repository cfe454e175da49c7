// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// Tag is the tag that names the root of a [Graph].
const Tag = "v1"

// Graph is the content of a layout or a registry that believes anything:
// what lies under a digest need not have it.
type Graph struct {
	Root  map[string]any           // the descriptor that the tag stands on
	Blobs map[digest.Digest][]byte // by the digests that they are offered under
	Holes map[digest.Digest]int64  // blobs of that many zeros
	Also  []any                    // descriptors that index.json lists beside the root
	Types map[digest.Digest]string // media types that a registry states; default: that of a manifest
	Raw   map[string][]byte        // files of the layout in place of those made from all this

	// Answer, where it is set, answers a registry's request in place of the
	// graph; it returns false to leave it to the graph.
	Answer func(w http.ResponseWriter, r *http.Request) bool
}

// files returns the small files of the layout, by path.
func (g *Graph) files() map[string][]byte {
	root := maps.Clone(g.Root)
	annotations, _ := root["annotations"].(map[string]any)
	annotations = maps.Clone(annotations)
	if annotations == nil {
		annotations = map[string]any{}
	}
	annotations[ocispec.AnnotationRefName] = Tag
	root["annotations"] = annotations
	files := map[string][]byte{
		ocispec.ImageLayoutFile: []byte(`{"imageLayoutVersion":"1.0.0"}`),
		ocispec.ImageIndexFile:  mustJSON(map[string]any{"schemaVersion": 2, "manifests": append([]any{root}, g.Also...)}),
	}
	for d, data := range g.Blobs {
		if d.Validate() == nil { // others name no file
			files["blobs/"+d.Algorithm().String()+"/"+d.Encoded()] = data
		}
	}
	maps.Copy(files, g.Raw)
	return files
}

// WriteLayout writes the graph into dir, as an image layout with the tag
// [Tag].
func (g *Graph) WriteLayout(dir string) error {
	for name, data := range g.files() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			return err
		}
	}
	for d, size := range g.Holes {
		if err := hole(filepath.Join(dir, "blobs", "sha256", d.Encoded()), size); err != nil {
			return err
		}
	}
	return nil
}

// hole makes a file of zeros that takes no room.
func hole(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// WriteArchive writes the graph into a file, as the archive of an image layout.
// Holes are left out.
func (g *Graph) WriteArchive(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	files := g.files()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			return err
		}
		if _, err := w.Write(files[name]); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), f.Close())
}

// Registry serves a [Graph] in every repository and under every tag,
// and keeps and believes what it is sent. It is an [http.Handler].
type Registry struct {
	Graph *Graph

	mu     sync.Mutex
	writes []string
	kept   map[digest.Digest][]byte
	types  map[digest.Digest]string
	listed map[string][]any // of the graph
}

// Writes returns the requests so far that would have changed a registry.
func (s *Registry) Writes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.writes)
}

// ServeHTTP answers as a registry does, without looking at what it says.
func (s *Registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.mu.Lock()
		s.writes = append(s.writes, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
	}
	if s.Graph.Answer != nil && s.Graph.Answer(w, r) {
		return
	}
	last := path.Base(r.URL.Path)
	switch kind := recaptest.Classify(r.Method, r.URL); {
	case r.Method == http.MethodPost:
		w.Header().Set("Location", r.URL.Path+"1")
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodPut:
		if subject := s.keep(r.Header.Get("Content-Type"), body); subject != "" {
			w.Header().Set("OCI-Subject", subject) // it lists referrers itself
		}
		w.Header().Set("Docker-Content-Digest", string(digest.FromBytes(body)))
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusAccepted)
	case kind == recaptest.Ping:
		w.WriteHeader(http.StatusOK)
	case kind == recaptest.Tags:
		fmt.Fprintf(w, `{"name":"x","tags":[%q]}`, Tag)
	case kind == recaptest.Referrers:
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		_, _ = w.Write(mustJSON(map[string]any{"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex, "manifests": s.referrers(last)}))
	case kind == recaptest.Manifest:
		s.manifest(w, last)
	default:
		s.blob(w, r, digest.Digest(last))
	}
}

func (s *Registry) manifest(w http.ResponseWriter, reference string) {
	d := digest.Digest(reference)
	if !strings.Contains(reference, ":") {
		if strings.HasPrefix(reference, "sha256-") { // a referrers tag
			w.WriteHeader(http.StatusNotFound)
			return
		}
		d = digest.Digest(s.Graph.Root["digest"].(string))
	}
	data, mediaType, ok := s.get(d)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if mediaType == "" {
		mediaType = ocispec.MediaTypeImageManifest
		if string(d) == s.Graph.Root["digest"] {
			mediaType, _ = s.Graph.Root["mediaType"].(string)
		}
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Docker-Content-Digest", string(d))
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = w.Write(data)
}

func (s *Registry) blob(w http.ResponseWriter, r *http.Request, d digest.Digest) {
	data, _, ok := s.get(d)
	size := int64(len(data))
	if zeros, hollow := s.Graph.Holes[d]; hollow {
		size, ok = zeros, true
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(size))
	w.Header().Set("Docker-Content-Digest", string(d))
	if r.Method == http.MethodHead {
		return
	}
	if data != nil {
		_, _ = w.Write(data)
		return
	}
	zeros := make([]byte, 64<<10)
	for ; size > 0; size -= int64(len(zeros)) {
		if _, err := w.Write(zeros[:min(size, int64(len(zeros)))]); err != nil {
			return // the client had enough
		}
	}
}

// keep keeps what was sent and returns the digest of its subject, if it has one.
func (s *Registry) keep(mediaType string, data []byte) (subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept, s.types = map[digest.Digest][]byte{}, map[digest.Digest]string{}
	}
	d := digest.FromBytes(data)
	s.kept[d], s.types[d] = data, mediaType
	var m struct {
		Subject ocispec.Descriptor `json:"subject"`
	}
	_ = json.Unmarshal(data, &m) // most blobs are no JSON
	return string(m.Subject.Digest)
}

// get returns a blob or manifest, the graph's before what was sent.
func (s *Registry) get(d digest.Digest) (data []byte, mediaType string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.Graph.Blobs[d]; ok {
		return data, s.Graph.Types[d], true
	}
	data, ok = s.kept[d]
	return data, s.types[d], ok
}

// referrers returns descriptors of the manifests whose subject has that digest,
// in the order of their digests, those that were sent last.
func (s *Registry) referrers(subject string) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listed == nil { // once: some graphs have tens of thousands of blobs
		s.listed = referrersIn(s.Graph.Blobs)
	}
	return slices.Concat([]any{}, s.listed[subject], referrersIn(s.kept)[subject])
}

// referrersIn returns descriptors of the manifests that have a subject, by its digest.
func referrersIn(blobs map[digest.Digest][]byte) map[string][]any {
	list := map[string][]any{}
	for _, d := range slices.Sorted(maps.Keys(blobs)) {
		var m struct {
			MediaType    string             `json:"mediaType"`
			ArtifactType string             `json:"artifactType"`
			Subject      ocispec.Descriptor `json:"subject"`
		}
		if bytes.Contains(blobs[d], []byte(`"subject"`)) && json.Unmarshal(blobs[d], &m) == nil && m.Subject.Digest != "" {
			subject := string(m.Subject.Digest)
			list[subject] = append(list[subject], map[string]any{"mediaType": m.MediaType, "artifactType": m.ArtifactType, "digest": d, "size": len(blobs[d])})
		}
	}
	return list
}

// mustJSON returns v, made of what JSON has.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
