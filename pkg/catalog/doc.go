// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package catalog derives from the members of a pack what machines read of it:
// the texts in chunks, the facts one by one, where they contradict one another,
// and llms.txt.
//
// [Build] makes the views that [artifact.BuildPack] takes; [ReadChunks] and
// [ReadFacts] read them back. [Source.Split], [Source.List] and [Conflicts] are
// what Build is made of: pure functions of what they are given.
//
// Nothing here says more than the members do. A line names the member that it
// is from, by digest, and the lines of the file where it stands, with the digest
// of these bytes: whoever quotes a chunk can be held to the text. What is true of
// a pack as pulled, and not of its content, stands in no line: name and version
// of the pack, its digest, who signed it. Else each version would change every
// shard.
//
// # Shards
//
// Chunks and facts are JSON Lines, each line RFC 8785 JSON, in shards of
// consecutive members. Where a shard ends depends on the slugs around that place
// alone: a member begins one when the hash of its slug is the smallest of the
// 33 members around it. So an edit of a member changes the shard that it is in,
// and a member that comes or goes changes that shard and, at most, where the next
// one begins, however many there are. Shards of a fixed number of members would
// all change; shards cut by size would change with every edit.
//
// A shard is one Zstandard frame, compressed in one call with one setting that
// never changes. Other implementations, other releases of this one, and writing
// it piece by piece may give other bytes of the same content; the digests in
// testdata tell when they do.
//
// # What is read is somebody else's
//
// The text of a chunk is the text of a recap without its markup: no HTML, no
// comments, no address of a link. It is data from a third party all the same, to
// be shown and quoted, never followed.
package catalog
