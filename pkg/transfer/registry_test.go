// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// open opens a repository of reg for reading and writing, with a client of its
// own: nothing is remembered from one call to the next.
func open(t testing.TB, reg *recaptest.Registry, repo string) *target.Target {
	t.Helper()
	// By the clock a client sees how quickly a registry answers, and so how much it
	// may ask at once: on a busy machine that is another number each time.
	client, err := target.NewClient(target.Options{Clock: recaptest.NewClock(0)})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := target.ParseReference(reg.Host() + "/" + repo)
	if err != nil {
		t.Fatal(err)
	}
	dst, err := client.Create(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dst.Close(); err != nil {
			t.Errorf("closing the target: %v", err)
		}
	})
	return dst
}

// signer returns a seal, and the gate that admits what it seals.
func signer(t testing.TB) (transfer.Sealer, *trust.Gate) {
	t.Helper()
	sealer, authority := sealing(t)
	return sealer, admitting(t, authority, trust.GateOptions{})
}

// sealing returns a seal by a new key, and the authority that the key is. The key
// isn't encrypted: to open one that is takes a second under the race detector.
func sealing(t testing.TB) (transfer.Sealer, policy.Authority) {
	t.Helper()
	dir := t.TempDir()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, contents{
		"recap.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER})),
		"recap.pub": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER})),
	})
	opts := sigstore.KeyOptions{}
	key, err := sigstore.LoadSigner(t.Context(), filepath.Join(dir, "recap.key"), opts)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := trust.NewSealer(key, sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.SignPredicate())
	if err != nil {
		t.Fatal(err)
	}
	authority, err := sigstore.LoadAuthority(t.Context(), filepath.Join(dir, "recap.pub"), opts)
	if err != nil {
		t.Fatal(err)
	}
	return sealer, authority
}

func admitting(t testing.TB, authority policy.Authority, opts trust.GateOptions) *trust.Gate {
	t.Helper()
	gate, err := trust.NewGate(policy.ForKeys(authority), sigstore.NewVerifier(sigstore.VerifierOptions{}), opts)
	if err != nil {
		t.Fatal(err)
	}
	return gate
}

// five is a recap of one document and five images.
func five() contents {
	files := contents{"index.md": "# One document\n"}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		files["images/"+name+".png"] = strings.Repeat(name, 1000)
	}
	return files
}

// budget checks what a piece of work cost.
func budget(t *testing.T, reg *recaptest.Registry, requests, depth int) {
	t.Helper()
	total := 0
	for _, n := range reg.Counts() {
		total += n
	}
	if got := reg.Depth(); total > requests || got > depth {
		t.Errorf("%d requests in %d rounds, want at most %d in %d: %v", total, got, requests, depth, reg.Counts())
	}
	t.Logf("%d requests in %d rounds: %v", total, reg.Depth(), reg.Counts())
}

// The budgets of the design, counted.
func TestBudgets(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
	g := build(t, five())

	push(t, g, open(t, reg, "team/event"), "1.0.0")
	t.Run("fresh push, unsigned, one tag", func(t *testing.T) { budget(t, reg, 17, 4) })

	reg.Reset()
	again := push(t, g, open(t, reg, "team/event"), "1.0.0")
	t.Run("the same push again", func(t *testing.T) {
		budget(t, reg, 2, 2)
		if !again.Unchanged {
			t.Errorf("%+v", again)
		}
	})

	edited := five()
	edited["index.md"] = "# The next version\n"
	reg.Reset()
	push(t, build(t, edited), open(t, reg, "team/event"), "1.1.0")
	t.Run("the next version", func(t *testing.T) {
		// The tag, the list, 1.0.0; document and config by POST and PUT; the root.
		budget(t, reg, 8, 5)
	})

	seal, gate := signer(t)
	if _, err := transfer.Push(t.Context(), g, open(t, reg, "team/event"), []string{"1.0.0"}, seal, transfer.PushOptions{}); err != nil {
		t.Fatal(err)
	}
	reg.Reset()
	src := open(t, reg, "team/event")
	pinned := resolve(t, src, "1.0.0")
	admitted, err := gate.Admit(t.Context(), pinned, trust.Request{Name: reg.Host() + "/team/event", Tag: "1.0.0", Root: pinned.Root()})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "dir")
	result, err := transfer.Pull(t.Context(), pinned, admitted, memory.New(), dir, transfer.PullOptions{Repository: repository})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("pull, verified by key", func(t *testing.T) {
		budget(t, reg, 12, 5)
		if !result.Verified {
			t.Errorf("%+v", result)
		}
		wantFiles(t, dir, five())
	})
}

func TestSignedRoundTrip(t *testing.T) {
	for name, opts := range map[string]recaptest.RegistryOptions{"referrers API": {}, "fallback tag": {NoReferrers: true}} {
		t.Run(name, func(t *testing.T) {
			reg := recaptest.NewRegistry(t, opts)
			seal, gate := signer(t)
			g := build(t, first)
			for i := range 2 { // sealing is idempotent
				result, err := transfer.Push(t.Context(), g, open(t, reg, "team/event"), []string{"latest", "1.0.0"}, seal, transfer.PushOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if result.Unchanged != (i == 1) {
					t.Errorf("push %d: %+v", i+1, result)
				}
			}
			src := open(t, reg, "team/event")
			pinned := resolve(t, src, "latest")
			admitted, err := gate.Admit(t.Context(), pinned, trust.Request{Name: "x/y", Tag: "latest", Root: pinned.Root()})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(admitted.Report().Signatures); n != 1 {
				t.Errorf("%d signatures, want one", n)
			}
			// The tag moves after it was resolved; what was admitted is pulled.
			push(t, build(t, second), open(t, reg, "team/event"), "latest")
			dir := filepath.Join(t.TempDir(), "dir")
			if _, err := transfer.Pull(t.Context(), pinned, admitted, memory.New(), dir, transfer.PullOptions{}); err != nil {
				t.Fatal(err)
			}
			wantFiles(t, dir, first)

			// A copy takes the signature along, into a layout and on into
			// another registry, which keeps referrers the other way.
			path := filepath.Join(t.TempDir(), "copy.tar")
			copied, err := transfer.Copy(t.Context(), pinned, pinned.Root(), openLayout(t, path), []string{"1.0.0"}, transfer.CopyOptions{})
			if err != nil || copied.Referrers != 1 {
				t.Fatalf("%+v, %v", copied, err)
			}
			other := open(t, recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: !opts.NoReferrers}), "mirror")
			inArchive := resolve(t, openLayout(t, path), "1.0.0")
			if _, err := transfer.Copy(t.Context(), inArchive, inArchive.Root(), other, []string{"1.0.0", "latest"}, transfer.CopyOptions{}); err != nil {
				t.Fatal(err)
			}
			mirrored := resolve(t, other, "latest")
			if _, err := gate.Admit(t.Context(), mirrored, trust.Request{Name: "x/y", Tag: "latest", Root: mirrored.Root()}); err != nil {
				t.Errorf("the copy of the copy isn't admitted: %v", err)
			}
		})
	}
}

// A registry that fails between root and signature has no tag.
func TestNoTagWithoutSignature(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	seal, _ := signer(t)
	g := build(t, first)
	roots := 0
	reg.Inject(recaptest.Fault{
		Match: recaptest.Match{Method: http.MethodPut, Kind: recaptest.Manifest, Func: func(r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, g.Root.Digest.String()) {
				roots++
				return false
			}
			return true
		}},
		Times: recaptest.Always, Action: recaptest.Status(http.StatusForbidden),
	})
	_, err := transfer.Push(t.Context(), g, open(t, reg, "team/event"), []string{"1.0.0", "latest"}, seal, transfer.PushOptions{})
	if err == nil || !strings.Contains(err.Error(), "no tag was moved") {
		t.Fatalf("error %v", err)
	}
	if roots != 1 {
		t.Errorf("the root was stored %d times", roots)
	}
	reg.Reset()
	list, err := transfer.List(t.Context(), open(t, reg, "team/event"), transfer.ListOptions{})
	if err == nil && len(list.Tags) > 0 {
		t.Errorf("tags %v", list.Tags)
	}
}

// What a base lists is believed until the registry says otherwise.
func TestPushWhenTheBaseLies(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	push(t, build(t, first), open(t, reg, "team/event"), "1.0.0")
	shared := digest.FromString(second["images/b.png"])
	dst := open(t, reg, "team/event")
	desc, err := dst.Resolve(t.Context(), "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	desc.Digest, desc.MediaType, desc.Size = shared, "image/png", int64(len(second["images/b.png"]))
	if err := dst.Delete(t.Context(), desc); err != nil {
		t.Skipf("the registry deletes no blob: %v", err)
	}
	g := build(t, second)
	push(t, g, open(t, reg, "team/event"), "2.0.0")
	dir := filepath.Join(t.TempDir(), "dir")
	mustPull(t, resolve(t, open(t, reg, "team/event"), "2.0.0"), dir, transfer.PullOptions{})
	wantFiles(t, dir, second)
}

func TestRegistryTagsAndList(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
	seal, _ := signer(t)
	g := build(t, first)
	if _, err := transfer.Push(t.Context(), g, open(t, reg, "team/event"), []string{"1.9.0"}, seal, transfer.PushOptions{}); err != nil {
		t.Fatal(err)
	}
	tagged, err := transfer.Tag(t.Context(), open(t, reg, "team/event"), "1.9.0", []string{"stable", "1.10.0"}, transfer.TagOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []transfer.TagMove{{Tag: "1.10.0", Moved: true}, {Tag: "stable", Moved: true}}
	if diff := cmp.Diff(want, tagged.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	for _, digests := range []bool{false, true} {
		reg.Reset()
		list, err := transfer.List(t.Context(), open(t, reg, "team/event"), transfer.ListOptions{Digests: digests})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, entry := range list.Tags {
			got = append(got, entry.Tag)
			if digests != (entry.Digest == g.Root.Digest) {
				t.Errorf("%+v", entry)
			}
		}
		if diff := cmp.Diff([]string{"1.10.0", "1.9.0", "stable"}, got); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
		if n := reg.Count(recaptest.Manifest); (n > 0) != digests {
			t.Errorf("%d requests for manifests", n)
		}
	}
	_, err = transfer.Resolve(t.Context(), open(t, reg, "team/event"), "2.0.0")
	wantError(t, err, recap.NotFound, "not-found")
}
