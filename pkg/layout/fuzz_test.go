// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
)

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
			if blob.CheckDigest(d.Digest) != nil || d.Size < 0 {
				t.Fatalf("child %+v", d)
			}
		}
	})
}

func descriptorOf(data []byte) ocispec.Descriptor {
	return content.NewDescriptorFromBytes(sniffManifest(data), data)
}
