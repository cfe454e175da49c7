// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package layout keeps artifacts on disk, as an [OCI image layout]: a directory,
// or a .tar archive of one, that oras, crane, regctl, skopeo and the like read
// as they are. It is recap's local store, the destination of a build without a
// registry, and what crosses an air gap.
//
// [Open] takes what is there, [Create] also makes what isn't. A [Store] has the
// methods of an oras target: Fetch, Exists, Push, Resolve, Tag, and the optional
// ones, so it stands wherever a registry can.
//
// # What holds
//
// Whatever moment a process is killed at, the layout opens again and what was
// tagged is whole: blobs are durable before index.json names them, and each file
// is replaced in one step (package durable). Any number of processes may read
// and write one directory at once; changes of index.json are serialised by a
// lock, blobs need none.
//
// Every byte that Fetch returns has been hashed before its reader sees the end.
// What isn't a regular file at the place of a blob (a symbolic link, a pipe, a
// device) is refused and never opened. index.json is read strictly, has a size
// limit ([MaxIndexSize]), and is never replaced when it can't be read. When only an
// entry of it can't be, the rest holds, and what depends on that entry is refused.
//
// A damaged blob is not found by Exists, which compares sizes and reads nothing;
// but once this process has seen it (Fetch, Check), Exists says that it isn't
// there. Push reads what is there; when it doesn't match, it moves it to a directory
// of the layout, .recap-quarantine, and puts the content in its place. So fetching
// again and pushing heals a store. Repair moves all that is damaged at once, and leaves
// alone what has not the name of a blob.
//
// # What is removed, and when
//
// Nothing but Delete and Prune removes anything. Prune removes what neither a tag nor
// another entry of index.json leads to; of a cache (see [Options]) also what has no
// tag and was not in use for a while, which the modification times of blobs tell
// there. From Create to Close a store shares a lock, .recap-lock-use, that Prune
// and Repair want alone: so nothing goes that a push has found there and is about to
// refer to. Tools other than recap know nothing of it; for them there is the
// age that Prune spares.
//
// # What index.json lists
//
// Tags, as entries with the annotation org.opencontainers.image.ref.name;
// manifests with a subject, so that they are found as referrers; and untagged
// manifests that nothing in the layout contains, listed by Commit. A child of an
// index isn't listed: 5,000 children would be written 5,000 times. An entry of a
// referrer has the annotation io.github.recap-oci.subject, which spares opening
// it when referrers of something else are asked for; it is a hint, and what the
// manifest says decides. What other tools wrote into the file is kept.
//
// When all tags of a layout are on one artifact, their entries also have the
// annotation that cosign verify --local-image looks for.
//
// Names are read as other tools write them: when no entry has exactly the name
// asked for, an entry whose full reference (docker.io/library/alpine:3.20) ends
// in that tag is it, provided that it is the only one.
//
// # Archives
//
// An archive is read in place: its headers once, its blobs when they are asked
// for. What is pushed goes to a directory beside it, and Commit writes a new
// archive with the old content and the new, in a fixed order and without times
// or owners, then replaces the old one in one step. So a commit costs the time
// and, until it is done, the space of the whole archive; a directory is the
// better place for what changes often. Without Commit nothing remains.
//
// Compressed archives are refused: they can't be read in place.
//
// # Why not oras's own store
//
// oras.land/oras-go/v2/content/oci truncates index.json before it writes it,
// has no lock between processes, reads the whole graph when opened, follows
// links, and takes a blob of the wrong content for present.
//
// [OCI image layout]: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
package layout
