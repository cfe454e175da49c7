// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/url"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
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
	loaded, err := r.load(ctx)
	if err != nil {
		return RootReport{}, err
	}
	report := RootReport{
		Source:                 r.opts.Path,
		CertificateAuthorities: []RootMember{},
		TransparencyLogs:       logMembers(loaded.trusted.RekorLogs()),
		CertificateLogs:        logMembers(loaded.trusted.CTLogs()),
		TimestampAuthorities:   []RootMember{},
	}
	for _, ca := range loaded.trusted.FulcioCertificateAuthorities() {
		if a, ok := ca.(*root.FulcioCertificateAuthority); ok {
			signing := a.Root
			if len(a.Intermediates) > 0 {
				signing = a.Intermediates[0]
			}
			report.CertificateAuthorities = append(report.CertificateAuthorities, member(signing, a.URI, a.ValidityPeriodStart, a.ValidityPeriodEnd))
		}
	}
	for _, tsa := range loaded.trusted.TimestampingAuthorities() {
		if a, ok := tsa.(*root.SigstoreTimestampingAuthority); ok {
			signing := a.Root
			if a.Leaf != nil {
				signing = a.Leaf
			}
			report.TimestampAuthorities = append(report.TimestampAuthorities, member(signing, a.URI, a.ValidityPeriodStart, a.ValidityPeriodEnd))
		}
	}
	if tuf := loaded.tuf; tuf != nil {
		report.Source = tuf.mirror
		report.TUF = &TUFReport{
			Mirror:  tuf.mirror,
			Root:    tuf.set.Root.Signed.Version,
			Expires: tuf.expires(),
			Fetched: tuf.fetched.UTC(),
			Warning: tuf.warning,
		}
	}
	return report, nil
}

func member(c *x509.Certificate, uri string, from, until time.Time) RootMember {
	if c == nil {
		return RootMember{URL: uri, ValidFrom: from, ValidUntil: until}
	}
	sum := sha256.Sum256(c.Raw)
	return RootMember{Name: c.Subject.String(), URL: uri, ID: hex.EncodeToString(sum[:]), ValidFrom: from, ValidUntil: until}
}

// logMembers lists logs, the oldest first.
func logMembers(logs map[string]*root.TransparencyLog) []RootMember {
	list := make([]RootMember, 0, len(logs))
	for id, log := range logs {
		name := id
		if u, err := url.Parse(log.BaseURL); err == nil && u.Host != "" {
			name = u.Host
		}
		list = append(list, RootMember{Name: name, URL: log.BaseURL, ID: id, ValidFrom: log.ValidityPeriodStart, ValidUntil: log.ValidityPeriodEnd})
	}
	slices.SortFunc(list, func(a, b RootMember) int {
		return cmp.Or(a.ValidFrom.Compare(b.ValidFrom), cmp.Compare(a.ID, b.ID))
	})
	return list
}
