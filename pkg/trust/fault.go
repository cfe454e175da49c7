// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"errors"
	"strings"

	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/internal/scope"
	"github.com/recap-oci/recap/pkg/recap"
)

// fault is what is known of how a bad signature came to be one.
type fault int

const (
	// attached: it lies there as somebody put it there, which everybody may who
	// may write to the repository.
	attached fault = iota

	// altered: what came is not what its digest or its size says, twice. What
	// keeps or carries it did that; nobody who signs can.
	altered

	// absent: it is listed, and it or its bundle isn't there.
	absent

	// mislisted: it is listed for this root, and says that it is about another.
	mislisted
)

// bad returns how many candidates are bad signatures, with the reason and the
// fault of the first that somebody put there so, else of the first.
func (f findings) bad() (n int, reason string, what fault) {
	for _, c := range f.candidates {
		if c.report.Outcome != BadSignature {
			continue
		}
		if n++; n == 1 || what != attached && c.fault == attached {
			reason, what = c.report.Reason, c.fault
		}
	}
	return n, reason, what
}

// isAltered reports whether err is that content isn't what its descriptor says.
func isAltered(err error) bool {
	var known *recap.Error
	if errors.As(err, &known) {
		return known.Code == "digest-mismatch" || known.Code == "size-mismatch"
	}
	return errors.Is(err, content.ErrMismatchedDigest) || errors.Is(err, content.ErrInvalidDescriptorSize) || errors.Is(err, content.ErrTrailingData)
}

// afterBad says whose doing a bad signature is, as far as that is known, and what
// to do about it.
func (report *Report) afterBad(what fault) string {
	where, who := "the registry", "whoever runs it"
	host, _, _ := strings.Cut(report.Name, "/")
	layout := strings.HasPrefix(report.Name, scope.Layout)
	switch {
	case layout:
		where, who = "the layout", "whoever made it"
	case host != "":
		where, who = host, "whoever runs "+host
	}
	switch {
	case what == altered && layout:
		return "it was changed in the layout, not by its publisher: copy it there anew from where it came, or tell " + who
	case what == altered:
		return "it was changed in " + where + " or on its way, not by its publisher: try again, and if it stays so tell " + who
	case what == absent:
		return where + " lists what it doesn't hold, as after a copy or a clean-up that left it out: copy it there anew from where it came, or tell " + who
	case what == mislisted:
		return where + " lists it for what it isn't about, which says nothing of its publisher: tell " + who
	}
	return "everybody who may write there can have put it there, and its publisher can say whether it is theirs: don't use it before they do"
}
