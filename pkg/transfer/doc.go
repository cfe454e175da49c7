// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package transfer moves artifacts between registries, OCI layouts and
// directories in the one order that is safe: [Push], [Pull], [Copy], and the
// small verbs beside them ([Tag], [Delete], [List], [Inspect]).
//
// What every function here keeps:
//
//   - A reference is resolved once. [Resolve] returns a [Pinned] source, which
//     holds the root's bytes and has no way to ask what a tag names now.
//   - What is referred to is stored before what refers to it: blobs, manifests,
//     root, signatures, and tags last. Whoever finds a tag finds everything.
//   - A destination directory is what it was, or complete. [folder.Folder] stages beside
//     it and takes one step; where one step is impossible it writes down what is
//     left to do, and the next run finishes that.
//   - Only what somebody vouched for is written: Pull takes a [trust.Admitted].
//   - A version costs what changed: of a pack, what the destination of a push or
//     copy and the store of a pull have of an earlier one is neither sent nor
//     asked for again.
//
// Sources and destinations are oras interfaces. Optional ones
// ([registry.ReferencePusher], [registry.ReferenceFetcher],
// [registry.ReferrerLister], [registry.TagLister], [registry.Mounter]) save
// requests where they are there. A destination with a method
// Commit(context.Context) error, as archives have, is committed after the last
// tag.
//
// Requests that don't depend on each other are made side by side; how many of
// them reach one host at once is the target's business.
package transfer
