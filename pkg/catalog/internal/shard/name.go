// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shard

import "strings"

const suffix = ".jsonl.zst"

// Path returns where a shard lies in a directory of a catalog. It is called after
// its first member, so that the name stays when others come and go.
func Path(directory, slug string) string { return directory + slug + suffix }

// SlugOf returns the slug that a shard is called after; ok is false for the path
// of something else.
func SlugOf(path, directory string) (slug string, ok bool) {
	name, ok := strings.CutPrefix(path, directory)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, suffix)
}
