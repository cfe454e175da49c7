// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/trust"
)

// root is the digest that the forged signatures are about.
const root = digest.Digest("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")

func TestVerifyAcceptsEveryAlgorithm(t *testing.T) {
	p256, p384, p521 := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P384()), newECDSA(t, elliptic.P521())
	rsa2048, rsa2560 := newRSA(t, 2048), newRSA(t, 2560)
	edwards := sigstoretest.NewEd25519(t)
	tests := []struct {
		name  string
		forge forge
		want  string
	}{
		{"P-256", forge{key: p256}, "ECDSA P-256 with SHA-256"},
		{"P-384", forge{key: p384}, "ECDSA P-384 with SHA-256"},
		{"P-384 as cosign signs", forge{key: p384, opts: crypto.SHA384}, "ECDSA P-384 with SHA-384"},
		{"P-521", forge{key: p521}, "ECDSA P-521 with SHA-256"},
		{"P-521 as cosign signs", forge{key: p521, opts: crypto.SHA512}, "ECDSA P-521 with SHA-512"},
		{"RSA 2048", forge{key: rsa2048}, "RSA 2048 with SHA-256 (PKCS#1 v1.5)"},
		{"RSA of another size", forge{key: rsa2560}, "RSA 2560 with SHA-256 (PKCS#1 v1.5)"},
		{"Ed25519", forge{key: edwards}, "Ed25519"},
		{"Ed25519ph as cosign signs", forge{key: edwards, opts: crypto.SHA512}, "Ed25519ph"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.forge.statement = about(root)
			pub := test.forge.key.Public()
			got, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), test.forge.bundle(t), root, authority(t, pub))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(pkixOf(t, pub))
			if got.Algorithm != test.want || got.KeyID != hex.EncodeToString(sum[:]) || string(got.Statement) != about(root) {
				t.Errorf("got %+v, want algorithm %q, key %x and the statement signed", got, test.want, sum)
			}
		})
	}
}

func TestVerifyBelievesNoHint(t *testing.T) {
	key, other := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P256())
	tests := []struct {
		name string
		edit func(b map[string]any)
	}{
		{"no hint", func(b map[string]any) { field(b, "verificationMaterial", "publicKey")["hint"] = "" }},
		{"another key's hint", func(b map[string]any) {
			field(b, "verificationMaterial", "publicKey")["hint"] = hint(t, other.Public())
		}},
		{"a hint that is none", func(b map[string]any) { field(b, "verificationMaterial", "publicKey")["hint"] = "\x1b[2J" }},
		{"key id in the envelope", func(b map[string]any) { signatureIn(b)["keyid"] = "SHA256:somebody-else" }},
		{"older spelling of the version", func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.3" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw := forge{key: key, statement: about(root), edit: test.edit}.bundle(t)
			if _, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, authority(t, key.Public())); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	key, other := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P256())
	const another = digest.Digest("sha256:0000000000000000000000000000000000000000000000000000000000000000")
	good := forge{key: key, statement: about(root)}
	edit := func(change func(b map[string]any)) []byte {
		return forge{key: key, statement: about(root), edit: change}.bundle(t)
	}
	material := func(name string, value any) []byte {
		return edit(func(b map[string]any) { b["verificationMaterial"] = map[string]any{name: value} })
	}
	certificate := map[string]any{"rawBytes": certificateOf(t, key)}

	tests := []struct {
		name   string
		bundle []byte
		want   error
		reason string
	}{
		{"another key, honest hint", forge{key: other, statement: about(root)}.bundle(t), trust.ErrWrongSigner, "another key"},
		{"another key under our hint", forge{key: other, statement: about(root), edit: func(b map[string]any) {
			field(b, "verificationMaterial", "publicKey")["hint"] = hint(t, key.Public())
		}}.bundle(t), trust.ErrBadSignature, "doesn't match"},
		{"another key without hint", forge{key: other, statement: about(root), edit: func(b map[string]any) {
			field(b, "verificationMaterial", "publicKey")["hint"] = ""
		}}.bundle(t), trust.ErrBadSignature, "doesn't match"},

		{"certificate", material("certificate", certificate), trust.ErrWrongSigner, "certificate"},
		{"bare key where a certificate belongs", material("certificate", map[string]any{"rawBytes": pkixOf(t, key.Public())}), trust.ErrBadSignature, "certificate is none"},
		{"empty certificate", material("certificate", map[string]any{}), trust.ErrBadSignature, "certificate is none"},
		{"certificate chain", material("x509CertificateChain", map[string]any{"certificates": []any{certificate}}), trust.ErrBadSignature, "chain"},
		{"no key material", edit(func(b map[string]any) { b["verificationMaterial"] = map[string]any{} }), trust.ErrBadSignature, "doesn't say what it was signed with"},
		{"no verification material", edit(func(b map[string]any) { delete(b, "verificationMaterial") }), trust.ErrBadSignature, "doesn't say what it was signed with"},

		{"version 0.1", edit(func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1" }), trust.ErrBadSignature, "only version 0.3"},
		{"version 0.2", edit(func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.2+json" }), trust.ErrBadSignature, "only version 0.3"},
		{"version 0.4", edit(func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json" }), trust.ErrBadSignature, "only version 0.3"},
		{"no version", edit(func(b map[string]any) { delete(b, "mediaType") }), trust.ErrBadSignature, "only version 0.3"},

		{"message signature", edit(func(b map[string]any) {
			delete(b, "dsseEnvelope")
			b["messageSignature"] = map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": make([]byte, 32)}, "signature": []byte("x")}
		}), trust.ErrBadSignature, "bare bytes"},
		{"no content", edit(func(b map[string]any) { delete(b, "dsseEnvelope") }), trust.ErrBadSignature, "no DSSE envelope"},
		{"no signature", edit(func(b map[string]any) { field(b, "dsseEnvelope")["signatures"] = []any{} }), trust.ErrBadSignature, "0 signatures"},
		{"two signatures", edit(func(b map[string]any) {
			envelope := field(b, "dsseEnvelope")
			envelope["signatures"] = append(envelope["signatures"].([]any), signatureIn(b))
		}), trust.ErrBadSignature, "2 signatures"},
		{"empty signature", edit(func(b map[string]any) { signatureIn(b)["sig"] = "" }), trust.ErrBadSignature, "doesn't match"},
		{"payload type changed", edit(func(b map[string]any) { field(b, "dsseEnvelope")["payloadType"] = "text/plain" }), trust.ErrBadSignature, "not an in-toto statement"},
		{"signed under another payload type", forge{key: key, statement: about(root), edit: func(b map[string]any) {
			signatureIn(b)["sig"] = good.sign(t, "text/plain", about(root))
		}}.bundle(t), trust.ErrBadSignature, "doesn't match"},
		{"payload exchanged", edit(func(b map[string]any) { field(b, "dsseEnvelope")["payload"] = []byte(about(another)) }), trust.ErrBadSignature, "doesn't match"},

		{"about another digest", forge{key: key, statement: about(another)}.bundle(t), trust.ErrBadSignature, "not for " + string(root)},
		{"about nothing", forge{key: key, statement: strings.Replace(about(root), `"subject":[`, `"subject":[],"x":[`, 1)}.bundle(t), trust.ErrBadSignature, "not for"},
		{"SHA-512 only", forge{key: key, statement: strings.Replace(about(root), `"sha256"`, `"sha512"`, 1)}.bundle(t), trust.ErrBadSignature, "not for"},
		{"short hex", forge{key: key, statement: strings.Replace(about(root), "9f86", "9f8", 1)}.bundle(t), trust.ErrBadSignature, "not for"},
		{"statement is not JSON", forge{key: key, statement: "{"}.bundle(t), trust.ErrBadSignature, "not for"},
		{"1025 subjects", forge{key: key, statement: manySubjects(1025)}.bundle(t), trust.ErrBadSignature, "not for"},

		{"empty", nil, trust.ErrBadSignature, "not a Sigstore bundle"},
		{"not JSON", []byte("hello"), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"null", []byte("null"), trust.ErrBadSignature, ""},
		{"two values", append(good.bundle(t), "{}"...), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"unknown field", edit(func(b map[string]any) { b["trustMe"] = true }), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"key given twice", bytes.Replace(good.bundle(t), []byte(`{"dsseEnvelope"`), []byte(`{"mediaType":"x","dsseEnvelope"`), 1), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"key given twice, in two spellings", bytes.Replace(good.bundle(t), []byte(`{"dsseEnvelope"`), []byte(`{"media_type":"x","dsseEnvelope"`), 1), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"key given twice, once null", bytes.Replace(good.bundle(t), []byte(`{"dsseEnvelope"`), []byte(`{"mediaType":null,"dsseEnvelope"`), 1), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"key and certificate", edit(func(b map[string]any) { field(b, "verificationMaterial")["certificate"] = certificate }), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"invalid UTF-8", bytes.Replace(good.bundle(t), []byte(`+json"`), []byte("+json\xff\""), 1), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"key in another case", bytes.Replace(good.bundle(t), []byte(`"mediaType"`), []byte(`"MediaType"`), 1), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"nested without end", append(append([]byte(`{"mediaType":`), bytes.Repeat([]byte("["), 100_000)...), bytes.Repeat([]byte("]"), 100_000)...), trust.ErrBadSignature, "not a Sigstore bundle"},
		{"33 log entries", edit(func(b map[string]any) { field(b, "verificationMaterial")["tlogEntries"] = logEntries(33) }), trust.ErrBadSignature, "33 log entries"},
		{"log entry without content", edit(func(b map[string]any) { field(b, "verificationMaterial")["tlogEntries"] = logEntries(1) }), trust.ErrBadSignature, "not a valid Sigstore bundle"},
		{"33 timestamps", edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": make([]struct{}, 33)}
		}), trust.ErrBadSignature, "33 timestamps"},
		{"one byte over the limit", padded(good.bundle(t), recap.MaxSigstoreBundle+1), trust.ErrBadSignature, "more than"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			evidence, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), test.bundle, root, authority(t, key.Public()))
			if !errors.Is(err, test.want) || !errors.Is(err, recap.Untrusted) || !strings.Contains(err.Error(), test.reason) {
				t.Fatalf("got error %v, want %v with %q in it", err, test.want, test.reason)
			}
			if len(evidence.Statement) != 0 || evidence.KeyID != "" {
				t.Errorf("evidence beside an error: %+v", evidence)
			}
			for _, sentinel := range []error{trust.ErrNoSignature, trust.ErrBadSignature, trust.ErrWrongSigner} {
				if !errors.Is(test.want, sentinel) && errors.Is(err, sentinel) {
					t.Errorf("error %v taken for %v", err, sentinel)
				}
			}
		})
	}
}

// TestVerifyRefusesPSS signs with PKCS#1 v1.5 only; one key, one kind of signature.
func TestVerifyRefusesPSS(t *testing.T) {
	key := newRSA(t, 2048)
	raw := forge{key: key, opts: &rsa.PSSOptions{Hash: crypto.SHA256}, statement: about(root)}.bundle(t)
	if _, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, authority(t, key.Public())); !errors.Is(err, trust.ErrBadSignature) {
		t.Errorf("got error %v, want %v", err, trust.ErrBadSignature)
	}
}

func TestVerifyTakesTheLargestBundle(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	raw := padded(forge{key: key, statement: about(root)}.bundle(t), recap.MaxSigstoreBundle)
	if _, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, authority(t, key.Public())); err != nil {
		t.Error(err)
	}
}

func TestVerifyTakes1024Subjects(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	raw := forge{key: key, statement: manySubjects(1024)}.bundle(t)
	if _, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, authority(t, key.Public())); err != nil {
		t.Error(err)
	}
}

// A caller's mistake must not look like an answer about the bundle.
func TestVerifyCallerMistakes(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	raw := forge{key: key, statement: about(root)}.bundle(t)
	good := authority(t, key.Public())
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name      string
		ctx       context.Context
		digest    digest.Digest
		authority policy.Authority
		want      error
	}{
		{"canceled", canceled, root, good, context.Canceled},
		{"no digest", t.Context(), "", good, recap.Usage},
		{"upper-case digest", t.Context(), digest.Digest("sha256:" + strings.ToUpper(root.Encoded())), good, recap.Usage},
		{"SHA-512", t.Context(), digest.SHA512.FromString("x"), good, recap.Usage},
		{"no key", t.Context(), root, policy.Authority{Name: "nobody"}, recap.Usage},
		{"empty key", t.Context(), root, policy.Authority{Name: "nobody", Key: &policy.Key{}}, recap.Usage},
		{"private key", t.Context(), root, policy.Authority{Name: "x", Key: &policy.Key{PEM: read(t, "keys", "cosign.key")}}, recap.Usage},
		{"P-224", t.Context(), root, policy.Authority{Name: "x", Key: &policy.Key{PEM: read(t, "keys", "weak-p224.pub")}}, recap.Usage},
		{"RSA 1024", t.Context(), root, policy.Authority{Name: "x", Key: &policy.Key{PEM: read(t, "keys", "weak-rsa1024.pub")}}, recap.Usage},
		{"RSA 8193", t.Context(), root, authority(t, rsaOf(8193)), recap.Usage},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(test.ctx, raw, test.digest, test.authority)
			if !errors.Is(err, test.want) || errors.Is(err, recap.Untrusted) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
		})
	}
}

// The largest key that is accepted only fails to match.
func TestVerifyLargestKey(t *testing.T) {
	raw := forge{key: newECDSA(t, elliptic.P256()), statement: about(root)}.bundle(t)
	_, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, authority(t, rsaOf(8192)))
	if !errors.Is(err, recap.Untrusted) {
		t.Errorf("got error %v, want a refusal of the signature", err)
	}
}

// rsaOf returns a public key of so many bits, which nobody can sign with.
func rsaOf(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}

// What cosign signed once must verify for ever.
func TestVerifyCosign(t *testing.T) {
	d := digest.FromBytes(read(t, "cosign-v3.1.3", "subject.json"))
	keys := map[string]string{
		"p256":    "ECDSA P-256 with SHA-256",
		"p384":    "ECDSA P-384 with SHA-384",
		"p521":    "ECDSA P-521 with SHA-512",
		"rsa2048": "RSA 2048 with SHA-256 (PKCS#1 v1.5)",
		"ed25519": "Ed25519ph",
	}
	for signer, algorithm := range keys {
		raw := read(t, "cosign-v3.1.3", signer+".bundle.json")
		for name := range keys {
			t.Run(signer+" under "+name, func(t *testing.T) {
				a, err := sigstore.LoadAuthority(t.Context(), filepath.Join("testdata", "cosign-v3.1.3", name+".pub"), sigstore.KeyOptions{})
				if err != nil {
					t.Fatal(err)
				}
				evidence, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, d, a)
				switch {
				case name != signer:
					if !errors.Is(err, trust.ErrWrongSigner) {
						t.Errorf("got error %v, want %v", err, trust.ErrWrongSigner)
					}
				case err != nil:
					t.Error(err)
				case evidence.Algorithm != algorithm:
					t.Errorf("got algorithm %q, want %q", evidence.Algorithm, algorithm)
				}
			})
		}
	}
}

// Whatever bit of a bundle flips, it is refused, or nothing that was signed has
// changed: the flip was in a hint.
func TestVerifyEveryBit(t *testing.T) {
	raw := read(t, "cosign-v3.1.3", "p256.bundle.json")
	d := digest.FromBytes(read(t, "cosign-v3.1.3", "subject.json"))
	a := policy.Authority{Name: "cosign", Key: &policy.Key{PEM: read(t, "cosign-v3.1.3", "p256.pub")}}
	want, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, d, a)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(raw []byte) (payload, sig []byte) {
		var b struct {
			DSSEEnvelope struct {
				Payload    []byte
				Signatures []struct{ Sig []byte }
			}
		}
		if json.Unmarshal(raw, &b) != nil || len(b.DSSEEnvelope.Signatures) != 1 {
			return nil, nil
		}
		return b.DSSEEnvelope.Payload, b.DSSEEnvelope.Signatures[0].Sig
	}
	_, wantSig := signed(raw)
	accepted := 0
	for i := range raw {
		for _, bit := range bits(i) {
			flipped := bytes.Clone(raw)
			flipped[i] ^= 1 << bit
			got, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), flipped, d, a)
			if err != nil {
				if !errors.Is(err, recap.Untrusted) {
					t.Fatalf("byte %d bit %d: got error %v, want a refusal", i, bit, err)
				}
				continue
			}
			accepted++
			payload, sig := signed(flipped)
			if !bytes.Equal(payload, want.Statement) || !bytes.Equal(sig, wantSig) || !bytes.Equal(got.Statement, want.Statement) || got.KeyID != want.KeyID {
				t.Errorf("byte %d bit %d: accepted with another meaning: %s", i, bit, flipped)
			}
		}
	}
	// The hint has 44 characters, of which a flip leaves most printable; the
	// last characters of base64 have bits that mean nothing.
	if accepted == 0 || accepted > 44*8+64 {
		t.Errorf("%d flips were accepted: more than hint and padding explain", accepted)
	}
}

// The same on the level of what is signed: no bit of payload or signature counts
// for nothing, for no algorithm.
func TestVerifyEverySignedBit(t *testing.T) {
	d := digest.FromBytes(read(t, "cosign-v3.1.3", "subject.json"))
	for _, name := range []string{"p256", "rsa2048", "ed25519"} {
		t.Run(name, func(t *testing.T) {
			var b map[string]any
			if err := json.Unmarshal(read(t, "cosign-v3.1.3", name+".bundle.json"), &b); err != nil {
				t.Fatal(err)
			}
			a := policy.Authority{Name: "cosign", Key: &policy.Key{PEM: read(t, "cosign-v3.1.3", name+".pub")}}
			for _, place := range []struct {
				object map[string]any
				name   string
			}{{field(b, "dsseEnvelope"), "payload"}, {signatureIn(b), "sig"}} {
				original := place.object[place.name].(string)
				data, err := base64.StdEncoding.DecodeString(original)
				if err != nil {
					t.Fatal(err)
				}
				for i := range data {
					for _, bit := range bits(i) {
						data[i] ^= 1 << bit
						place.object[place.name] = data
						raw, err := json.Marshal(b)
						if err != nil {
							t.Fatal(err)
						}
						data[i] ^= 1 << bit
						if _, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, d, a); !errors.Is(err, trust.ErrBadSignature) {
							t.Fatalf("%s byte %d bit %d: got error %v, want %v", place.name, i, bit, err, trust.ErrBadSignature)
						}
					}
				}
				place.object[place.name] = original
			}
		})
	}
}

// bits returns the bits to flip in byte i: all, or one in turn when time is short.
func bits(i int) []int {
	if testing.Short() {
		return []int{i % 8}
	}
	return []int{0, 1, 2, 3, 4, 5, 6, 7}
}

func FuzzVerify(f *testing.F) {
	for _, name := range []string{"p256", "p384", "p521", "rsa2048", "ed25519"} {
		f.Add(read(f, "cosign-v3.1.3", name+".bundle.json"))
	}
	key := newECDSA(f, elliptic.P256())
	f.Add(forge{key: key, statement: about(root), edit: func(b map[string]any) {
		b["verificationMaterial"] = map[string]any{"certificate": map[string]any{"rawBytes": certificateOf(f, key)}}
	}}.bundle(f))
	f.Add(forge{key: key, statement: about(root), edit: func(b map[string]any) {
		field(b, "verificationMaterial")["tlogEntries"] = logEntries(2)
	}}.bundle(f))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":null},"dsseEnvelope":null}`))
	d := digest.FromBytes(read(f, "cosign-v3.1.3", "subject.json"))
	a := policy.Authority{Name: "cosign", Key: &policy.Key{PEM: read(f, "cosign-v3.1.3", "p256.pub")}}
	want, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(f.Context(), read(f, "cosign-v3.1.3", "p256.bundle.json"), d, a)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, d, a)
		var rejection *trust.Rejection
		switch {
		case err == nil:
			// Nobody but cosign ever signed with this key, and once.
			if !bytes.Equal(got.Statement, want.Statement) {
				t.Errorf("forged: %s", got.Statement)
			}
		case !errors.As(err, &rejection):
			t.Errorf("an error that is no refusal: %v", err)
		}
	})
}

func padded(bundle []byte, size int) []byte {
	return append(bundle, bytes.Repeat([]byte(" "), size-len(bundle))...)
}

// manySubjects returns a statement about n digests, the last of them root.
func manySubjects(n int) string {
	subject := func(hex string) string { return `{"digest":{"sha256":"` + hex + `"}}` }
	list := strings.Repeat(subject(strings.Repeat("0", 64))+",", n-1) + subject(root.Encoded())
	return `{"_type":"https://in-toto.io/Statement/v1","subject":[` + list + `],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}`
}

func read(t testing.TB, names ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, names...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
