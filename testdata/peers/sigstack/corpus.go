// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Case is a row of corpus.json: what verifying a bundle must come to.
type Case struct {
	Name   string `json:"name"`
	About  string `json:"about"`
	Bundle string `json:"bundle"` // path
	Root   string `json:"root"`   // path of the trusted root
	Digest string `json:"digest"` // the artifact asked about

	// The authority: the key at the path, or else any certificate.
	Key     string   `json:"key,omitempty"`
	Require *Require `json:"require,omitempty"` // default: recap's for the authority

	Accept  bool   `json:"accept"`
	Issuer  string `json:"issuer,omitempty"` // that the certificate names, of what is accepted
	Subject string `json:"subject,omitempty"`
	// WrongSigner says that nothing is wrong with it that can be told, but that
	// it is by somebody who isn't trusted here.
	WrongSigner bool `json:"wrongSigner,omitempty"`
	// Step is what refuses it: the check signature, certificate, validity (of the
	// certificate, when it was used), sct, tlog, timestamps or subject; or else
	// form, where it is no bundle that anything could be checked of, and
	// statement, where what was signed is no good statement.
	Step string `json:"step,omitempty"`
}

// Require is policy.Require.
type Require struct{ TLog, Timestamps, SCT int }

// corpus is being made.
type corpus struct {
	stack       *stack
	other       Addresses // of another Sigstore
	otherRoot   *trustpb.TrustedRoot
	dir         string
	digest      string // of the artifact that is signed
	otherDigest string
	cases       []Case

	// Bundles that are accepted, which others are made of: by dev@example.com,
	// on Rekor v1; on Rekor v2 with a timestamp; once more on Rekor v2; by key.
	v1, v2, again, byKeyPlain *bundlepb.Bundle
}

// writeCorpus makes the corpus in dir, whose bundles and roots it replaces.
func writeCorpus(ctx context.Context, dir string) error {
	scratch, err := os.MkdirTemp("", "sigstack")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	s, err := startStack(ctx, filepath.Join(scratch, "one"))
	if err != nil {
		return err
	}
	defer s.stop()
	other, end, err := startOther(filepath.Join(scratch, "other"))
	if err != nil {
		return fmt.Errorf("starting the other Sigstore: %w", err)
	}
	defer end()

	one, two := sha256.Sum256([]byte("the artifact\n")), sha256.Sum256([]byte("another artifact\n"))
	c := &corpus{stack: s, other: other, dir: dir, digest: hexDigest(one[:]), otherDigest: hexDigest(two[:])}
	text, err := os.ReadFile(other.TrustedRoot)
	if err != nil {
		return err
	}
	c.otherRoot = &trustpb.TrustedRoot{}
	if err := protojson.Unmarshal(text, c.otherRoot); err != nil {
		return err
	}
	for _, sub := range []string{"bundles", "roots", "keys"} {
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, sub)), os.MkdirAll(filepath.Join(dir, sub), 0o755)); err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context) error{c.writeRoots, c.good, c.byKey, c.evidence, c.certificates, c.statements, c.forms} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	var list bytes.Buffer
	if err := writeJSON(&list, map[string]any{"artifact": c.digest, "cases": c.cases}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "corpus.json"), list.Bytes(), 0o644)
}

// startOther starts another stack, in a process of its own.
func startOther(dir string) (Addresses, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return Addresses{}, nil, err
	}
	cmd := exec.Command(self, "serve", dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return Addresses{}, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return Addresses{}, nil, err
	}
	if err := cmd.Start(); err != nil {
		return Addresses{}, nil, err
	}
	end := func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	}
	var a Addresses
	if err := json.NewDecoder(stdout).Decode(&a); err != nil {
		end()
		return Addresses{}, nil, err
	}
	return a, end, nil
}

// The trusted roots.
const (
	rootGood   = "roots/trusted_root.json"
	rootOther  = "roots/other.json"      // of another Sigstore
	rootBoth   = "roots/two_tsas.json"   // the good one, and the other's timestamp authority
	rootLapsed = "roots/lapsed.json"     // the good one, and an authority whose intermediate expired
	rootNoCA   = "roots/ended_ca.json"   // the good one, whose certificate authority ended before the bundles were made
	rootNoLogs = "roots/ended_logs.json" // … whose transparency logs ended
	rootNoCT   = "roots/ended_ctlog.json"
	rootNoTSA  = "roots/ended_tsa.json"
	rootFuture = "roots/future_ca.json" // whose certificate authority begins later
)

func (c *corpus) writeRoots(context.Context) error {
	ended := timestamppb.New(c.stack.started.Add(-time.Minute))
	for path, change := range map[string]func(*trustpb.TrustedRoot){
		rootGood: func(*trustpb.TrustedRoot) {},
		rootBoth: func(r *trustpb.TrustedRoot) {
			r.TimestampAuthorities = append(r.TimestampAuthorities, c.otherRoot.TimestampAuthorities...)
		},
		rootNoCA: func(r *trustpb.TrustedRoot) { r.CertificateAuthorities[0].ValidFor.End = ended },
		rootNoLogs: func(r *trustpb.TrustedRoot) {
			for _, log := range r.Tlogs {
				log.PublicKey.ValidFor.End = ended
			}
		},
		rootNoCT:  func(r *trustpb.TrustedRoot) { r.Ctlogs[0].PublicKey.ValidFor.End = ended },
		rootNoTSA: func(r *trustpb.TrustedRoot) { r.TimestampAuthorities[0].ValidFor.End = ended },
		rootFuture: func(r *trustpb.TrustedRoot) {
			r.CertificateAuthorities[0].ValidFor.Start = timestamppb.New(c.stack.started.AddDate(1, 0, 0))
		},
	} {
		root := proto.CloneOf(c.stack.root)
		change(root)
		if err := writeProto(filepath.Join(c.dir, path), root); err != nil {
			return err
		}
	}
	return writeProto(filepath.Join(c.dir, rootOther), c.otherRoot)
}

// add adds a case with a bundle of its own.
func (c *corpus) add(b *bundlepb.Bundle, is Case) error {
	text, err := protojson.Marshal(b)
	if err != nil {
		return err
	}
	return c.addText(text, is)
}

// addText adds a case whose bundle is text, which may not even be one.
func (c *corpus) addText(text []byte, is Case) error {
	is.Bundle = "bundles/" + is.Name + ".json"
	var plain bytes.Buffer
	if err := json.Compact(&plain, text); err != nil { // or it is meant to be no JSON
		plain.Reset()
		plain.Write(text)
	}
	if err := os.WriteFile(filepath.Join(c.dir, is.Bundle), plain.Bytes(), 0o644); err != nil {
		return err
	}
	return c.addCase(is)
}

// addCase adds a case over a bundle that another case wrote.
func (c *corpus) addCase(is Case) error {
	if is.Root == "" {
		is.Root = rootGood
	}
	if is.Digest == "" {
		is.Digest = c.digest
	}
	if is.Accept != (is.Step == "") || strings.ContainsAny(is.Name, " /") {
		return fmt.Errorf("case %s makes no sense", is.Name)
	}
	for _, before := range c.cases {
		if before.Name == is.Name {
			return fmt.Errorf("two cases %s", is.Name)
		}
	}
	c.cases = append(c.cases, is)
	return nil
}
