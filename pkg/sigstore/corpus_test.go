// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
	"github.com/recap-oci/recap/pkg/trust"
)

// corpusCase is a row of testdata/sigstore/corpus.json.
type corpusCase struct {
	Name, About  string
	Bundle, Root string
	Digest       digest.Digest
	Key          string
	Require      *policy.Require

	Accept          bool
	Issuer, Subject string
	WrongSigner     bool
	Step            string // that refuses
}

func readCorpus(t testing.TB) []corpusCase {
	t.Helper()
	var corpus struct{ Cases []corpusCase }
	sigstoretest.Check(t, json.Unmarshal(read(t, "sigstore", "corpus.json"), &corpus))
	if len(corpus.Cases) < 100 {
		t.Fatalf("got %d cases", len(corpus.Cases))
	}
	return corpus.Cases
}

func (c corpusCase) authority(t testing.TB) policy.Authority {
	a := policy.Authority{Name: "corpus", Require: c.Require, Keyless: &policy.Keyless{}}
	if c.Key != "" {
		a.Keyless, a.Key = nil, &policy.Key{PEM: read(t, "sigstore", filepath.FromSlash(c.Key))}
	}
	return a
}

// steps returns the checks at which a case may be refused. Evidence in a form
// that nobody can read is refused before anything is verified.
func (c corpusCase) steps() []string {
	switch c.Step {
	case "form":
		return []string{""}
	case "statement":
		return []string{"", "subject"}
	case "tlog", "timestamps":
		return []string{c.Step, ""}
	}
	return []string{c.Step}
}

// What a real Sigstore signed is accepted for ever, and what was broken in it
// is refused at the step that holds it.
func TestCorpus(t *testing.T) {
	for _, c := range readCorpus(t) {
		t.Run(c.Name, func(t *testing.T) {
			path := filepath.Join("testdata", "sigstore", filepath.FromSlash(c.Root))
			verifier := sigstore.NewVerifier(sigstore.VerifierOptions{
				Root:    trustroot.New(trustroot.Options{Path: path, Offline: true, Transport: sigstoretest.Refuse{T: t}}),
				Offline: true,
			})
			raw := read(t, "sigstore", filepath.FromSlash(c.Bundle))
			got, err := verifier.Verify(t.Context(), raw, c.Digest, c.authority(t))
			if c.Accept {
				if err != nil {
					t.Fatalf("%s: %v", c.About, err)
				}
				if c.Subject != "" && (got.Certificate == nil || got.Certificate.Subject != c.Subject || got.Certificate.Issuer != c.Issuer) {
					t.Errorf("got %+v, want %s of %s", got.Certificate, c.Subject, c.Issuer)
				}
				if c.Key == "" && c.Require == nil {
					if err := libraryAccepts(t, raw, read(t, "sigstore", filepath.FromSlash(c.Root)), c.Digest); err != nil {
						t.Errorf("the library: %v", err)
					}
				}
				return
			}
			var rejection *trust.Rejection
			if !errors.As(err, &rejection) || !errors.Is(err, recap.Untrusted) {
				t.Fatalf("%s: got error %v, want a refusal", c.About, err)
			}
			if got := errors.Is(err, trust.ErrWrongSigner); got != c.WrongSigner {
				t.Errorf("%s: got %v, want wrong signer: %t", c.About, err, c.WrongSigner)
			}
			step := ""
			if n := len(rejection.Checks); n > 0 {
				step = rejection.Checks[n-1].Name
			}
			if !strings.Contains(strings.Join(c.steps(), "|")+"|", step+"|") {
				t.Errorf("%s: refused at %q (%v), want one of %q", c.About, step, err, c.steps())
			}
			t.Log(err)
		})
	}
}

// BenchmarkVerify shows what verifying costs.
func BenchmarkVerify(b *testing.B) {
	for _, name := range []string{"v1", "v2"} {
		b.Run(name, func(b *testing.B) {
			r := trustroot.New(trustroot.Options{Path: filepath.Join("testdata", "sigstore", "roots", "trusted_root.json")})
			raw := read(b, "sigstore", "bundles", name+".json")
			d := readCorpus(b)[0].Digest
			for b.Loop() {
				if _, err := sigstore.NewVerifier(sigstore.VerifierOptions{Root: r}).Verify(b.Context(), raw, d, anybody); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
