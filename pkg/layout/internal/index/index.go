// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/recap"
)

// MaxSize is the largest index.json that is read or written, in bytes: it
// is parsed in memory. It holds some 50,000 tags.
const MaxSize = 16 << 20

// Index is index.json. One that has been handed out isn't changed any more.
type Index struct {
	fields  map[string]json.RawMessage // as found, but for manifests
	entries []Entry
	bad     []Bad
}

// Entry is one of its manifests.
type Entry struct {
	ocispec.Descriptor
	raw json.RawMessage // as found; nil when it was made or changed here
}

// Name is the reference that the entry has, empty when it is untagged.
func (e Entry) Name() string { return e.Annotations[ocispec.AnnotationRefName] }

// New is the index of a layout that has nothing.
func New() *Index {
	return &Index{fields: map[string]json.RawMessage{
		"schemaVersion": json.RawMessage(`2`),
		"mediaType":     json.RawMessage(`"` + ocispec.MediaTypeImageIndex + `"`),
	}}
}

// Parse reads index.json. Its errors say what is wrong; the caller adds
// where. An entry that can't be read is no error, but one of [Index.Bad], unless there
// are more than a hundred.
func Parse(data []byte) (*Index, error) {
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
	x := &Index{entries: make([]Entry, 0, len(head.Manifests))}
	if err := json.Unmarshal(data, &x.fields); err != nil {
		return nil, err
	}
	delete(x.fields, "manifests")
	for i, raw := range head.Manifests {
		e, err := parseEntry(raw)
		if err == nil {
			x.entries = append(x.entries, e)
			continue
		}
		x.bad = append(x.bad, newBad(i, raw, err))
		if len(x.bad) > maxBad {
			return nil, fmt.Errorf("more than %d entries can't be read: %w", maxBad, x.bad[0].Err)
		}
	}
	return x, nil
}

func parseEntry(raw json.RawMessage) (Entry, error) {
	e := Entry{raw: raw}
	// Not json.Unmarshal: each entry must match its fields' case too.
	if err := canonical.Unmarshal(raw, &e.Descriptor); err != nil {
		return Entry{}, err
	}
	if e.MediaType == "" {
		return Entry{}, errors.New("no mediaType")
	}
	return e, blob.CheckDescriptor(e.Descriptor)
}

// Marshal returns the index as it is written: entries with a name first, by
// name, then the others by digest, so that what was pushed at once in any order
// gives the same file, then those that can't be read, as they were found.
func (x *Index) Marshal() ([]byte, error) {
	entries := x.entries
	if len(x.bad) == 0 {
		entries = forCosign(x.entries)
	}
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		if (a.Name() == "") != (b.Name() == "") {
			return strings.Compare(b.Name(), a.Name())
		}
		if c := strings.Compare(a.Name(), b.Name()); c != 0 {
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
	for _, b := range x.bad {
		manifests = append(manifests, b.raw)
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
	if len(data) > MaxSize {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "index.json would have %d bytes, more than the limit of %d", len(data), int64(MaxSize)).
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
func forCosign(entries []Entry) []Entry {
	var only digest.Digest
	several := false
	for _, e := range entries {
		if name := e.Name(); name != "" && !referrersTagPattern().MatchString(name) {
			several = several || only != "" && only != e.Digest
			only = e.Digest
		}
	}
	marked := slices.Clone(entries)
	for i, e := range marked {
		want := ""
		if !several && e.Digest == only && e.Name() != "" {
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
func (e Entry) isPlain() bool {
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

// Entries are the entries in the order in which they stand there. Nobody changes the
// list.
func (x *Index) Entries() []Entry { return x.entries }

// Clone returns a copy to be changed.
func (x *Index) Clone() *Index {
	return &Index{fields: maps.Clone(x.fields), entries: slices.Clone(x.entries), bad: x.bad}
}

// Lists reports whether an entry, with or without a name, is about d.
func (x *Index) Lists(d digest.Digest) bool {
	return slices.ContainsFunc(x.entries, func(e Entry) bool { return e.Digest == d })
}

// SetTag makes name an entry for desc and nothing else's. What had the name
// before stays listed, untagged.
func (x *Index) SetTag(desc ocispec.Descriptor, name string) bool {
	old := slices.Clone(x.entries)
	for _, e := range old {
		if e.Name() == name && e.Digest == desc.Digest && e.Size == desc.Size && e.MediaType == desc.MediaType &&
			countName(old, name) == 1 {
			return false
		}
	}
	x.dropNames(func(e Entry) bool { return e.Name() == name })
	x.entries = slices.DeleteFunc(x.entries, func(e Entry) bool { return e.Name() == "" && e.Digest == desc.Digest })
	desc.Annotations = maps.Clone(desc.Annotations)
	if desc.Annotations == nil {
		desc.Annotations = make(map[string]string, 1)
	}
	desc.Annotations[ocispec.AnnotationRefName] = name
	x.entries = append(x.entries, Entry{Descriptor: desc})
	return true
}

// DropName takes name off what has it and keeps that listed.
func (x *Index) DropName(name string) bool {
	return x.dropNames(func(e Entry) bool { return e.Name() == name })
}

// dropNames takes the names off the entries that match and keeps each manifest
// listed.
func (x *Index) dropNames(match func(Entry) bool) bool {
	var dropped []Entry
	x.entries = slices.DeleteFunc(x.entries, func(e Entry) bool {
		if !match(e) {
			return false
		}
		dropped = append(dropped, e)
		return true
	})
	for _, e := range dropped {
		if x.Lists(e.Digest) {
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

// Add lists desc, untagged, unless it is listed already.
func (x *Index) Add(desc ocispec.Descriptor) bool {
	if x.Lists(desc.Digest) {
		return false
	}
	x.entries = append(x.entries, Entry{Descriptor: desc})
	return true
}

// Remove takes every entry of d off the list.
func (x *Index) Remove(d digest.Digest) bool {
	n := len(x.entries)
	x.entries = slices.DeleteFunc(x.entries, func(e Entry) bool { return e.Digest == d })
	return len(x.entries) != n
}

// Unlist takes every untagged entry off the list whose digest is in set.
func (x *Index) Unlist(set map[digest.Digest]bool) bool {
	n := len(x.entries)
	x.entries = slices.DeleteFunc(x.entries, func(e Entry) bool { return e.Name() == "" && set[e.Digest] })
	return len(x.entries) != n
}

func countName(entries []Entry, name string) int {
	n := 0
	for _, e := range entries {
		if e.Name() == name {
			n++
		}
	}
	return n
}
