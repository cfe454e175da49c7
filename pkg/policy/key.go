// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
)

const pemPublicKey = "PUBLIC KEY"

// checkKey finds what is wrong with an authority that is a key.
func (c *checker) checkKey(pointer, who string, a Authority) {
	switch k := a.Key; {
	case (len(k.PEM) == 0) == (k.KMS == ""):
		c.fail(pointer+"/key", codeKey, "write one of path, data and kms", "%s needs a public key or the name of one in a key management service, one of them", who)
	case k.KMS != "":
		if message, mend := kmsMistake(k.KMS); message != "" {
			c.fail(pointer+"/key/kms", codeKey, mend, "%s: %q %s", who, k.KMS, message)
		}
	default:
		if _, err := parsePublicKey(k.PEM); err != nil {
			c.fail(pointer+"/key", codeKey, err.mend, "%s: the key %s", who, err.message)
		}
	}
	from, until := a.Key.ValidFrom, a.Key.ValidUntil
	if !from.IsZero() && !until.IsZero() && !from.Before(until) {
		c.fail(pointer+"/key/validUntil", codeKey, "swap them, or drop one", "%s: the key ceases to count before it begins to", who)
	}
	need := a.Required()
	c.checkCounts(pointer, who, need)
	if (!from.IsZero() || !until.IsZero()) && need.Timestamps < 1 {
		c.fail(pointer+"/key", codeEvidence, "add require: {timestamps: 1}, or drop validFrom and validUntil",
			"%s: the key counts for a time only, and nothing proves when a signature was made", who)
	}
	if need.SCT > 0 {
		c.fail(pointer+"/require/sct", codeEvidence, "remove it", "%s: a key has no certificate, so no certificate timestamp", who)
	}
}

// checkCounts refuses numbers that no signature can reach.
func (c *checker) checkCounts(pointer, who string, need Require) {
	for _, n := range []int{need.TLog, need.Timestamps, need.SCT} {
		if n < 0 || n > maxRequire {
			c.fail(pointer+"/require", codeEvidence, fmt.Sprintf("write a number from 0 to %d", maxRequire), "%s requires %d of something", who, n)
			return
		}
	}
}

// maxRequire is how many logs or witnesses can be asked for.
const maxRequire = 10

func kmsMistake(reference string) (message, mend string) {
	scheme, rest, ok := strings.Cut(reference, "://")
	switch {
	case !ok || rest == "":
		return "names no key management service", "write its address, such as awskms://…"
	case scheme == "file" || scheme == "env" || scheme == "http" || scheme == "https":
		return "is no key management service", "write path: and a file"
	}
	return "", ""
}

// keyMistake says why bytes are no public key.
type keyMistake struct{ message, mend string }

// parsePublicKey reads the one public key in text and returns it in the one way
// that the same key is always written: PKIX, DER.
func parsePublicKey(text []byte) ([]byte, *keyMistake) {
	const generate = "write the public half: recap key generate makes both, and names it recap.pub"
	block, rest := pem.Decode(text)
	if block == nil {
		switch first := bytes.TrimSpace(text); {
		case bytes.HasPrefix(first, []byte("ssh-")), bytes.HasPrefix(first, []byte("ecdsa-sha2-")):
			return nil, &keyMistake{"is in the form of SSH", "convert it: ssh-keygen -e -m PKCS8 -f FILE"}
		}
		return nil, &keyMistake{"is not in PEM form", "write a file that begins with -----BEGIN PUBLIC KEY-----"}
	}
	switch {
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, &keyMistake{"is a private key, which nobody who verifies needs", generate + "; whoever could read this file can sign in its owner's name"}
	case block.Type == "CERTIFICATE":
		return nil, &keyMistake{"is a certificate", "write the public key in it: openssl x509 -pubkey -noout -in FILE; or trust its identity: keyless"}
	case block.Type != pemPublicKey:
		return nil, &keyMistake{fmt.Sprintf("is a %q, not a PUBLIC KEY", words.Clip(block.Type)), "convert it: openssl pkey -pubin -in FILE -pubout"}
	}
	if second, _ := pem.Decode(rest); second != nil {
		return nil, &keyMistake{"has a second one behind it", "keep one of them, and give the other an authority of its own"}
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, &keyMistake{"can't be read", generate}
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, &keyMistake{"is of a kind that signs nothing", generate}
	}
	return der, nil
}

// equal reports whether two keys are the same, however they are written.
func (k *Key) equal(other *Key) bool {
	if k.KMS != "" || other.KMS != "" {
		return k.KMS == other.KMS
	}
	if bytes.Equal(k.PEM, other.PEM) {
		return true
	}
	a, err := parsePublicKey(k.PEM)
	if err != nil {
		return false
	}
	b, err := parsePublicKey(other.PEM)
	return err == nil && bytes.Equal(a, b)
}

// String says in words which key it is: its kind, and its digest as reports
// have it.
func (k *Key) String() string {
	if k.KMS != "" {
		return "the key " + k.KMS
	}
	der, mistake := parsePublicKey(k.PEM)
	if mistake != nil {
		return "no key"
	}
	kind := ""
	key, _ := x509.ParsePKIXPublicKey(der) // it has just been read
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		kind = "ECDSA " + key.Params().Name + " "
	case ed25519.PublicKey:
		kind = "Ed25519 "
	case *rsa.PublicKey:
		kind = fmt.Sprintf("RSA %d ", key.N.BitLen())
	}
	sum := sha256.Sum256(der)
	return "the " + kind + "key with SHA-256 " + hex.EncodeToString(sum[:])
}
