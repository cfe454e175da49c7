// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"time"
)

// RootReport is what a [Root] trusts and until when, for people and programs.
// Its texts come from outside: print them escaped.
type RootReport struct {
	// Source is the path of the file, or the address of the TUF repository.
	Source string `json:"source"`

	CertificateAuthorities []RootMember `json:"certificateAuthorities"`
	TransparencyLogs       []RootMember `json:"transparencyLogs"`
	CertificateLogs        []RootMember `json:"certificateLogs"`
	TimestampAuthorities   []RootMember `json:"timestampAuthorities"`

	// TUF is nil for a file.
	TUF *TUFReport `json:"tuf,omitempty"`
}

// RootMember is somebody that a [Root] trusts.
type RootMember struct {
	Name string `json:"name"`          // as its certificate says, or of a log its host
	URL  string `json:"url,omitempty"` // where it is, if the root says so
	ID   string `json:"id"`            // hex: of a log its id, else the certificate's SHA-256

	// ValidFrom and ValidUntil bound the times that it can attest; zero: not
	// bounded on that side.
	ValidFrom  time.Time `json:"validFrom,omitzero"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
}

// TUFReport is how current a root from a TUF repository is.
type TUFReport struct {
	Mirror  string    `json:"mirror"`
	Root    int64     `json:"root"`    // version of root.json
	Expires time.Time `json:"expires"` // of the file that expires first
	Fetched time.Time `json:"fetched"` // when the repository was last asked

	// Warning says that the repository could not be asked and what was fetched
	// before is used.
	Warning string `json:"warning,omitempty"`
}

// Describe returns what r trusts. It loads r.
func (r *Root) Describe(ctx context.Context) (RootReport, error) {
	_, err := r.load(ctx)
	return RootReport{Source: r.opts.Path}, err
}
