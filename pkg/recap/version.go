// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"strings"

	"golang.org/x/mod/semver"
)

// maxVersion is how long a version may be, in bytes: as long as a tag, since
// tags spell versions.
const maxVersion = maxTag

// IsVersion reports whether s is a version of a pack or a bundle: a whole
// semantic version without build metadata, which has no order and no place in
// a tag, and without a leading v. 1.2.3 and 1.2.3-rc.1 are; 1.2 isn't.
func IsVersion(s string) bool {
	core, _, _ := strings.Cut(s, "-")
	return len(s) <= maxVersion && strings.Count(core, ".") == 2 && !strings.Contains(s, "+") && semver.IsValid("v"+s)
}

// CheckVersion returns an error when s is none by IsVersion. The error is an
// [Error] of kind [Usage] with code bad-version.
func CheckVersion(s string) error {
	if IsVersion(s) {
		return nil
	}
	err := Errorf(Usage, "bad-version", "%.150q is not a version", s)
	plain := strings.TrimPrefix(s, "v")
	base, _, hasBuild := strings.Cut(plain, "+")
	switch {
	case plain != s && IsVersion(plain):
		return err.WithHint("write it without the v: %s", plain)
	case hasBuild && IsVersion(base):
		return err.WithHint("leave out the build metadata, which has no order: %s", base)
	default:
		return err.WithHint("a version is three numbers, and may name a pre-release: 1.2.3, 1.2.3-rc.1")
	}
}

// CompareVersions returns a number below, equal to or above zero as version a
// is lower than, as high as or higher than b. Both are versions by IsVersion;
// anything else is lower than every version.
func CompareVersions(a, b string) int {
	return semver.Compare("v"+a, "v"+b)
}
