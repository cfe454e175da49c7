// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

// A frame depends on its content alone.
func TestCompress(t *testing.T) {
	first, err := Compress([]byte("the same"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compress(make([]byte, 9<<20)); err != nil {
		t.Fatal(err)
	}
	again, err := Compress([]byte("the same"))
	if err != nil || !slices.Equal(first, again) {
		t.Errorf("%x, then %x: %v", first, again, err)
	}
	if empty, err := Compress(nil); err != nil || len(empty) == 0 {
		t.Errorf("nothing is %x: %v", empty, err)
	}
}

// FuzzDecompress: a frame of anybody's making becomes at most so much text, in
// lines that aren't too long, or an error that says what is wrong with it.
func FuzzDecompress(f *testing.F) {
	for _, text := range []string{"", "text", strings.Repeat("line\n", 1<<12)} {
		raw, err := Compress([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, done, err := Decompress(raw)
		if err != nil {
			return
		}
		defer done()
		total := 0
		for line, err := range Lines(io.LimitReader(r, 1<<20)) { // that it ends, pkg/catalog.TestReadBomb shows
			var known *recap.Error
			if err != nil && (!errors.As(err, &known) || known.Kind != recap.Integrity && known.Kind != recap.Unsafe) {
				t.Errorf("refused as %v", err)
			}
			if total += len(line); total > 1<<20 {
				t.Errorf("%d bytes of at most %d", total, 1<<20)
			}
		}
	})
}
