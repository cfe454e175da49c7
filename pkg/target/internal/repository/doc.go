// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package repository is one repository of a registry: its blobs, manifests, tags
// and referrers, in oras's interfaces. Start at [New].
//
// It knows what to ask for, and what an answer is worth. A manifest has the digest
// of its bytes, and is refused when that isn't the one that was asked for or the
// registry says otherwise. A blob is a stream of as many bytes as its descriptor
// says, taken up again where it broke off; whoever reads it verifies it. Lists
// without end, and pages that lead elsewhere, are refused, and not having been told
// of referrers is never having none. What a registry may only have said that it
// stored is looked for.
//
// How a request gets there, and how often it is tried, is for package host.
package repository
