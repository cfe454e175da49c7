// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

// RootOptions say where the trusted root of a Sigstore instance comes from.
type RootOptions struct {
	// Path is a trusted_root.json; with it, nothing needs the network.
	Path string

	// TUFMirror and TUFRoot are a TUF repository's address and the path of its
	// first root.json. Default: Sigstore's public instance.
	TUFMirror, TUFRoot string

	// CacheDir keeps what TUF fetched.
	CacheDir string

	// Offline never asks the network: what TUF fetched before has to do.
	Offline bool
}

// Root is the trusted root of a Sigstore instance: certificate authorities,
// transparency logs, timestamp authorities. It is loaded when it is first
// needed. It is safe for concurrent use.
type Root struct {
	opts RootOptions
}

// NewRoot returns the root that opts describe and loads nothing.
func NewRoot(opts RootOptions) *Root { return &Root{opts: opts} }
