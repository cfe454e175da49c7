// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"os"
	"testing"

	"github.com/recap-oci/recap/pkg/source"
)

func BenchmarkLoad(b *testing.B) {
	text, err := os.ReadFile("../../examples/recaps/kubecon-eu-2024-ablock/index.md")
	if err != nil {
		b.Fatal(err)
	}
	fsys := dir(string(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, _, err := source.Load(fsys, ".", source.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
