// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pack makes a pack of a directory of recaps: it reads pack.yaml, finds
// the members, checks them one by one and beside one another, and returns a graph
// to push and the pack.lock that says what it was made from.
//
// Start with [Build], or with [Check] to know what is wrong without building.
// [Load] reads pack.yaml alone, [Scaffold] begins a pack; pkg/pack/lock
// reads a pack.lock.
//
// # Members
//
// An entry of members is a path, a glob or a reference. A path names a directory
// with an index.md, or a .md file. In a glob * and ? stand for parts of one name
// and ** for any number of directories; it takes what is a recap (it has the
// recap key, or a recap.yaml), skips other posts, and never takes what another
// entry took or names: so ./first and ./* is one first and then the rest. A
// reference, host/repo:tag, with or without oci://, is a bundle in a registry or
// a layout; the caller opens it, and decides whom it trusts. Where a path could
// be taken for a reference it begins with ./.
//
// The order of the entries is the reading order, and within a glob that of the
// bytes of the paths. A pack holds bundles, never another pack or itself.
//
// # What a pack says doesn't change its members
//
// Defaults, events, entities and aliases say what members mean together. They are
// part of the pack's own metadata, resolved by [recap.Glossary] when it is read,
// so that a bundle has the same digest within every pack. Only checks go by them: a
// name that pack.yaml declares isn't a reference to nothing, and a recap without a
// licence has the default.
//
// # pack.lock
//
// It pins what a reference led to: as long as it is there, the reference must
// lead to the same bundle, or building stops and says so. With Options.Frozen all
// else that differs from it stops the build, too. It is no protection against
// whoever can change the directory.
package pack
