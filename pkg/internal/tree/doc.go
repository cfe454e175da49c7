// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tree reads YAML, TOML and JSON into one kind of tree, in which every
// value keeps its place in the file, its spelling and its comments, and writes
// such a tree back as YAML or JSON.
//
// Start with [Parse]. Each language has a parser of its own:
//
//   - YAML goes through yaml.v3's nodes. What gives one document two readings
//     is refused: anchors, aliases, merge keys, tags, duplicate keys, a second
//     document.
//   - TOML is checked by go-toml's decoder, which knows the language's rules
//     about tables, and then read a second time with its syntax parser, the
//     only part of it that knows places. The second pass assumes what the
//     first one checked.
//   - JSON is read token by token with encoding/json. Reading it as YAML would
//     be less code, but wrong: YAML has no surrogate pairs (\ud83d\ude00), and
//     refuses a tab between tokens.
//
// Values nest at most [MaxDepth] deep; a parser that recurses is safe behind it.
package tree
