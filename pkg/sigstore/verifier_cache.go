// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/sigstore/internal/evidence"
	"github.com/recap-oci/recap/pkg/sigstore/internal/keypair"
	"github.com/recap-oci/recap/pkg/trust"
)

// maxExamined is how many signatures a Verifier remembers. A gate holds one
// against all authorities before it takes the next, several at a time; more
// would hold the bundles of a hostile registry in memory.
const maxExamined = 8

// examinedCache remembers the signatures looked at last, so that further
// authorities cost neither parsing nor, where they are identities, cryptography.
type examinedCache struct {
	mu   sync.Mutex
	last []*examined // the oldest first
}

type examinedKey struct {
	sum    [sha256.Size]byte
	digest digest.Digest
}

// examined is a signature that was read, and what was found once it was held
// against the trusted root. Only the verifier's one root is ever used, so the
// findings don't depend on who asks.
type examined struct {
	key       examinedKey
	readOnce  sync.Once
	signed    *evidence.Signed
	rejection *trust.Rejection // instead of signed

	findOnce sync.Once
	found    *evidence.Findings
}

// open returns the signature, read with read unless it is remembered.
func (c *examinedCache) open(sum [sha256.Size]byte, d digest.Digest, read func() (*evidence.Signed, *trust.Rejection)) *examined {
	e := c.entry(examinedKey{sum, d})
	e.readOnce.Do(func() { e.signed, e.rejection = read() })
	return e
}

func (c *examinedCache) entry(key examinedKey) *examined {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.last {
		if e.key == key {
			return e
		}
	}
	if len(c.last) == maxExamined {
		c.last = append(c.last[:0:0], c.last[1:]...)
	}
	e := &examined{key: key}
	c.last = append(c.last, e)
	return e
}

// keyless returns what examine finds, which is asked once.
func (e *examined) keyless(examine func(*evidence.Signed) *evidence.Findings) *evidence.Findings {
	e.findOnce.Do(func() { e.found = examine(e.signed) })
	return e.found
}

// legacySum tells legacy signatures apart, and from bundles.
func legacySum(sig trust.LegacySignature) [sha256.Size]byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte("legacy"), sig.Payload, sig.Signature, sig.Certificate, sig.LogEntry, sig.Timestamp} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// kmsKeys remembers public keys of key management services, each of which is
// asked once and not for every signature.
type kmsKeys struct {
	mu   sync.Mutex
	keys map[string]crypto.PublicKey // by reference
}

func (k *kmsKeys) get(ctx context.Context, ref string) (crypto.PublicKey, error) {
	k.mu.Lock()
	pub, known := k.keys[ref]
	k.mu.Unlock()
	if known {
		return pub, nil
	}
	pub, err := keypair.KMSPublic(ctx, ref)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = make(map[string]crypto.PublicKey)
	}
	k.keys[ref] = pub
	return pub, nil
}
