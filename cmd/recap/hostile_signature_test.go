// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recaptest/hostile"
)

// TestHostileSignatures changes the Sigstore bundle of a good signature, or the
// manifest that carries it, in ways that nobody's key made. None is ever taken for
// a signature unless the good one is still whole in it.
func TestHostileSignatures(t *testing.T) {
	const bad = "7 bad-signature"
	set := func(value any, path ...string) func(object map[string]any) {
		return func(object map[string]any) {
			for _, key := range path[:len(path)-1] {
				object = object[key].(map[string]any)
			}
			object[path[len(path)-1]] = value
		}
	}
	envelope := func(key string, value any) func(map[string]any) { return set(value, "dsseEnvelope", key) }
	statement := func(change func(string) string) func(map[string]any) {
		return func(bundle map[string]any) {
			e := bundle["dsseEnvelope"].(map[string]any)
			payload, err := base64.StdEncoding.DecodeString(e["payload"].(string))
			if err != nil {
				t.Fatal(err)
			}
			e["payload"] = base64.StdEncoding.EncodeToString([]byte(change(string(payload))))
		}
	}
	payload := func(text string) func(map[string]any) {
		return statement(func(string) string { return text })
	}
	sig := func(text string) map[string]any {
		return map[string]any{"sig": base64.StdEncoding.EncodeToString([]byte(text))}
	}
	for i, tt := range []struct {
		name     string
		want     string
		bundle   func(map[string]any)
		manifest func(map[string]any)
		raw      []byte
	}{
		{name: "another media type", bundle: set("application/vnd.dev.sigstore.bundle.v9+json", "mediaType")},
		{name: "no media type", bundle: set("", "mediaType")},
		{name: "no verification material", bundle: set(map[string]any{}, "verificationMaterial")},
		{name: "verification material null", bundle: set(nil, "verificationMaterial")},
		{name: "no envelope", bundle: set(nil, "dsseEnvelope")},
		{name: "a message's signature too", bundle: set(map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": "AA=="}, "signature": "AA=="}, "messageSignature")},
		{name: "no signatures", bundle: envelope("signatures", []any{})},
		{name: "signatures null", bundle: envelope("signatures", nil)},
		{name: "an empty signature", bundle: envelope("signatures", []any{sig("")})},
		{name: "a signature of noise", bundle: envelope("signatures", []any{sig("noise")})},
		{name: "a signature of a number", bundle: envelope("signatures", []any{1})},
		{name: "a signature of zeros", bundle: envelope("signatures", []any{sig("\x30\x06\x02\x01\x00\x02\x01\x00")})},
		{name: "a bad signature before the good one", bundle: func(b map[string]any) {
			e := b["dsseEnvelope"].(map[string]any)
			e["signatures"] = append([]any{sig("noise")}, e["signatures"].([]any)...)
		}},
		{name: "a bad signature behind the good one", bundle: func(b map[string]any) {
			e := b["dsseEnvelope"].(map[string]any)
			e["signatures"] = append(e["signatures"].([]any), sig("noise"))
		}},
		{name: "a payload that is no base64", bundle: envelope("payload", "%%%")},
		{name: "an empty payload", bundle: envelope("payload", "")},
		{name: "a payload that is no JSON", bundle: payload("<html>")},
		{name: "a payload of nothing", bundle: payload("{}")},
		{name: "a payload of brackets", bundle: payload(strings.Repeat("[", 100_000))},
		{name: "another digest", bundle: statement(func(s string) string {
			return strings.Replace(s, `"sha256":"`, `"sha256":"00`, 1)
		})},
		{name: "a key twice", bundle: statement(func(s string) string { return strings.Replace(s, `{`, `{"_type":"x",`, 1) })},
		{name: "10,000 subjects", bundle: statement(func(s string) string {
			return strings.Replace(s, `"subject":[`, `"subject":[`+strings.Repeat(`{"name":"x","digest":{"sha256":"00"}},`, 10_000), 1)
		})},
		{name: "another payload type", bundle: envelope("payloadType", "application/json")},
		{name: "a hint of somebody else's key", want: "0", bundle: set(map[string]any{"publicKey": map[string]any{"hint": strings.Repeat("x", 10_000)}}, "verificationMaterial")},
		{name: "a certificate of noise", bundle: set(map[string]any{"certificate": map[string]any{"rawBytes": "bm9pc2U="}}, "verificationMaterial")},
		{name: "an empty chain", bundle: set(map[string]any{"x509CertificateChain": map[string]any{"certificates": []any{}}}, "verificationMaterial")},
		{name: "a log's entry of nothing", bundle: set([]any{map[string]any{}, nil}, "verificationMaterial", "tlogEntries")},
		{name: "a timestamp of noise that nobody asked for", want: "0", bundle: set(map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": "bm9pc2U="}}}, "verificationMaterial", "timestampVerificationData")},
		{name: "no bundle", raw: []byte("noise")},
		{name: "an empty bundle", raw: []byte("{}")},
		{name: "a bundle that is null", raw: []byte("null")},
		{name: "a bundle of brackets", raw: bytes.Repeat([]byte("["), 1<<19)},
		{name: "a bundle of 2 MiB", raw: append([]byte("{}"), bytes.Repeat([]byte(" "), 2<<20)...)},
		{name: "no layers", manifest: set([]any{}, "layers")},
		{name: "another's type", want: "0", manifest: set("application/vnd.example", "artifactType")},
		{name: "layers and manifests", want: "5 referrers-unavailable", manifest: set([]any{}, "manifests")},
	} {
		t.Run(fmt.Sprintf("%03d", i), func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			if err := hostile.Good(nil).WriteLayout(y.path("good")); err != nil {
				t.Fatal(err)
			}
			names := y.names("oci-layout://" + y.path("good"))
			if code, _, stderr := y.run("sign", names["REF"], "--key", names["KEY"]); code != 0 {
				t.Fatal(stderr)
			}
			signed := readGraph(t, y.path("good"))
			holds := func(text string) digest.Digest {
				for d, data := range signed {
					if d != "" && bytes.Contains(data, []byte(text)) {
						return d
					}
				}
				t.Fatalf("no blob holds %s", text)
				return ""
			}
			old, data := holds(`"dsseEnvelope"`), tt.raw
			change := tt.bundle
			if tt.manifest != nil {
				old, change = holds(`"subject":{`), tt.manifest
			}
			if change != nil {
				var document map[string]any
				if err := json.Unmarshal(signed[old], &document); err != nil {
					t.Fatal(err)
				}
				change(document)
				data = encoded(t, document)
			}
			forged, _ := signed.with(t, old, data)
			if err := os.Mkdir(y.path("it"), 0o755); err != nil {
				t.Fatal(err)
			}
			forged.write(t, y.path("it"))
			names = y.names("oci-layout://" + y.path("it"))
			want := tt.want
			if want == "" {
				want = bad
			}
			row := hostile.Input{Name: "signature: " + tt.name, Want: want, But: map[string]string{"inspect": "0", "read": "0", "copy": "0"}}
			if strings.HasPrefix(want, "5") { // who can't list them says so
				row.But["inspect"], row.But["copy"] = "6 referrers-unavailable", "6 referrers-unavailable"
			}
			for _, in := range []entry{
				{"inspect", "inspect REF", nil, false},
				{"read", "show REF --unverified", nil, false},
				{"verify", "verify REF --key PUB", nil, false},
				{"verify", "verify REF --key PUB --explain --format json", nil, false},
				{"show", "show REF --key PUB", nil, false},
				{"policy", "policy init REF --key PUB --dry-run", nil, false},
				{"pull", "pull REF --key PUB -o OUT", []string{"out"}, false},
				{"copy", "copy REF COPY", []string{"copy"}, false},
			} {
				y.meet(row, "signature", in, names)
			}
		})
	}
}
