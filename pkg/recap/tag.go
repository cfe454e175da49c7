// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import "strings"

// maxTag is how long a tag may be, in bytes.
const maxTag = 128

// IsTag reports whether s is a tag by the grammar of the [distribution
// specification]: at most 128 letters, digits, dots, hyphens and underscores,
// the first of them neither dot nor hyphen.
//
// [distribution specification]: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
func IsTag(s string) bool {
	if s == "" || len(s) > maxTag || s[0] == '.' || s[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z'
		return !letter && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	})
}
