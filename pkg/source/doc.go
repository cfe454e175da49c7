// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package source turns what an author wrote, a directory with an index.md or a
// single Markdown file, into a normalised [recap.Recap] and the list of its
// files, and says everything that is wrong with it at once.
//
// Start with [Load]. What is checked, and which findings count, is in pkg/rule;
// pkg/report prints them. [IsRecap] knows a recap from afar, and [Declare] reads
// what a pack.yaml declares by the same rules. Nothing is written here: that is
// pkg/draft.
//
// # What belongs to a recap
//
// Every regular file below the directory, except
//
//   - names that begin with a dot (.git, .DS_Store, .hugo_build.lock …), CVS,
//     Thumbs.db, desktop.ini and editors' backups that end in ~: left out
//     silently, because they differ between two copies of one recap. A link to
//     one of them is an error, so nothing that is needed goes missing;
//   - recap.policy.yaml, recap.lock, trusted_root.json and .recap*: refused
//     (R106). The one exception is the .recap directory that a pull leaves,
//     known by its receipt: it is left out, so that a pulled recap can be
//     edited and pushed again.
//
// A directory below it that holds an index.md of its own is refused (R110)
// rather than packed or left out: either would surprise somebody. Symbolic
// links, devices, FIFOs and sockets are refused without being opened.
//
// # The file system
//
// Load takes an [fs.FS] and asks it for file types with [fs.Lstat] and
// directory entries, so the file system must not resolve symbolic links in
// those two (implement [fs.ReadLinkFS]) and must not follow a link out of its
// root on Open. os.Root.FS does both and is what the command passes;
// os.DirFS does only the first.
//
// # Front matter
//
// YAML, TOML and JSON are read into one tree whose every value keeps its place
// and its spelling. Where the schema wants a text, a plain scalar is its
// spelling (dates, version: 1.10, country: NO); elsewhere it is decoded by
// type. Anchors, aliases, merge keys, tags and duplicate keys are refused: each
// lets two readers of one document see two documents. Unknown keys at the top
// belong to the site generator and are ignored; below recap: they are errors,
// except x-*, which travel in [recap.Recap.Extensions].
package source
