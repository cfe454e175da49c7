// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import "regexp"

var tagPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// IsTag reports whether s is a tag by the grammar of the [distribution
// specification]: at most 128 letters, digits, dots, hyphens and underscores,
// the first of them neither dot nor hyphen.
//
// [distribution specification]: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
func IsTag(s string) bool { return tagPattern.MatchString(s) }
