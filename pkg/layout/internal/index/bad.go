// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/json"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
)

// maxBad is how many entries may be bad for the rest to be read: more is not a list
// with a fault, and each costs the memory of an error.
const maxBad = 100

// Bad is an entry that can't be read, or that no layout can have: of another size,
// say, than blobs may have. It stays where it is until [Index.DropBad].
type Bad struct {
	// Err says what is wrong, and which of the list's entries it is.
	Err error

	annotations map[string]string
	known       bool // what its annotations are
	raw         json.RawMessage
}

func newBad(i int, raw json.RawMessage, err error) Bad {
	b := Bad{Err: fmt.Errorf("manifests[%d]: %w", i, err), raw: raw}
	var said struct {
		Annotations map[string]string `json:"annotations"`
	}
	if canonical.Unmarshal(raw, &said) == nil {
		b.annotations, b.known = said.Annotations, true
	}
	return b
}

// Annotation returns one of its annotations, empty when it has none of that name,
// and false where that can't be told.
func (b Bad) Annotation(name string) (value string, known bool) {
	return b.annotations[name], b.known
}

// Name is the reference that the entry has, as far as that can be told.
func (b Bad) Name() (name string, known bool) { return b.Annotation(ocispec.AnnotationRefName) }

// Bad returns the entries that can't be read. Nobody changes the list.
func (x *Index) Bad() []Bad { return x.bad }

// Unreadable returns what is wrong with an entry that has this name, if there is one;
// unsure is about one that may have it.
func (x *Index) Unreadable(name string) (sure, unsure error) {
	for _, b := range x.bad {
		switch is, known := b.Name(); {
		case !known:
			unsure = b.Err
		case is == name && name != "":
			return b.Err, nil
		}
	}
	return nil, unsure
}

// DropBad takes the entries that can't be read off the list.
func (x *Index) DropBad() bool {
	dropped := len(x.bad) > 0
	x.bad = nil
	return dropped
}

// names are those that entries have, each as often as it is there, also of what
// can't be read.
func (x *Index) names(yield func(name string) bool) {
	for _, e := range x.entries {
		if !yield(e.Name()) {
			return
		}
	}
	for _, b := range x.bad {
		if name, known := b.Name(); known && !yield(name) {
			return
		}
	}
}
