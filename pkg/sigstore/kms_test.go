// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/common"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

// keysVariable tells the test's own plugin where its keys are.
const keysVariable = "RECAP_TEST_KMS_KEYS"

// TestMain makes the test's binary a plugin for a key management service when
// it is called by such a name.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "sigstore-kms-") {
		if err := plugin(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// fileKMS is a key management service whose keys are files.
type fileKMS struct{ signature.SignerVerifier }

var _ kms.SignerVerifier = fileKMS{}

func (fileKMS) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.New("no")
}
func (fileKMS) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errors.New("no")
}
func (fileKMS) SupportedAlgorithms() []string { return nil }
func (fileKMS) DefaultAlgorithm() string      { return "" }

// liar gives out one key and signs with another.
type liar struct {
	fileKMS
	other signature.SignerVerifier
}

func (l liar) SignMessage(message io.Reader, opts ...signature.SignOption) ([]byte, error) {
	return l.other.SignMessage(message, opts...)
}

func plugin() error {
	args, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		return err
	}
	switch args.InitOptions.KeyResourceID {
	case "locked":
		return handler.WriteErrorResponse(os.Stdout, errors.New("access\n denied"))
	case "junk":
		_, err := fmt.Print("Segmentation fault")
		return err
	case "empty":
		_, err := fmt.Print("{}")
		return err
	case "hangs":
		interrupt := make(chan os.Signal, 1)
		signal.Notify(interrupt, os.Interrupt) // else the runtime calls it a deadlock
		<-interrupt
	}
	load := func(name string) (signature.SignerVerifier, error) {
		raw, err := os.ReadFile(filepath.Join(os.Getenv(keysVariable), name+".pem"))
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(raw)
		private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		if _, ok := private.(ed25519.PrivateKey); ok && args.InitOptions.HashFunc != 0 && args.MethodName == common.SignMessageMethodName {
			return nil, errors.New("this key signs without a hash")
		}
		return signature.LoadSignerVerifier(private, args.InitOptions.HashFunc)
	}
	name := strings.TrimPrefix(args.InitOptions.KeyResourceID, "liar-")
	key, err := load(name)
	if err != nil {
		return handler.WriteErrorResponse(os.Stdout, err)
	}
	var service kms.SignerVerifier = fileKMS{key}
	if name != args.InitOptions.KeyResourceID {
		other, err := load("other")
		if err != nil {
			return err
		}
		service = liar{fileKMS{key}, other}
	}
	_, err = handler.Dispatch(os.Stdout, os.Stdin, args, service)
	return err
}

// installPlugin puts the plugin sigstore-kms-filekms into the PATH, and keys
// into its hands.
func installPlugin(t *testing.T, keys map[string]crypto.PrivateKey) {
	t.Helper()
	dir := t.TempDir()
	for name, key := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "sigstore-kms-filekms")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if err := os.Link(self, program); err != nil { // another file system
		raw, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(program, raw, 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv(keysVariable, dir)
}

func TestKMS(t *testing.T) {
	installPlugin(t, map[string]crypto.PrivateKey{
		"p256": newECDSA(t, elliptic.P256()), "p384": newECDSA(t, elliptic.P384()), "p521": newECDSA(t, elliptic.P521()),
		"rsa": newRSA(t, 2048), "ed25519": sigstoretest.NewEd25519(t),
	})
	for ref, want := range map[string]string{
		"filekms://p256":    "ECDSA P-256 with SHA-256",
		"filekms://p384":    "ECDSA P-384 with SHA-384",
		"filekms://p521":    "ECDSA P-521 with SHA-512",
		"filekms://rsa":     "RSA 2048 with SHA-256 (PKCS#1 v1.5)",
		"filekms://ed25519": "Ed25519",
	} {
		t.Run(ref, func(t *testing.T) {
			signer, err := sigstore.LoadSigner(t.Context(), ref, mute(t))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			raw, err := signer.Sign(t.Context(), []byte(about(root)))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			authority, err := sigstore.LoadAuthority(t.Context(), ref, mute(t))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			verifier := sigstore.NewVerifier(sigstore.VerifierOptions{})
			for name, a := range map[string]policy.Authority{
				"the signer's own": authorityOf(t, signer), "loaded": authority, "asked for": {Name: "kms", Key: &policy.Key{KMS: ref}},
			} {
				evidence, err := verifier.Verify(t.Context(), raw, root, a)
				if err != nil || evidence.Algorithm != want {
					t.Errorf("authority that is %s: got %q, %v, want %q", name, evidence.Algorithm, err, want)
				}
			}
		})
	}
	t.Run("logged", func(t *testing.T) {
		for ref, config := range map[string]string{"filekms://p384": v2AndTSA(t), "filekms://p256": v1Only(t)} {
			signer, err := sigstore.LoadSigner(t.Context(), ref, witnessed(t, newFakeSigstore(t), config))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			raw, err := signer.Sign(t.Context(), []byte(about(root)))
			if err != nil || len(parseWire(t, raw).Material.Entries) != 1 {
				t.Errorf("%s: got %s, %v", ref, raw, err)
			}
		}
	})
}

func TestKMSRefuses(t *testing.T) {
	installPlugin(t, map[string]crypto.PrivateKey{
		"p256": newECDSA(t, elliptic.P256()), "other": newECDSA(t, elliptic.P256()), "p224": newECDSA(t, elliptic.P224()),
	})
	offline := sigstore.KeyOptions{Offline: true}
	tests := []struct {
		name, ref string
		opts      sigstore.KeyOptions
		kind      recap.Kind
		code      string
		texts     []string
	}{
		{"an unknown service", "mykms://key", mute(t), recap.Usage, "no-kms-plugin", []string{"sigstore-kms-mykms"}},
		{"offline", "filekms://p256", offline, recap.Usage, "kms-offline", []string{"offline", "public key"}},
		{"no such key", "filekms://none", mute(t), recap.Unavailable, "kms", []string{"filekms://none"}},
		{"a key that may not be used", "filekms://locked", mute(t), recap.Unavailable, "kms", []string{"access denied"}},
		{"a weak key", "filekms://p224", mute(t), recap.Usage, "bad-key", []string{"P-224"}},
		{"a program that talks", "filekms://junk", mute(t), recap.Unavailable, "kms", []string{"filekms://junk"}},
		{"a program that says nothing", "filekms://empty", mute(t), recap.Unavailable, "kms", []string{"makes no sense"}},
		{"a program named by a path", "../evil://key", mute(t), recap.Usage, "bad-key", []string{"env://NAME"}},
		{"a web address", "HTTPS://key", mute(t), recap.Usage, "bad-key", []string{"env://NAME"}},
		{"no service", "://key", mute(t), recap.Usage, "bad-key", []string{"env://NAME"}},
		{"a file's address", "file:///etc/key", mute(t), recap.Usage, "bad-key", []string{"env://NAME"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signer, err := sigstore.LoadSigner(t.Context(), test.ref, test.opts)
			sigstoretest.WantError(t, err, test.kind, test.code, test.texts...)
			if signer != nil {
				t.Error("got a signer beside the error")
			}
			authority, err := sigstore.LoadAuthority(t.Context(), test.ref, test.opts)
			sigstoretest.WantError(t, err, test.kind, test.code, test.texts...)
			if authority.Key != nil {
				t.Error("got an authority beside the error")
			}
		})
	}
	t.Run("a service that signs with another key", func(t *testing.T) {
		fake := newFakeSigstore(t)
		signer, err := sigstore.LoadSigner(t.Context(), "filekms://liar-p256", witnessed(t, fake, v1Only(t)))
		if err != nil {
			t.Fatal(sigstoretest.Text(err))
		}
		_, err = signer.Sign(t.Context(), []byte(about(root)))
		sigstoretest.WantError(t, err, recap.Integrity, "kms-signature", "filekms://liar-p256")
		if fake.count("rekor1.test") != 0 {
			t.Error("a wrong signature was logged")
		}
	})
	t.Run("a program that hangs", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := sigstore.LoadSigner(ctx, "filekms://hangs", mute(t)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
		}
	})
}
