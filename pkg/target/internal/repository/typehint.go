// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// hintTypes are the types of a manifest, which decide what can be done where it
// was refused for them.
type hintTypes struct {
	ArtifactType string             `json:"artifactType"`
	Config       ocispec.Descriptor `json:"config"`
	Subject      json.RawMessage    `json:"subject"`
}

// withTypeHint says of an error what can be done about it where the registry
// refused a manifest, data, for its type.
func withTypeHint(err error, data []byte) error {
	e, ok := errors.AsType[*recap.Error](err)
	if !ok || e.Code != "registry-refuses-type" {
		return err
	}
	var m hintTypes
	if json.Unmarshal(data, &m) != nil {
		return err
	}
	hint := e.Hint
	switch {
	case m.Subject != nil:
		hint = "it takes no signature or attestation: its operator can allow " + printable.Quote(cmp.Or(m.ArtifactType, m.Config.MediaType))
	case strings.HasPrefix(m.ArtifactType, ownTypes):
		hint = "publish it in the form of an image, which has another digest and is read the same: recap push PATH REF --compat image"
	}
	// Not written into e, which others may hold: it ends all that goes up with it.
	return &recap.Error{Kind: e.Kind, Code: e.Code, Hint: hint, Err: err}
}

// ownTypes is how the artifact types of recap begin.
const ownTypes = "application/vnd.recap."
