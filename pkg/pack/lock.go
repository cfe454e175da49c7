// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

// LockVersion is the version of the format of pack.lock.
const LockVersion = 1

// Lock is a pack.lock: what a pack was made from.
type Lock struct {
	LockVersion int            `json:"lockVersion"`
	Pack        LockedPack     `json:"pack"`
	Members     []LockedMember `json:"members"` // in reading order
}

// LockedPack is what a lock says of the pack.
type LockedPack struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // of pack.yaml
}

// LockedMember is what a lock says of one member.
type LockedMember struct {
	Name      string        `json:"name"` // slug
	Ref       string        `json:"ref"`  // the path below pack.yaml, or the reference as written without oci://
	Digest    string        `json:"digest"`
	Size      int64         `json:"size"`
	MediaType string        `json:"mediaType"`
	License   string        `json:"license,omitempty"`
	Source    *LockedSource `json:"source,omitempty"`
	Signers   []string      `json:"signers,omitempty"` // of a reference: who vouched for it, in words
	Files     []LockedFile  `json:"files"`
}

// LockedSource is the original that a member retells.
type LockedSource struct {
	Digest string `json:"digest"`
}

// LockedFile is one file of a member.
type LockedFile struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}
