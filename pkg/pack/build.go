// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"context"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// Resolve opens the bundle that ref leads to now, once somebody the caller trusts
// vouches for it. ref is as in pack.yaml without oci://. pin is what pack.lock
// says it led to before, empty where it says nothing or isn't asked: who can't
// find out where a tag leads, being offline, may return that bundle.
//
// It is called for several references at once. Its errors are passed on with the
// reference and its line.
type Resolve func(ctx context.Context, ref string, pin digest.Digest) (Resolved, error)

// Resolved is what a reference leads to.
type Resolved struct {
	Member  artifact.Member
	Signers []string // who vouched for it, in words, for pack.lock
}

// Options are the choices of [Build] and [Check].
type Options struct {
	// Version takes the place of pack.yaml's, without a leading v. Default: that
	// of pack.yaml, and without one nothing is built.
	Version string

	// Level is what findings are held to. Default: recap.LevelValid.
	Level recap.Level

	// Frozen refuses what differs from pack.lock, and a pack without one.
	Frozen bool

	// Renew takes references for what they lead to now, whatever pack.lock says.
	Renew bool

	// Draft takes members that say draft: true.
	Draft bool

	// MaxFileSize is the most bytes that one file may have. Default:
	// recap.MaxFileSize.
	MaxFileSize int64

	// SourceDateEpoch is the creation time of members, and of a pack, that state
	// none.
	SourceDateEpoch *time.Time
}

// Built is what came of a pack.
type Built struct {
	File        *File           // nil where pack.yaml can't be understood
	Graph       *artifact.Graph // nil where the error isn't
	Lock        *Lock           // what to write to pack.lock; nil with Graph
	LockChanged bool            // it says something else than the pack.lock that is there
	Problems    []recap.Problem // ordered by place; paths are relative to pack.yaml
}
