// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// NameOf returns the name in the index that reference means: itself, or the one
// full reference that ends in this tag; empty if there is none. Only an entry that
// can't be read may have it: see [Index.Unreadable].
func (x *Index) NameOf(reference string) string {
	full := ""
	for name := range x.names {
		if name == reference {
			return name
		}
		if tagOf(name) == reference {
			if full != "" && full != name {
				full = ambiguous
				continue
			}
			full = name
		}
	}
	if full == ambiguous {
		return ""
	}
	return full
}

// ambiguous is a name that no entry has: several full references end in the tag.
const ambiguous = "\x00"

// Tags yields the names to ask Resolve for, each once.
func (x *Index) Tags() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		seen := make(map[string]bool)
		bySuffix := make(map[string]string) // tag -> the one full reference, or ambiguous
		for name := range x.names {
			tag := tagOf(name)
			if tag == "" {
				continue
			}
			if other, ok := bySuffix[tag]; ok && other != name {
				bySuffix[tag] = ambiguous
				continue
			}
			bySuffix[tag] = name
		}
		for name := range x.names {
			if tag := tagOf(name); tag != "" && bySuffix[tag] == name {
				name = tag
			}
			if name == "" || seen[name] {
				continue
			}
			seen[name] = true
			if !yield(name) {
				return
			}
		}
	}
}

// tagOf returns the tag at the end of a full reference such as
// docker.io/library/alpine:3.20, and nothing for what isn't one.
func tagOf(name string) string {
	slash, colon := strings.LastIndexByte(name, '/'), strings.LastIndexByte(name, ':')
	if colon <= slash || colon <= 0 || strings.Contains(name, "@") {
		return ""
	}
	if tag := name[colon+1:]; recap.IsTag(tag) {
		return tag
	}
	return ""
}
