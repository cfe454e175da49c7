// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
)

func service(address string, version int, edit map[string]any) any {
	return sigstoretest.Merged(map[string]any{"url": address, "majorApiVersion": version, "operator": address}, edit)
}

// configOf writes a signing configuration whose services are given in full.
func configOf(t *testing.T, fields map[string]any) string {
	raw, err := json.Marshal(sigstoretest.Merged(map[string]any{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}, fields))
	if err != nil {
		t.Fatal(err)
	}
	return sigstoretest.File(t, string(raw))
}

// TestSigningConfigChooses: which services are asked.
func TestSigningConfigChooses(t *testing.T) {
	span := func(start, end string) map[string]any {
		valid := map[string]any{}
		if start != "" {
			valid["start"] = start
		}
		if end != "" {
			valid["end"] = end
		}
		return map[string]any{"validFor": valid, "operator": "one"}
	}
	fulcio := []any{service("https://fulcio.test", 1, nil)}
	log1, log2 := service("https://rekor1.test", 1, nil), service("https://rekor2.test", 2, nil)
	stamps := []any{service("https://tsa.test", 1, nil)}
	tests := []struct {
		name   string
		config map[string]any
		asked  []string
		not    []string
	}{
		{"the newest of an operator", map[string]any{"caUrls": []any{
			service("https://old.test", 1, span("2001-01-01T00:00:00Z", "")), service("https://fulcio.test", 1, span("2002-01-01T00:00:00Z", "")),
		}, "rekorTlogUrls": []any{log1}}, []string{"fulcio.test", "rekor1.test"}, []string{"old.test"}},
		{"one of each operator, where all are wanted", map[string]any{"caUrls": fulcio, "tsaConfig": map[string]any{"selector": "ALL"}, "tsaUrls": []any{
			service("https://old.test", 1, span("2001-01-01T00:00:00Z", "")), service("https://tsa.test", 1, span("2002-01-01T00:00:00Z", "")), service("https://tsa2.test", 1, nil),
		}}, []string{"tsa.test", "tsa2.test"}, []string{"old.test"}},
		{"nothing that ended or hasn't begun", map[string]any{"caUrls": []any{
			service("https://future.test", 1, span("2999-01-01T00:00:00Z", "")), service("https://past.test", 1, span("2001-01-01T00:00:00Z", "2002-01-01T00:00:00Z")),
			service("https://fulcio.test", 1, span("", "2999-01-01T00:00:00Z")),
		}, "rekorTlogUrls": []any{log1}}, []string{"fulcio.test"}, []string{"future.test", "past.test"}},
		{"nothing of an unknown version", map[string]any{"caUrls": append([]any{service("https://fulcio9.test", 9, nil)}, fulcio...), "rekorTlogUrls": []any{service("https://rekor3.test", 3, nil), log1}},
			[]string{"fulcio.test", "rekor1.test"}, []string{"fulcio9.test", "rekor3.test"}},
		{"version 2 before version 1", map[string]any{"caUrls": fulcio, "rekorTlogUrls": []any{log1, log2}, "tsaUrls": stamps}, []string{"rekor2.test", "tsa.test"}, []string{"rekor1.test"}},
		{"version 1 where nobody states a time for version 2", map[string]any{"caUrls": fulcio, "rekorTlogUrls": []any{log1, log2}}, []string{"rekor1.test"}, []string{"rekor2.test"}},
		{"no selectors", map[string]any{"caUrls": fulcio, "rekorTlogUrls": []any{log2}, "tsaUrls": stamps}, []string{"rekor2.test", "tsa.test"}, nil},
		{"a selector that says nothing", map[string]any{"caUrls": fulcio, "rekorTlogUrls": []any{log1}, "rekorTlogConfig": map[string]any{}}, []string{"rekor1.test"}, nil},
		{"no addresses of logs, with a selector", map[string]any{"caUrls": fulcio, "tsaUrls": stamps, "rekorTlogConfig": anyOf()}, []string{"tsa.test"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fake := newFakeSigstore(t)
			if _, err := fake.keyless(configOf(t, test.config), sigstoretest.Token(t, nil), nil).Sign(t.Context(), []byte(about(root))); err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			for _, host := range test.asked {
				if fake.count(host) != 1 {
					t.Errorf("%s was asked %d times", host, fake.count(host))
				}
			}
			for _, host := range test.not {
				if fake.count(host) != 0 {
					t.Errorf("%s was asked", host)
				}
			}
		})
	}
}

// TestSigningConfigRefuses: before anybody is asked, and before a token is.
func TestSigningConfigRefuses(t *testing.T) {
	fulcio := []any{service("https://fulcio.test", 1, nil)}
	log1, log2 := []any{service("https://rekor1.test", 1, nil)}, []any{service("https://rekor2.test", 2, nil)}
	past := map[string]any{"validFor": map[string]any{"end": "2001-01-01T00:00:00Z"}}
	tests := []struct {
		name string
		path string
		kind recap.Kind
		code string
		text string
	}{
		{"missing", filepath.Join(t.TempDir(), "none.json"), recap.NotFound, "no-signing-config", "none.json"},
		{"a directory", t.TempDir(), recap.Local, "io", "signing configuration"},
		{"not JSON", sigstoretest.File(t, "caUrls: []"), recap.Usage, "bad-signing-config", "not a signing configuration"},
		{"a trusted root", sigstoretest.File(t, `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[]}`), recap.Usage, "bad-signing-config", "not a signing configuration"},
		{"an older type", sigstoretest.File(t, `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.1+json"}`), recap.Usage, "bad-signing-config", "version 0.2"},
		{"no type", sigstoretest.File(t, `{}`), recap.Usage, "bad-signing-config", "version 0.2"},
		{"large", sigstoretest.File(t, strings.Repeat(" ", 1<<20)+"{}"), recap.Usage, "bad-signing-config", "more than"},
		{"empty", configOf(t, nil), recap.Usage, "bad-signing-config", "no certificate authority"},
		{"no certificate authority", configOf(t, map[string]any{"rekorTlogUrls": log1}), recap.Usage, "bad-signing-config", "no certificate authority"},
		{"a certificate authority that ended", configOf(t, map[string]any{"caUrls": []any{service("https://fulcio.test", 1, past)}, "rekorTlogUrls": log1}), recap.Usage, "bad-signing-config", "valid now"},
		{"nobody who states a time", configOf(t, map[string]any{"caUrls": fulcio}), recap.Usage, "bad-signing-config", "nobody could tell"},
		{"a log of version 2 alone", configOf(t, map[string]any{"caUrls": fulcio, "rekorTlogUrls": log2}), recap.Usage, "bad-signing-config", "states no time"},
		{"a log of version 2, and a timestamp authority that ended", configOf(t, map[string]any{"caUrls": fulcio, "rekorTlogUrls": log2, "tsaUrls": []any{service("https://tsa.test", 1, past)}}), recap.Usage, "bad-signing-config", "tsaUrls"},
		{"logs that ended", configOf(t, map[string]any{"caUrls": fulcio, "rekorTlogUrls": []any{service("https://rekor1.test", 1, past)}}), recap.Usage, "bad-signing-config", "rekorTlogUrls"},
		{"exactly none", configOf(t, map[string]any{"caUrls": fulcio, "rekorTlogUrls": log1, "rekorTlogConfig": map[string]any{"selector": "EXACT"}}), recap.Usage, "bad-signing-config", "exactly 0"},
		{"more than there are", configOf(t, map[string]any{"caUrls": fulcio, "rekorTlogUrls": log1, "rekorTlogConfig": map[string]any{"selector": "EXACT", "count": 2}}), recap.Usage, "bad-signing-config", "exactly 2"},
		{"more than any int", configOf(t, map[string]any{"caUrls": fulcio, "rekorTlogUrls": log1, "rekorTlogConfig": map[string]any{"selector": "EXACT", "count": 4294967295}}), recap.Usage, "bad-signing-config", "exactly"},
		{"an unknown selector", configOf(t, map[string]any{"caUrls": fulcio, "rekorTlogUrls": log1, "rekorTlogConfig": map[string]any{"selector": 99}}), recap.Usage, "bad-signing-config", "selector"},
		{"an address that is a file", configOf(t, map[string]any{"caUrls": []any{service("file:///etc/passwd", 1, nil)}, "rekorTlogUrls": log1}), recap.Usage, "bad-signing-config", "no address"},
		{"an address without a host", configOf(t, map[string]any{"caUrls": fulcio, "rekorTlogUrls": []any{service("https:///x", 1, nil)}}), recap.Usage, "bad-signing-config", "no address"},
		{"a service that is null", sigstoretest.File(t, `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[null]}`), recap.Usage, "bad-signing-config", "not a signing configuration"},
		{"none at all", "", recap.Usage, "no-signing-config", "--signing-config"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fake := newFakeSigstore(t)
			signer := fake.keyless(test.path, "the token must not be asked for", nil)
			_, err := signer.Sign(t.Context(), []byte(about(root)))
			sigstoretest.WantError(t, err, test.kind, test.code, test.text)
			_, err = signer.Authority(t.Context())
			sigstoretest.WantError(t, err, test.kind, test.code, test.text)
		})
	}
}

// A root from a file doesn't say which services to sign with.
func TestSigningConfigOfRoot(t *testing.T) {
	fake := newFakeSigstore(t)
	signer := fake.keyless("", sigstoretest.Token(t, nil), func(opts *sigstore.KeylessOptions) {
		opts.Root = trustroot.New(trustroot.Options{Path: filepath.Join(t.TempDir(), "none.json")})
	})
	_, err := signer.Sign(t.Context(), []byte(about(root)))
	sigstoretest.WantError(t, err, recap.NotFound, "no-trusted-root", "none.json")
}

func FuzzSigningConfig(f *testing.F) {
	f.Add(`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{"url":"https://fulcio.test","majorApiVersion":1,"validFor":{"start":"2020-01-01T00:00:00Z"}}],"rekorTlogUrls":[{"url":"https://rekor1.test","majorApiVersion":1}],"rekorTlogConfig":{"selector":"EXACT","count":1},"tsaUrls":[{}]}`)
	f.Add(`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{"validFor":{}}],"tsaConfig":{}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		signer, err := sigstore.NewKeylessSigner(sigstore.KeylessOptions{SigningConfig: sigstoretest.File(t, raw), Token: sigstoretest.TokenSource(sigstoretest.Token(t, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signer.Authority(t.Context()); err != nil && strings.Contains(sigstoretest.Text(err), "\n") {
			t.Errorf("error of several lines: %q", sigstoretest.Text(err))
		}
	})
}

func TestIssuerOf(t *testing.T) {
	path := signingConfig(t, map[string]any{"oidcUrls": []string{"issuer.test/auth/"}})
	if issuer, err := sigstore.IssuerOf(t.Context(), nil, path, time.Now()); err != nil || issuer != "https://issuer.test/auth/" { // as it is: the provider has to say the same
		t.Errorf("got %q, %v", issuer, err)
	}
	_, err := sigstore.IssuerOf(t.Context(), nil, v1Only(t), time.Now())
	sigstoretest.WantError(t, err, recap.Usage, "bad-signing-config", "--oidc-issuer")
	_, err = sigstore.IssuerOf(t.Context(), nil, "", time.Now())
	sigstoretest.WantError(t, err, recap.Usage, "no-signing-config", "--signing-config")
}
