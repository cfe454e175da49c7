// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"os"
	"path/filepath"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/proto"
)

const dev = "dev@example.com"

// good adds bundles with certificates that have to be accepted.
func (c *corpus) good(ctx context.Context) error {
	s := c.stack
	token, err := c.person(dev)
	if err != nil {
		return err
	}
	job, err := c.job(ctx)
	if err != nil {
		return err
	}
	pipeline, err := c.pipeline()
	if err != nil {
		return err
	}
	workflow := "https://github.com/acme/recaps/.github/workflows/publish.yml@refs/tags/v1.0.0"
	for _, g := range []struct {
		is   Case
		how  signing
		keep **bundlepb.Bundle
	}{
		{Case{Name: "v1", About: "a person, on Rekor v1, whose promise is the time"},
			signing{token: token, v1: []string{s.RekorV1}}, &c.v1},
		{Case{Name: "v2", About: "a person, on Rekor v2 with a timestamp"},
			signing{token: token, v2: []string{s.RekorV2}, tsa: []string{s.TSA}}, &c.v2},
		{Case{Name: "v2-again", About: "the same person's second signature"},
			signing{token: token, v2: []string{s.RekorV2}, tsa: []string{s.TSA}}, &c.again},
		{Case{Name: "v1-with-timestamp", About: "Rekor v1 and a timestamp: two witnesses of the time", Require: &Require{TLog: 1, Timestamps: 2, SCT: 1}},
			signing{token: token, v1: []string{s.RekorV1}, tsa: []string{s.TSA}}, nil},
		{Case{Name: "two-logs", About: "an entry in each of two logs", Require: &Require{TLog: 2, Timestamps: 1, SCT: 1}},
			signing{token: token, v1: []string{s.RekorV1}, v2: []string{s.RekorV2}, tsa: []string{s.TSA}}, nil},
		{Case{Name: "two-timestamps", About: "timestamps of two authorities", Require: &Require{TLog: 1, Timestamps: 2, SCT: 1}, Root: rootBoth},
			signing{token: token, v2: []string{s.RekorV2}, tsa: []string{s.TSA, c.other.TSA}}, nil},
		{Case{Name: "no-log-needed", About: "a timestamp and no log, where none is asked for", Require: &Require{TLog: 0, Timestamps: 1, SCT: 1}},
			signing{token: token, tsa: []string{s.TSA}}, nil},
		{Case{Name: "no-sct-needed", About: "a certificate without a log's promise, where none is asked for", Require: &Require{TLog: 1, Timestamps: 1}},
			signing{token: token, v2: []string{s.RekorV2}, tsa: []string{s.TSA}, certificate: sign.NewFulcio(&sign.FulcioOptions{BaseURL: s.FulcioNoCT})}, nil},
		{Case{Name: "github-v1", About: "a GitHub workflow, on Rekor v1", Issuer: gitHubIssuer, Subject: workflow},
			signing{token: job, v1: []string{s.RekorV1}}, nil},
		{Case{Name: "github-v2", About: "a GitHub workflow, on Rekor v2", Issuer: gitHubIssuer, Subject: workflow},
			signing{token: job, v2: []string{s.RekorV2}, tsa: []string{s.TSA}}, nil},
		{Case{Name: "github-provenance", About: "case 2: a GitHub workflow's statement of provenance, not a signature", Issuer: gitHubIssuer, Subject: workflow},
			signing{token: job, v2: []string{s.RekorV2}, tsa: []string{s.TSA}, statement: statement("https://slsa.dev/provenance/v1",
				`{"name":"recaps","digest":{"sha256":"`+hexOf(c.digest)+`"}}`, `{"buildDefinition":{"buildType":"https://example.com/build/v1","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.com/builder"}}}`)}, nil},
		{Case{Name: "gitlab-v1", About: "a GitLab pipeline, on Rekor v1", Issuer: gitLabIssuer, Subject: "https://gitlab.com/acme/recaps//.gitlab-ci.yml@refs/heads/main"},
			signing{token: pipeline, v1: []string{s.RekorV1}}, nil},
		{Case{Name: "several-subjects", About: "the artifact is the second of the statement's subjects"},
			signing{token: token, v2: []string{s.RekorV2}, tsa: []string{s.TSA}, statement: statement("https://sigstore.dev/cosign/sign/v1",
				`{"digest":{"sha256":"`+hexOf(c.otherDigest)+`"}},{"digest":{"sha256":"`+hexOf(c.digest)+`"}}`, "{}")}, nil},
	} {
		b, err := c.sign(ctx, g.how)
		if err != nil {
			return wrap(g.is, err)
		}
		if g.is.Issuer == "" {
			g.is.Issuer, g.is.Subject = s.PeopleIssuer, dev
		}
		g.is.Accept = true
		if err := c.add(b, g.is); err != nil {
			return err
		}
		if g.keep != nil {
			*g.keep = b
		}
	}
	return nil
}

// byKey adds bundles that were signed with keys.
func (c *corpus) byKey(ctx context.Context) error {
	s := c.stack
	keypair := func(algorithm commonpb.PublicKeyDetails) sign.Keypair {
		key, err := sign.NewEphemeralKeypair(&sign.EphemeralKeypairOptions{Algorithm: algorithm})
		if err != nil {
			panic(err) // the algorithms below are known
		}
		return key
	}
	p256, stranger := keypair(commonpb.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256), keypair(commonpb.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256)
	ed := keypair(commonpb.PublicKeyDetails_PKIX_ED25519)
	ph, err := newPrehashed()
	if err != nil {
		return err
	}
	all := &Require{TLog: 1, Timestamps: 1}
	for name, key := range map[string]crypto.PublicKey{
		"p256": p256.GetPublicKey(), "stranger": stranger.GetPublicKey(), "ed25519": ed.GetPublicKey(), "ed25519ph": ph.GetPublicKey(),
	} {
		text, err := publicPEM(key)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(c.dir, keyPath(name)), text, 0o644); err != nil {
			return err
		}
	}
	for _, g := range []struct {
		is  Case
		how signing
	}{
		{Case{Name: "key", About: "by key, without any evidence", Key: keyPath("p256")}, signing{key: p256}},
		{Case{Name: "key-v1", About: "by key, on Rekor v1", Key: keyPath("p256"), Require: &Require{TLog: 1}}, signing{key: p256, v1: []string{s.RekorV1}}},
		{Case{Name: "key-v2", About: "by key, on Rekor v2 with a timestamp", Key: keyPath("p256"), Require: all},
			signing{key: p256, v2: []string{s.RekorV2}, tsa: []string{s.TSA}}},
		{Case{Name: "key-timestamp", About: "by key, with a timestamp", Key: keyPath("p256"), Require: &Require{Timestamps: 1}}, signing{key: p256, tsa: []string{s.TSA}}},
		{Case{Name: "key-ed25519", About: "case 36: by an Ed25519 key, the message itself", Key: keyPath("ed25519")}, signing{key: ed}},
		{Case{Name: "key-ed25519-v1", About: "the same on Rekor v1", Key: keyPath("ed25519"), Require: &Require{TLog: 1}}, signing{key: ed, v1: []string{s.RekorV1}}},
		{Case{Name: "key-ed25519ph", About: "case 36: by an Ed25519 key, the message's SHA-512, as cosign does", Key: keyPath("ed25519ph")}, signing{key: ph}},
	} {
		b, err := c.sign(ctx, g.how)
		if err != nil {
			return wrap(g.is, err)
		}
		g.is.Accept = true
		if err := c.add(b, g.is); err != nil {
			return err
		}
		if g.is.Name == "key" {
			c.byKeyPlain = b
		}
	}
	hint := proto.CloneOf(c.byKeyPlain)
	hint.VerificationMaterial.GetPublicKey().Hint = string(stranger.GetHint())
	return c.refuse(
		like{Case{Name: "key-of-stranger", About: "by a key that isn't the authority's", Key: keyPath("stranger"), WrongSigner: true, Step: "signature"}, c.byKeyPlain, nil},
		like{Case{Name: "key-hint-of-stranger", About: "case 22: by another key, naming the authority's", Key: keyPath("stranger"), Step: "signature"}, hint, nil},
		like{Case{Name: "key-no-log", About: "by key, without the log entry that is asked for", Key: keyPath("p256"), Require: all, Step: "tlog"}, c.byKeyPlain, nil},
		like{Case{Name: "key-no-timestamp", About: "by key, without the timestamp that is asked for", Key: keyPath("p256"), Require: &Require{Timestamps: 1}, Step: "timestamps"}, c.byKeyPlain, nil},
		like{Case{Name: "key-for-certificate", About: "case 21: by key, where certificates are asked for", WrongSigner: true, Step: "signature"}, c.byKeyPlain, nil},
		like{Case{Name: "certificate-for-key", About: "case 21: with a certificate, where a key is asked for", Key: keyPath("p256"), WrongSigner: true, Step: "signature"}, c.v2, nil},
	)
}

func keyPath(name string) string { return "keys/" + name + ".pub" }
