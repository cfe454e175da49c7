// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
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
		x, err := Parse(data)
		if err != nil {
			return
		}
		written, err := x.Marshal()
		if err != nil {
			t.Fatalf("can't be written: %v", err)
		}
		again, err := Parse(written)
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, written)
		}
		if len(again.entries) != len(x.entries) {
			t.Fatalf("%d entries became %d", len(x.entries), len(again.entries))
		}
		if len(again.bad) != len(x.bad) {
			t.Fatalf("%d bad entries became %d", len(x.bad), len(again.bad))
		}
		twice, err := again.Marshal()
		if err != nil || !bytes.Equal(written, twice) {
			t.Fatalf("written differently the second time (%v):\n%s\n%s", err, written, twice)
		}
		for name := range x.Tags() {
			if x.NameOf(name) == "" {
				t.Fatalf("tag %q is listed and not found", name)
			}
		}
		if x.DropBad() != (len(again.bad) > 0) || len(x.Bad()) > 0 {
			t.Fatal("bad entries stay")
		}
		for _, e := range x.entries {
			if blob.CheckDescriptor(e.Descriptor) != nil || strings.Contains(blob.Name(e.Digest), "..") {
				t.Fatalf("entry %+v", e)
			}
		}
	})
}
