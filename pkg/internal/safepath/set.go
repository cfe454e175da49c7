// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package safepath

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/recap-oci/recap/pkg/recap"
)

// CheckSet applies [Check] to each path and reports two that can't lie in one
// directory: equal ones, ones that a case-insensitive or normalising file system
// takes for equal (their directories included), and a file that is the directory
// of another.
//
// The error is a [recap.Unsafe] one, with code unsafe-path or path-collision.
func CheckSet(paths []string) error {
	files := make(map[string]string, len(paths)) // folded to spelled
	dirs := map[string]string{}
	for _, p := range paths {
		if err := Check(p); err != nil {
			return err
		}
		key := fold(p)
		if other, ok := files[key]; ok {
			if other == p {
				return collision("path %.120q is there twice", p)
			}
			return collision("paths %.120q and %.120q are one file where case doesn't count", other, p)
		}
		if dir, ok := dirs[key]; ok {
			return collision("path %.120q is a file, and %.120q a directory", p, dir)
		}
		files[key] = p
		for i := range len(p) {
			if p[i] != '/' {
				continue
			}
			dir := p[:i]
			key := fold(dir)
			if file, ok := files[key]; ok {
				return collision("path %.120q is a file, and the directory of %.120q", file, p)
			}
			if other, ok := dirs[key]; ok && other != dir {
				return collision("directories %.120q and %.120q are one where case doesn't count", other, dir)
			}
			dirs[key] = dir
		}
	}
	return nil
}

func collision(format string, args ...any) error {
	return recap.Errorf(recap.Unsafe, "path-collision", format, args...).
		WithHint("rename one of them")
}

// Reserved reports whether a component of p is a name that is never built into
// a bundle and never written from one, in whatever case: a policy, a lock file
// or trusted root, which would decide whom its reader trusts, or recap's own
// state.
func Reserved(p string) bool {
	for c := range strings.SplitSeq(fold(p), "/") {
		switch c {
		case recap.PolicyFile, recap.LockFile, recap.TrustedRoot:
			return true
		}
		if strings.HasPrefix(c, recap.StateDirectory) {
			return true
		}
	}
	return false
}

// fold maps names that some file system takes for equal to one string: canonical
// caseless matching as Unicode defines it (D145), which is that of APFS and of
// ext4's casefold; NTFS tells more names apart.
func fold(p string) string {
	return strings.Map(foldCherokee, norm.NFD.String(cases.Fold().String(norm.NFD.String(p))))
}

// foldCherokee folds the one script whose small letters fold to its capitals,
// which x/text exchanges: both cases would be two names.
// https://www.unicode.org/Public/15.0.0/ucd/CaseFolding.txt
func foldCherokee(r rune) rune {
	if r >= 0x13a0 && unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}
