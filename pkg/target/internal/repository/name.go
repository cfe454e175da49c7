// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"regexp"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

var (
	namePattern   = compiled(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)
	digestPattern = compiled(`^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)
)

// compiled compiles expr when it is first needed: a verb that asks no registry
// doesn't pay for it.
func compiled(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// IsName reports whether s names a repository, its host left out.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
func IsName(s string) bool { return namePattern().MatchString(s) }

// IsDigest reports whether s is a digest that content is verified by.
func IsDigest(s string) bool { return digestPattern().MatchString(s) }

// CheckTag refuses what no registry takes for a tag: recap.Usage,
// bad-reference.
func CheckTag(tag string) error {
	switch {
	case tag == "":
		return bad("the tag is empty")
	case len(tag) > 128:
		return bad("tag %s is longer than 128 bytes", printable.Quote(tag))
	case recap.IsTag(tag):
		return nil
	}
	return bad("%s is not a tag", printable.Quote(tag)).WithHint("a tag is letters, digits, _ . and -, and starts with none of the last two")
}

// checkReference accepts a tag or a digest, which it returns; all else is
// recap.Usage, bad-reference.
func checkReference(reference string) (digest.Digest, error) {
	if !strings.Contains(reference, ":") {
		return "", CheckTag(reference)
	}
	if !IsDigest(reference) {
		return "", bad("reference %s is not a digest", printable.Quote(reference)).WithHint("a digest is sha256: and 64 lower-case hexadecimal digits")
	}
	return digest.Digest(reference), nil
}

// bad is the error for what no registry can be asked for.
func bad(format string, args ...any) *recap.Error {
	return recap.Errorf(recap.Usage, "bad-reference", format, args...)
}
