// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
)

// What is read as an index can be written and read again, and says the same.
func FuzzIndex(f *testing.F) {
	const entry = `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"annotations":{"org.opencontainers.image.ref.name":"docker.io/library/a:v1"},"x":[1]}`
	for _, seed := range []string{
		`{"schemaVersion":2,"manifests":[]}`, `{"schemaVersion":2,"manifests":null,"x":1e2}`, `{}`, `null`, `[`, "\x00",
		`{"schemaVersion":2,"manifests":[` + entry + `,` + entry + `]}`,
		`{"schemaVersion":2,"manifests":[` + strings.Replace(entry, `"size":2`, `"size":4611686018427387904`, 1) + `]}`,
		`{"schemaVersion":2,"manifests":[` + strings.Replace(entry, `sha256:4413`, `sha256:../..`, 1) + `]}`,
		`{"schemaVersion":2,"annotations":{"a":"<&>"},"manifests":[` + strings.Replace(entry, `:v1`, `@sha256:00`, 1) + `]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := parseIndex(data)
		if err != nil {
			return
		}
		written, err := x.marshal()
		if err != nil {
			t.Fatalf("can't be written: %v", err)
		}
		again, err := parseIndex(written)
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, written)
		}
		if len(again.entries) != len(x.entries) {
			t.Fatalf("%d entries became %d", len(x.entries), len(again.entries))
		}
		twice, err := again.marshal()
		if err != nil || !bytes.Equal(written, twice) {
			t.Fatalf("written differently the second time (%v):\n%s\n%s", err, written, twice)
		}
		for name := range x.tags() {
			if x.nameOf(name) == "" {
				t.Fatalf("tag %q is listed and not found", name)
			}
		}
		for _, e := range x.entries {
			if checkDescriptor(e.Descriptor) != nil || strings.Contains(blobName(e.Digest), "..") {
				t.Fatalf("entry %+v", e)
			}
		}
	})
}

// Reading the headers of anything neither fails badly nor finds members that
// lie outside.
func FuzzArchive(f *testing.F) {
	f.Add([]byte("not a tar"))
	f.Add(bytes.Repeat([]byte{0}, 1024))
	path := filepath.Join(f.TempDir(), "x.tar")
	s, err := Create(path, Options{})
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Commit(f.Context()); err != nil {
		f.Fatal(err)
	}
	if seed, err := os.ReadFile(path); err == nil {
		f.Add(seed)
		for _, typeflag := range []byte("1234567gxSLK") {
			changed := bytes.Clone(seed)
			changed[156] = typeflag
			f.Add(changed)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := &archive{members: make(map[string]span)}
		if a.scan(bytes.NewReader(data), int64(len(data))) != nil {
			return
		}
		for name, m := range a.members {
			if !isLayoutFile(name) || m.offset < 0 || m.size < 0 || m.offset+m.size > int64(len(data)) {
				t.Fatalf("member %q at %d, %d bytes, of %d", name, m.offset, m.size, len(data))
			}
			if n, err := io.Copy(io.Discard, io.NewSectionReader(bytes.NewReader(data), m.offset, m.size)); n != m.size || err != nil {
				t.Fatalf("member %q: %d bytes, %v", name, n, err)
			}
		}
	})
}

// Nothing that a manifest says leads outside the blobs.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}`))
	f.Add([]byte(`{"manifests":[{"digest":"sha256:../../x"}]}`))
	f.Add([]byte(`{"subject":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := parseNode(descriptorOf(data), data)
		if err != nil {
			return
		}
		for _, d := range append(n.blobs, n.members...) {
			if checkDigest(d.Digest) != nil || d.Size < 0 {
				t.Fatalf("child %+v", d)
			}
		}
	})
}

func descriptorOf(data []byte) ocispec.Descriptor {
	return content.NewDescriptorFromBytes(sniffManifest(data), data)
}
