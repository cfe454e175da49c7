// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// MaxIndexSize is the largest index.json that is read or written, in bytes: it
// is parsed in memory. It holds some 50,000 tags.
const MaxIndexSize = 16 << 20

// maxLayoutFileSize bounds the file oci-layout, which holds one version.
const maxLayoutFileSize = 4 << 10

const layoutFileContent = `{"imageLayoutVersion":"` + ocispec.ImageLayoutVersion + `"}`

// annotationSubject names, in an entry of index.json, the digest that the
// manifest has as its subject. A hint only: see the package documentation.
const annotationSubject = "io.github.recap-oci.subject"

// index is index.json. One that has been handed out isn't changed any more.
type index struct {
	fields  map[string]json.RawMessage // as found, but for manifests
	entries []entry
}

// entry is one of its manifests.
type entry struct {
	ocispec.Descriptor
	raw json.RawMessage // as found; nil when it was made or changed here
}

// name is the reference that the entry has, empty when it is untagged.
func (e entry) name() string { return e.Annotations[ocispec.AnnotationRefName] }

func emptyIndex() *index {
	return &index{fields: map[string]json.RawMessage{
		"schemaVersion": json.RawMessage(`2`),
		"mediaType":     json.RawMessage(`"` + ocispec.MediaTypeImageIndex + `"`),
	}}
}

// parseIndex reads index.json. Its errors say what is wrong; the caller adds
// where.
func parseIndex(data []byte) (*index, error) {
	var head struct {
		SchemaVersion *int              `json:"schemaVersion"`
		MediaType     *string           `json:"mediaType"`
		Layers        json.RawMessage   `json:"layers"`
		Manifests     []json.RawMessage `json:"manifests"`
	}
	if err := canonical.Unmarshal(data, &head); err != nil {
		return nil, err
	}
	switch {
	case head.SchemaVersion == nil || *head.SchemaVersion != 2:
		return nil, errors.New("schemaVersion is not 2")
	case head.MediaType != nil && *head.MediaType != ocispec.MediaTypeImageIndex:
		return nil, fmt.Errorf("mediaType is %.100q, not %s", *head.MediaType, ocispec.MediaTypeImageIndex)
	case head.Layers != nil:
		return nil, errors.New("it has layers, so it is a manifest too")
	}
	x := &index{entries: make([]entry, 0, len(head.Manifests))}
	if err := json.Unmarshal(data, &x.fields); err != nil {
		return nil, err
	}
	delete(x.fields, "manifests")
	for i, raw := range head.Manifests {
		e := entry{raw: raw}
		// Not json.Unmarshal: each entry must match its fields' case too.
		if err := canonical.Unmarshal(raw, &e.Descriptor); err != nil {
			return nil, fmt.Errorf("manifests[%d]: %w", i, err)
		}
		if e.MediaType == "" {
			return nil, fmt.Errorf("manifests[%d]: no mediaType", i)
		}
		if err := checkDescriptor(e.Descriptor); err != nil {
			return nil, fmt.Errorf("manifests[%d]: %w", i, err)
		}
		x.entries = append(x.entries, e)
	}
	return x, nil
}

// marshal returns the index as it is written: entries with a name first, by
// name, then the others by digest, so that what was pushed at once in any order
// gives the same file.
func (x *index) marshal() ([]byte, error) {
	entries := forCosign(x.entries)
	slices.SortStableFunc(entries, func(a, b entry) int {
		if (a.name() == "") != (b.name() == "") {
			return strings.Compare(b.name(), a.name())
		}
		if c := strings.Compare(a.name(), b.name()); c != 0 {
			return c
		}
		return strings.Compare(string(a.Digest), string(b.Digest))
	})
	manifests := make([]json.RawMessage, len(entries))
	for i, e := range entries {
		manifests[i] = e.raw
		if e.raw == nil {
			raw, err := json.Marshal(e.Descriptor)
			if err != nil {
				return nil, err
			}
			manifests[i] = raw
		}
	}
	all := make(map[string]any, len(x.fields)+1)
	for name, value := range x.fields {
		all[name] = value
	}
	all["manifests"] = manifests
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(all); err != nil {
		return nil, err
	}
	data := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if len(data) > MaxIndexSize {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "index.json would have %d bytes, more than the limit of %d", len(data), int64(MaxIndexSize)).
			WithHint("start a second layout, or delete tags that nobody needs")
	}
	return data, nil
}

// annotationKind marks the one artifact of a layout that cosign verify
// --local-image, which takes no tag, is about.
const annotationKind = "kind"

const (
	kindImage = "dev.cosignproject.cosign/image"
	kindIndex = "dev.cosignproject.cosign/imageIndex"
)

// forCosign returns the entries with the mark on those that are tagged, when all
// of these are one artifact, and otherwise on none: cosign would take the first
// and say that the layout is verified. Entries that would lose what another tool
// put into them are left as they are.
func forCosign(entries []entry) []entry {
	var only digest.Digest
	several := false
	for _, e := range entries {
		if name := e.name(); name != "" && !referrersTagPattern().MatchString(name) {
			several = several || only != "" && only != e.Digest
			only = e.Digest
		}
	}
	marked := slices.Clone(entries)
	for i, e := range marked {
		want := ""
		if !several && e.Digest == only && e.name() != "" {
			want = kindImage
			if e.MediaType == ocispec.MediaTypeImageIndex {
				want = kindIndex
			}
		}
		is := e.Annotations[annotationKind]
		if is == want || is != "" && is != kindImage && is != kindIndex || !e.isPlain() {
			continue
		}
		marked[i].raw = nil
		marked[i].Annotations = maps.Clone(e.Annotations)
		if want == "" {
			delete(marked[i].Annotations, annotationKind)
		} else {
			marked[i].Annotations[annotationKind] = want
		}
	}
	return marked
}

// isPlain reports whether writing the entry anew loses nothing.
func (e entry) isPlain() bool {
	if e.raw == nil {
		return true
	}
	again, err := json.Marshal(e.Descriptor)
	if err != nil {
		return false
	}
	var a, b any
	return json.Unmarshal(e.raw, &a) == nil && json.Unmarshal(again, &b) == nil && reflect.DeepEqual(a, b)
}

// referrersTagPattern matches the tags of the referrers tag schema, and those
// that cosign gave its signatures in the past.
var referrersTagPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^sha(256|512)-[0-9a-f]{64,128}(\.(sig|att|sbom))?$`) })

func (x *index) clone() *index {
	return &index{fields: maps.Clone(x.fields), entries: slices.Clone(x.entries)}
}

func (x *index) lists(d digest.Digest) bool {
	return slices.ContainsFunc(x.entries, func(e entry) bool { return e.Digest == d })
}

// setTag makes name an entry for desc and nothing else's. What had the name
// before stays listed, untagged.
func (x *index) setTag(desc ocispec.Descriptor, name string) bool {
	old := slices.Clone(x.entries)
	for _, e := range old {
		if e.name() == name && e.Digest == desc.Digest && e.Size == desc.Size && e.MediaType == desc.MediaType &&
			countName(old, name) == 1 {
			return false
		}
	}
	x.dropNames(func(e entry) bool { return e.name() == name })
	x.entries = slices.DeleteFunc(x.entries, func(e entry) bool { return e.name() == "" && e.Digest == desc.Digest })
	desc.Annotations = maps.Clone(desc.Annotations)
	if desc.Annotations == nil {
		desc.Annotations = make(map[string]string, 1)
	}
	desc.Annotations[ocispec.AnnotationRefName] = name
	x.entries = append(x.entries, entry{Descriptor: desc})
	return true
}

// dropNames takes the names off the entries that match and keeps each manifest
// listed.
func (x *index) dropNames(match func(entry) bool) bool {
	var dropped []entry
	x.entries = slices.DeleteFunc(x.entries, func(e entry) bool {
		if !match(e) {
			return false
		}
		dropped = append(dropped, e)
		return true
	})
	for _, e := range dropped {
		if x.lists(e.Digest) {
			continue
		}
		e.raw = nil
		e.Annotations = maps.Clone(e.Annotations)
		for _, name := range nameAnnotations {
			delete(e.Annotations, name)
		}
		if kind := e.Annotations[annotationKind]; kind == kindImage || kind == kindIndex {
			delete(e.Annotations, annotationKind)
		}
		if len(e.Annotations) == 0 {
			e.Annotations = nil
		}
		x.entries = append(x.entries, e)
	}
	return len(dropped) > 0
}

// nameAnnotations are those that name an entry; the second is Docker's and
// containerd's.
var nameAnnotations = []string{ocispec.AnnotationRefName, "io.containerd.image.name"}

// add lists desc, untagged, unless it is listed already.
func (x *index) add(desc ocispec.Descriptor) bool {
	if x.lists(desc.Digest) {
		return false
	}
	x.entries = append(x.entries, entry{Descriptor: desc})
	return true
}

// remove takes every entry of d off the list.
func (x *index) remove(d digest.Digest) bool {
	n := len(x.entries)
	x.entries = slices.DeleteFunc(x.entries, func(e entry) bool { return e.Digest == d })
	return len(x.entries) != n
}

// unlist takes every untagged entry off the list whose digest is in set.
func (x *index) unlist(set map[digest.Digest]bool) bool {
	n := len(x.entries)
	x.entries = slices.DeleteFunc(x.entries, func(e entry) bool { return e.name() == "" && set[e.Digest] })
	return len(x.entries) != n
}

func countName(entries []entry, name string) int {
	n := 0
	for _, e := range entries {
		if e.name() == name {
			n++
		}
	}
	return n
}

// cachedIndex is an index as it was read, for as long as the file is the same.
type cachedIndex struct {
	index *index
	info  fs.FileInfo
	read  time.Time
}

// settled is how old a file must have been when it was read for its time to
// tell whether it changed since: file systems count time in steps.
const settled = 2 * time.Second

// view returns the index as it is now.
func (s *Store) view() (*index, error) {
	if _, err := s.places(); err != nil { // closed
		return nil, err
	}
	s.mu.RLock()
	current, cached := s.current, s.cache
	s.mu.RUnlock()
	if s.archive {
		return current, nil
	}
	if cached.index != nil && cached.read.Sub(cached.info.ModTime()) > settled {
		if info, err := os.Lstat(s.dir.file(ocispec.ImageIndexFile)); err == nil && sameFile(cached.info, info) {
			return cached.index, nil
		}
	}
	return s.readIndex()
}

// readIndex reads index.json of a directory.
func (s *Store) readIndex() (*index, error) {
	now := time.Now()
	file, info, err := openRegular(s.dir.file(ocispec.ImageIndexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.badIndex(errors.New("the file is missing"))
	}
	if err != nil {
		return nil, s.inFile(ocispec.ImageIndexFile, err)
	}
	defer file.Close()
	data, err := readBounded(file, info.Size(), MaxIndexSize)
	if err != nil {
		return nil, s.inFile(ocispec.ImageIndexFile, err)
	}
	x, err := parseIndex(data)
	if err != nil {
		return nil, s.badIndex(err)
	}
	s.mu.Lock()
	s.cache = cachedIndex{index: x, info: info, read: now}
	s.mu.Unlock()
	return x, nil
}

func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// badIndex names the file and what can be done. It is never repaired: tags that
// only it knew would be lost.
func (s *Store) badIndex(err error) error {
	var known *recap.Error
	if errors.As(err, &known) && known.Kind == recap.Unsafe {
		return s.inFile(ocispec.ImageIndexFile, err)
	}
	code := "bad-index"
	if known != nil {
		code = known.Code
	}
	return recap.Errorf(recap.Integrity, code, "layout %q: index.json: %w", s.path, err).
		WithHint("nothing was changed: put back a good index.json from a copy, or push into a new layout")
}

func (s *Store) inFile(name string, err error) error {
	return fmt.Errorf("layout %q: %s: %w", s.path, name, durable.Explain(err))
}

// checkLayoutFile refuses what isn't an image layout of the version known.
func (s *Store) checkLayoutFile(dir *directory) error {
	file, info, err := openRegular(dir.file(ocispec.ImageLayoutFile))
	if errors.Is(err, fs.ErrNotExist) {
		return recap.Errorf(recap.NotFound, "not-a-layout", "directory %q is not an image layout: it has no file oci-layout", s.path).
			WithHint("check the path; recap build PATH -o %s makes one in a new or empty directory", s.path)
	}
	if err != nil {
		return durable.Explain(err)
	}
	defer file.Close()
	data, err := readBounded(file, info.Size(), maxLayoutFileSize)
	if err != nil {
		return s.inFile(ocispec.ImageLayoutFile, err)
	}
	return s.parseLayoutFile(data)
}

func (s *Store) parseLayoutFile(data []byte) error {
	var layout ocispec.ImageLayout
	if err := canonical.Unmarshal(data, &layout); err != nil {
		return recap.Errorf(recap.Integrity, "bad-layout", "layout %q: oci-layout: %w", s.path, err).
			WithHint(`the file should hold %s`, layoutFileContent)
	}
	if layout.Version != ocispec.ImageLayoutVersion {
		return recap.Errorf(recap.Integrity, "bad-layout", "layout %q: oci-layout: version %.50q is not %s", s.path, layout.Version, ocispec.ImageLayoutVersion).
			WithHint("write it anew with a tool that writes version %s", ocispec.ImageLayoutVersion)
	}
	return nil
}

// readBounded reads a small file whole.
func readBounded(r io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "%d bytes are more than the limit of %d", size, limit).WithHint(hintMalformed)
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "it grew over the limit of %d bytes while it was read", limit).WithHint(hintMalformed)
	}
	return data, nil
}
