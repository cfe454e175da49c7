// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestExport(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"security.pub": string(newPEMs(t)["keys/security.pub"]),
		"root.json":    "{}",
		"policy.yaml": `# whom we trust
apiVersion: recap/v1
kind: TrustPolicy
trustedRoot: {path: root.json}
policies:
- name: team
  scopes: ["registry.example.com/team/**"]
  mirrorOf: registry.example.org/team/**
  authorities:
  - name: ci
    github: {repository: acme/recaps, workflow: publish.yml, ref: "refs/tags/v*"}
  - name: security
    key: {path: security.pub, validFrom: 2026-01-01}
    require: {timestamps: 1}
  threshold: 2
  legacySignatures: true
  attestations:
  - {predicateType: https://slsa.dev/provenance/v1, authorities: [ci]}
- name: rest
  scopes: ["**"]
  mode: warn
  authorities:
  - name: dana
    keyless: {identities: [{issuer: https://accounts.example.com, subject: dana@example.com}]}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	believed, err := policy.Load(filepath.Join(dir, "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := believed.Export("trusted_root.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "security.pub") || strings.Contains(string(text), dir) {
		t.Errorf("it does not stand alone:\n%s", text)
	}
	// It may name no file but the root, and means the same.
	again, problems := policy.Parse("elsewhere/policy.yaml", text, nil)
	if again == nil {
		t.Fatalf("what was exported is refused: %v\n%s", problems, text)
	}
	if got, want := again.TrustedRoot, (policy.TrustedRoot{Path: filepath.Join("elsewhere", "trusted_root.json")}); got != want {
		t.Errorf("trusted root %+v, want %+v", got, want)
	}
	for i, rule := range believed.Rules {
		if diff := cmp.Diff(rule.Plain(), again.Rules[i].Plain()); diff != "" {
			t.Errorf("rule %s (-before +after):\n%s", rule.Name, diff)
		}
	}
	once, err := again.Export("trusted_root.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), string(once)); diff != "" {
		t.Errorf("exporting what was exported (-before +after):\n%s", diff)
	}
}

func TestExportRefuses(t *testing.T) {
	for name, believed := range map[string]*policy.Policy{
		"a policy without rules":       {Source: "p.yaml"},
		"a policy that makes no sense": {Source: "p.yaml", Rules: []policy.Rule{{Name: "empty"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var known *recap.Error
			if _, err := believed.Export("trusted_root.json"); !errors.As(err, &known) || known.Kind != recap.Usage || known.Code != "bad-policy" {
				t.Errorf("error %v, want bad-policy", err)
			}
		})
	}
}

// Keys alone need no trusted root, and what is exported names none.
func TestNeedsTrustedRoot(t *testing.T) {
	key := string(newPEMs(t)["keys/security.pub"])
	for name, tt := range map[string]struct {
		authority policy.Authority
		want      bool
	}{
		"a key":                        {policy.Authority{Key: &policy.Key{PEM: []byte(key)}}, false},
		"a key of a service":           {policy.Authority{Key: &policy.Key{KMS: "hashivault://key"}}, false},
		"a key and nothing required":   {policy.Authority{Key: &policy.Key{PEM: []byte(key)}, Require: &policy.Require{}}, false},
		"a key and a log":              {policy.Authority{Key: &policy.Key{PEM: []byte(key)}, Require: &policy.Require{TLog: 1}}, true},
		"a key and a timestamp":        {policy.Authority{Key: &policy.Key{PEM: []byte(key)}, Require: &policy.Require{Timestamps: 1}}, true},
		"a key from then on":           {policy.Authority{Key: &policy.Key{PEM: []byte(key), ValidFrom: time.Unix(1, 0)}}, true},
		"a key until then":             {policy.Authority{Key: &policy.Key{PEM: []byte(key), ValidUntil: time.Unix(1, 0)}}, true},
		"an identity":                  {policy.Authority{Keyless: &policy.Keyless{Identities: []policy.Identity{{Issuer: "https://i.example", Subject: "s"}}}}, true},
		"an identity and no witnesses": {policy.Authority{Keyless: &policy.Keyless{}, Require: &policy.Require{}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			plain := policy.Authority{Name: "plain", Key: &policy.Key{PEM: []byte(key)}}
			tt.authority.Name = "other"
			p := &policy.Policy{Source: "p.yaml", Rules: []policy.Rule{
				{Name: "one", Scopes: []string{"a/**"}, Mode: policy.Enforce, Authorities: []policy.Authority{plain}},
				{Name: "two", Scopes: []string{"b/**"}, Mode: policy.Enforce, Authorities: []policy.Authority{plain, tt.authority}},
			}}
			if got := p.NeedsTrustedRoot(); got != tt.want {
				t.Errorf("%t, want %t", got, tt.want)
			}
		})
	}
	alone := &policy.Policy{Source: "p.yaml", Rules: []policy.Rule{
		{Name: "one", Scopes: []string{"registry.example.com/**"}, Mode: policy.Enforce, Authorities: []policy.Authority{{Name: "security", Key: &policy.Key{PEM: []byte(key)}}}},
	}}
	text, err := alone.Export("")
	if err != nil {
		t.Fatal(err)
	}
	if again, problems := policy.Parse("policy.yaml", text, nil); again == nil || again.TrustedRoot != (policy.TrustedRoot{}) {
		t.Errorf("%v, %v\n%s", again, problems, text)
	}
}
