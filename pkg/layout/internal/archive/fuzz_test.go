// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"io"
	"testing"
)

// Reading the headers of anything neither fails badly nor finds members that
// lie outside.
func FuzzArchive(f *testing.F) {
	f.Add([]byte("not a tar"))
	f.Add(bytes.Repeat([]byte{0}, 1024))
	var seed bytes.Buffer
	if err := Write(f.Context(), &seed, []File{{Name: "oci-layout", Data: []byte("{}")}, {Name: "index.json", Data: []byte("{}")}}); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	for _, typeflag := range []byte("1234567gxSLK") {
		changed := bytes.Clone(seed.Bytes())
		changed[156] = typeflag
		f.Add(changed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := &Archive{members: make(map[string]span)}
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
