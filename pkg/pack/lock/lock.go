// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// FileName is what a lock is called, beside the pack.yaml that it is of.
const FileName = "pack.lock"

// Version is that of the format.
const Version = 1

// MaxSize bounds a pack.lock, which is read whole: five thousand members of some
// thirty files each.
const MaxSize = 32 << 20

// Lock is a pack.lock: what a pack was made from.
type Lock struct {
	LockVersion int      `json:"lockVersion"`
	Pack        Pack     `json:"pack"`
	Members     []Member `json:"members"` // in reading order
}

// Pack is what a lock says of the pack.
type Pack struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // of pack.yaml
}

// Member is what a lock says of one member.
type Member struct {
	Name      string   `json:"name"`   // slug
	Ref       string   `json:"ref"`    // the path below pack.yaml, or the reference as written without oci://
	Digest    string   `json:"digest"` // of its manifest; of a path, of the one that it has in OCI's own form
	Size      int64    `json:"size"`
	MediaType string   `json:"mediaType"`
	License   string   `json:"license,omitempty"`
	Source    *Source  `json:"source,omitempty"`
	Signers   []string `json:"signers,omitempty"` // of a reference: who vouched for it, in words
	Files     []File   `json:"files"`
}

// Source is the original that a member retells.
type Source struct {
	Digest string `json:"digest"`
}

// File is one file of a member.
type File struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// Parse reads a pack.lock. What isn't one, or could be read in two ways, is
// recap.Stale with code bad-lock: nobody knows what it pinned.
func Parse(raw []byte) (*Lock, error) {
	damaged := func(err error) error {
		return recap.Errorf(recap.Stale, "bad-lock", "%s can't be understood: %w", FileName, err).
			WithHint("restore it from version control; or delete it, and what references lead to now is taken anew")
	}
	if len(raw) > MaxSize {
		return nil, damaged(fmt.Errorf("it is larger than %d bytes", MaxSize))
	}
	l := new(Lock)
	if err := canonical.Unmarshal(raw, l); err != nil {
		return nil, damaged(err)
	}
	if err := l.check(); err != nil {
		return nil, damaged(err)
	}
	return l, nil
}

func (l *Lock) check() error {
	switch {
	case l.LockVersion != Version:
		return fmt.Errorf("its version is %d, and this release of recap reads version %d", l.LockVersion, Version)
	case len(l.Members) > recap.MaxMembers:
		return fmt.Errorf("it has %d members, more than the %d of a pack", len(l.Members), recap.MaxMembers)
	}
	if err := recap.CheckSlug(l.Pack.Name); err != nil {
		return fmt.Errorf("the name of its pack: %w", err)
	}
	if err := checkDigest(l.Pack.Digest); err != nil {
		return fmt.Errorf("pack.yaml: %w", err)
	}
	slugs, refs := map[string]bool{}, map[string]bool{}
	for i, m := range l.Members {
		if err := m.check(); err != nil {
			return fmt.Errorf("member %d: %w", i+1, err)
		}
		if slugs[m.Name] || refs[m.Ref] {
			return fmt.Errorf("member %d: %s (%s) is there twice", i+1, m.Name, m.Ref)
		}
		slugs[m.Name], refs[m.Ref] = true, true
	}
	return nil
}

func (m Member) check() error {
	if err := recap.CheckSlug(m.Name); err != nil {
		return err
	}
	if err := checkDigest(m.Digest); err != nil {
		return err
	}
	switch {
	case m.Ref == "":
		return fmt.Errorf("%s has no ref", m.Name)
	case m.Size < 0:
		return fmt.Errorf("%s has a size of %d", m.Name, m.Size)
	case m.MediaType != ocispec.MediaTypeImageManifest:
		return fmt.Errorf("%s has the media type %.100q", m.Name, m.MediaType)
	}
	paths := map[string]bool{}
	for _, f := range m.Files {
		if err := checkDigest(f.Digest); err != nil {
			return fmt.Errorf("%s: %.200q: %w", m.Name, f.Path, err)
		}
		if f.Path == "" || f.Size < 0 || paths[f.Path] {
			return fmt.Errorf("%s: %.200q is no row of a file, or there twice", m.Name, f.Path)
		}
		paths[f.Path] = true
	}
	return nil
}

func checkDigest(s string) error {
	if d := digest.Digest(s); d.Validate() != nil || d.Algorithm() != digest.SHA256 {
		return fmt.Errorf("%.100q is no SHA-256 digest", s)
	}
	return nil
}

// Bytes returns the text of the lock: the same for the same lock everywhere, with
// keys in the order of RFC 8785, a line for each value, so that a review shows
// what changed.
func (l *Lock) Bytes() ([]byte, error) {
	raw, err := canonical.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", FileName, err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("writing %s: %w", FileName, err)
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// Write writes the lock to path, whole or not at all. Errors are recap.Local.
func (l *Lock) Write(path string) error {
	raw, err := l.Bytes()
	if err != nil {
		return err
	}
	if err := durable.WriteFile(path, raw, 0o666); err != nil {
		return durable.Explain(fmt.Errorf("writing %s: %w", FileName, err))
	}
	return nil
}

// Equal reports whether two locks have the same text.
func (l *Lock) Equal(other *Lock) bool {
	a, errA := l.Bytes()
	b, errB := other.Bytes()
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
