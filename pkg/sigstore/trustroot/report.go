// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trustroot

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

// Report is what a [Root] trusts and until when, for people and programs.
// Its texts come from outside: print them escaped.
type Report struct {
	// Source is the path of the file, or the address of the TUF repository.
	Source string `json:"source"`

	CertificateAuthorities []Member `json:"certificateAuthorities"`
	TransparencyLogs       []Member `json:"transparencyLogs"`
	CertificateLogs        []Member `json:"certificateLogs"`
	TimestampAuthorities   []Member `json:"timestampAuthorities"`

	// TUF is nil for a file.
	TUF *TUFReport `json:"tuf,omitempty"`
}

// Member is somebody that a [Root] trusts.
type Member struct {
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
func (r *Root) Describe(ctx context.Context) (Report, error) {
	loaded, err := r.load(ctx)
	if err != nil {
		return Report{}, err
	}
	report := Report{
		Source:                 r.opts.Path,
		CertificateAuthorities: []Member{},
		TransparencyLogs:       logMembers(loaded.trusted.RekorLogs()),
		CertificateLogs:        logMembers(loaded.trusted.CTLogs()),
		TimestampAuthorities:   []Member{},
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

func member(c *x509.Certificate, uri string, from, until time.Time) Member {
	if c == nil {
		return Member{URL: uri, ValidFrom: from, ValidUntil: until}
	}
	sum := sha256.Sum256(c.Raw)
	return Member{Name: c.Subject.String(), URL: uri, ID: hex.EncodeToString(sum[:]), ValidFrom: from, ValidUntil: until}
}

// logMembers lists logs, the oldest first.
func logMembers(logs map[string]*root.TransparencyLog) []Member {
	list := make([]Member, 0, len(logs))
	for id, log := range logs {
		name := id
		if u, err := url.Parse(log.BaseURL); err == nil && u.Host != "" {
			name = u.Host
		}
		list = append(list, Member{Name: name, URL: log.BaseURL, ID: id, ValidFrom: log.ValidityPeriodStart, ValidUntil: log.ValidityPeriodEnd})
	}
	slices.SortFunc(list, func(a, b Member) int {
		return cmp.Or(a.ValidFrom.Compare(b.ValidFrom), cmp.Compare(a.ID, b.ID))
	})
	return list
}
