// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package artifact turns a recap into an OCI graph and a graph back into a
// recap: format v1 of bundles, and of the packs that collect them.
//
// Writing starts with [BuildBundle], which hashes the files of a recap and
// returns a [Graph] to push; the same recap gives the same digest on every
// machine, at any time. [BuildPack] makes a graph of many: of bundles built here
// and of such that lie in a source, each a [Member]. Reading starts with [Open],
// which fetches manifest and config of a bundle, with [OpenPack], which fetches
// index and catalog of a pack and no member, or with [Parse] and [Walk] for any
// OCI graph.
//
// Whatever comes from a registry or a layout passes through this package first,
// and has one meaning when it comes out. Bytes are compared with digest and size
// before they are parsed; JSON with duplicate or case-variant keys is refused,
// and so is a manifest that contradicts its descriptor or could be read as an
// index, a bundle whose file table and layers differ, a pack whose index, catalog
// and config list other members, and every title that is no safe path. Artifacts of others (images, signatures) are parsed as strictly,
// but for the rules of the format, so that they can be inspected and copied.
//
// The types of an artifact can be written in two ways, see [Form]: as OCI has it,
// and as an image for registries that refuse what they don't know. Reading
// translates the second into the first, strictly: its annotations appear in all
// of the places where they belong or in none, and a pack with all that it lists
// is in one form. A member in another form could be put into a pack only by
// writing it anew, which its publisher has to do, since its signature is about
// the old digest.
//
// Digests are SHA-256 throughout: what referrers tags, layouts and signatures
// are about everywhere, and the one algorithm that every registry stores.
// Subjects are never followed, and neither URLs nor embedded data of descriptors
// are ever used in the place of a fetch.
//
// Errors are [recap.Error] values of kind [recap.Integrity] for what is malformed
// or doesn't match and [recap.Unsafe] for what exceeds a limit or must not be
// written. Errors of a storage are passed on.
package artifact
