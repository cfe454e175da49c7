// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"google.golang.org/protobuf/encoding/protojson"
)

// publishTUF serves TUF repositories under /tuf, which all hold the trusted
// root and the signing configuration:
//
//	good      as it should be
//	expired   whose timestamp.json expired an hour ago
//	tampered  whose trusted root isn't the one that its metadata list
//	stranger  which is signed with other keys
func (s *stack) publishTUF(mux *http.ServeMux, base, dir string, config *trustpb.SigningConfig) error {
	files := map[string][]byte{}
	var err error
	if files["trusted_root.json"], err = protojson.Marshal(s.root); err != nil {
		return err
	}
	if files["signing_config.v0.2.json"], err = protojson.Marshal(config); err != nil {
		return err
	}
	keys, err := newTUFKeys()
	if err != nil {
		return err
	}
	strangers, err := newTUFKeys()
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "tuf")
	year, hourAgo := s.started.AddDate(1, 0, 0), s.started.Add(-time.Hour)
	for name, repository := range map[string]tufRepository{
		"good":     {keys: keys, expires: year},
		"expired":  {keys: keys, expires: hourAgo},
		"tampered": {keys: keys, expires: year, tamper: true},
		"stranger": {keys: strangers, expires: year},
	} {
		repository.dir, repository.files, repository.lasting = filepath.Join(dir, name), files, year
		if err := repository.write(); err != nil {
			return fmt.Errorf("TUF repository %s: %w", name, err)
		}
	}
	mux.Handle("/tuf/", http.StripPrefix("/tuf/", http.FileServer(http.Dir(dir))))
	s.TUF, s.TUFRoot = base+"/tuf", filepath.Join(dir, "good", "1.root.json")
	return nil
}

// tufKeys are the keys of a repository, one for each role.
type tufKeys map[string]ed25519.PrivateKey

func newTUFKeys() (tufKeys, error) {
	keys := tufKeys{}
	for _, role := range []string{metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP} {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		keys[role] = key
	}
	return keys, nil
}

// tufRepository is a repository to write.
type tufRepository struct {
	dir     string
	files   map[string][]byte
	keys    tufKeys
	lasting time.Time // until when root, targets and snapshot are good
	expires time.Time // and the timestamp
	tamper  bool
}

func (r tufRepository) write() error {
	if err := os.MkdirAll(filepath.Join(r.dir, "targets"), 0o700); err != nil {
		return err
	}
	root, targets := metadata.Root(r.lasting), metadata.Targets(r.lasting)
	snapshot, timestamp := metadata.Snapshot(r.lasting), metadata.Timestamp(r.expires)
	root.Signed.ConsistentSnapshot = true
	for role, key := range r.keys {
		public, err := metadata.KeyFromPublicKey(key.Public())
		if err != nil {
			return err
		}
		if err := root.Signed.AddKey(public, role); err != nil {
			return err
		}
	}
	for name, text := range r.files {
		target, err := metadata.TargetFile().FromBytes(name, text, "sha256")
		if err != nil {
			return err
		}
		targets.Signed.Targets[name] = target
		sum := sha256.Sum256(text)
		if r.tamper {
			text = append([]byte(" "), text[:len(text)-1]...)
		}
		if err := os.WriteFile(filepath.Join(r.dir, "targets", hex.EncodeToString(sum[:])+"."+name), text, 0o600); err != nil {
			return err
		}
	}
	for role, m := range map[string]interface {
		Sign(signature.Signer) (*metadata.Signature, error)
		ToFile(path string, pretty bool) error
	}{metadata.ROOT: root, metadata.TARGETS: targets, metadata.SNAPSHOT: snapshot, metadata.TIMESTAMP: timestamp} {
		signer, err := signature.LoadSigner(r.keys[role], crypto.Hash(0))
		if err != nil {
			return err
		}
		if _, err := m.Sign(signer); err != nil {
			return err
		}
		name := "1." + role + ".json"
		if role == metadata.TIMESTAMP {
			name = role + ".json"
		}
		if err := m.ToFile(filepath.Join(r.dir, name), false); err != nil {
			return err
		}
	}
	return nil
}
