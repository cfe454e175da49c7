// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

// newRule is a rule to add.
func newRule() policy.Rule {
	return policy.RuleFrom(observed("https://github.com/acme/talks/.github/workflows/release.yaml@refs/tags/v1.2.3"), "registry.example.com/acme/talks")
}

// observed is who a workflow of GitHub signs as.
func observed(subject string) policy.Identity {
	repository, _, _ := strings.Cut(subject, "/.github/")
	return policy.Identity{
		Issuer: "https://token.actions.githubusercontent.com", Subject: subject,
		Claims: map[string]string{"sourceRepositoryURI": repository, "runnerEnvironment": "github-hosted"},
	}
}

const newRuleText = `- name: registry.example.com/acme/talks
  scopes: [registry.example.com/acme/talks]
  authorities:
    - name: acme/talks release.yaml
      github: {repository: acme/talks, workflow: release.yaml, ref: refs/tags/v*}
`

func TestAddRuleMakesFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config", "recap")
	path := filepath.Join(dir, "policy.yaml")
	if err := policy.AddRule(path, newRule(), policy.TrustedRoot{}); err != nil {
		t.Fatal(err)
	}
	want := "# yaml-language-server: $schema=https://raw.githubusercontent.com/recap-oci/recap/main/schemas/policy.v1.schema.json\n" +
		"apiVersion: recap/v1\nkind: TrustPolicy\npolicies:\n" + newRuleText
	if diff := cmp.Diff(want, readText(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{path: 0o600, dir: 0o700, filepath.Dir(dir): 0o700} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s has mode %v, error %v, want %v", name, info.Mode().Perm(), err, want)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	believed, err := policy.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if rule, err := believed.RuleFor("registry.example.com/acme/talks"); err != nil || rule.Authorities[0].Keyless.Identities[0].Issuer == "" {
		t.Errorf("got %+v, %v", rule, err)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestAddRuleKeepsText holds that the new lines are all that changes.
func TestAddRuleKeepsText(t *testing.T) {
	const start = "# mine\napiVersion: recap/v1 # for now\nkind:   TrustPolicy\n"
	other := "name: team   # ours\n%sscopes: [ \"registry.example.com/team/**\" ]\n%sauthorities:\n%s- {name: k, key: {kms: 'awskms://k'}}\n"
	block := func(dash, more string) string { return dash + "- " + strings.ReplaceAll(other, "%s", more) }
	tests := []struct{ name, before, at, indent string }{
		{"dashes below the key", start + "policies:\n" + block("", "  "), "policies:\n", ""},
		{"dashes further in", start + "policies:\n" + block("    ", "      "), "policies:\n", "    "},
		{"comments between", start + "policies: # all\n\n  # the team\n" + block("  ", "    ") + "  # nobody else\n", "policies: # all\n", "  "},
		{"keys behind", start + "policies:\n" + block("", "  ") + "\n# where from\ntrustedRoot: {path: roots/trusted_root.json}\n", "policies:\n", ""},
		{"no line end", start + "policies:\n" + strings.TrimSuffix(block("", "  "), "\n"), "policies:\n", ""},
		{"in quotes", start + "\"policies\":\n" + block("", "  "), "\"policies\":\n", ""},
	}
	for _, tt := range tests {
		for _, newline := range []string{"\n", "\r\n"} {
			t.Run(strings.TrimSpace(tt.name+" "+strings.Trim(newline, "\n")), func(t *testing.T) {
				lines := func(s string) string { return strings.ReplaceAll(s, "\n", newline) }
				path, _ := policyDir(t, lines(tt.before))
				if err := policy.AddRule(path, newRule(), policy.TrustedRoot{}); err != nil {
					t.Fatal(err)
				}
				text := tt.indent + strings.ReplaceAll(strings.TrimSuffix(newRuleText, "\n"), "\n", "\n"+tt.indent) + "\n"
				want := lines(strings.Replace(tt.before, tt.at, tt.at+text, 1))
				if diff := cmp.Diff(want, readText(t, path)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
	t.Run("brackets", func(t *testing.T) {
		const before = `{"apiVersion": "recap/v1", "kind": "TrustPolicy", "policies": [ {"name": "a", "scopes": ["a.b/**"], "authorities": [{"name": "k", "key": {"kms": "k://k"}}]}]}` + "\n"
		path, _ := policyDir(t, before)
		if err := policy.AddRule(path, newRule(), policy.TrustedRoot{}); err != nil {
			t.Fatal(err)
		}
		got := readText(t, path)
		i := strings.Index(before, "[ {") + 1
		if !strings.HasPrefix(got, before[:i]+`{"name":"registry.example.com/acme/talks"`) || !strings.HasSuffix(got, ", "+before[i:]) {
			t.Errorf("got %s", got)
		}
	})
}

// TestAddRuleSaysEverything holds that each part of a rule comes back.
func TestAddRuleSaysEverything(t *testing.T) {
	keys := newPEMs(t)
	rule := policy.Rule{
		Name: "all: # of \"it\"", Scopes: []string{"mirror.example.org/**"}, Mode: policy.Warn, Threshold: 2, MirrorOf: "registry.example.org/**", LegacySignatures: true,
		Authorities: []policy.Authority{
			{Name: "key", Key: &policy.Key{PEM: keys["keys/security.pub"], ValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ValidUntil: time.Date(2027, 1, 1, 10, 30, 0, 5e8, time.UTC)}, Require: &policy.Require{Timestamps: 1}},
			{Name: "kms", Key: &policy.Key{KMS: "awskms:///alias/recaps"}},
			{Name: "yes", Keyless: &policy.Keyless{Identities: []policy.Identity{
				{IssuerRegExp: `https://\w+\.example\.com`, SubjectRegExp: `[^@'"]+@example\.com`, Claims: map[string]string{"buildTrigger": "1.10"}},
				{Issuer: "https://issuer.example.com", Subject: "no"},
			}}, Require: &policy.Require{TLog: 2, Timestamps: 2}},
		},
		Attestations: []policy.AttestationRule{
			{PredicateType: "https://slsa.dev/provenance/v1", Authorities: []string{"yes"}},
			{PredicateType: "https://cyclonedx.org/bom"},
		},
	}
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := policy.AddRule(path, rule, policy.TrustedRoot{}); err != nil {
		t.Fatal(err)
	}
	believed, err := policy.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	got := believed.Rules[0]
	got.Line = 0
	rule.Attestations[1].Authorities = []string{"key", "kms", "yes"}
	if diff := cmp.Diff(rule, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := policy.AddRule(path, newRule(), policy.TrustedRoot{}); err != nil {
		t.Fatal(err)
	}
	if believed, err = policy.Load(path); err != nil || len(believed.Rules) != 2 || believed.Rules[1].Name != rule.Name {
		t.Errorf("beside another: %+v, %v", believed, err)
	}
}

// TestAddRuleRefuses holds that a file is left as it was by what can't be added.
func TestAddRuleRefuses(t *testing.T) {
	without := func(edit func(*policy.Rule)) policy.Rule {
		r := newRule()
		edit(&r)
		return r
	}
	tests := []struct {
		name, before string
		rule         policy.Rule
		want         string
	}{
		{"a file that is no policy", "hello: world\n", newRule(), "line 1: "},
		{"a file with a mistake", head + ci + "  treshold: 1\n", newRule(), "line 9: "},
		{"a scope that is there", head + ci, without(func(r *policy.Rule) { r.Scopes = []string{"registry.example.com/team/**"} }), `and again in rule "team" (line 4)`},
		{"a scope that collides", head + ci, without(func(r *policy.Rule) { r.Scopes = []string{"registry.example.com/team/*"} }), "can match the same name"},
		{"nobody", head + ci, without(func(r *policy.Rule) { r.Authorities = nil }), "names nobody"},
		{"no certificate", head + ci, policy.RuleFrom(policy.Identity{}, "registry.example.com/x"), "names nobody"},
		{"a name with a wildcard", head + ci, policy.RuleFrom(observed("x"), "oci-layout://a*b"), "has no scope"},
		{"a name that hides something", head + ci, without(func(r *policy.Rule) { r.Name = "a\u202eb" }), "doesn't show"},
		{"an identity that hides something", head + ci, policy.RuleFrom(policy.Identity{Issuer: "i", Subject: "dana\n@example.com"}, "registry.example.com/x"), "doesn't show"},
		{"an identity that is no text", head + ci, policy.RuleFrom(policy.Identity{Issuer: "i", Subject: "dana\xff@example.com"}, "registry.example.com/x"), "mean what they should"},
		{"half an identity", head + ci, policy.RuleFrom(policy.Identity{Issuer: "i"}, "registry.example.com/x"), "has no name"},
		{"a name of many letters", head + ci, without(func(r *policy.Rule) { r.Name = strings.Repeat("x", 101) }), "101 characters"},
		{"a private key", head + ci, without(func(r *policy.Rule) {
			r.Authorities = []policy.Authority{{Name: "k", Key: &policy.Key{PEM: newPEMs(t)["keys/private.pem"]}}}
		}), "private key"},
		{"a list in another form", strings.Replace(head, "policies:\n- ", "policies:\n-\n  ", 1) + ci, newRule(), ""},
		{"a key of its own kind", strings.Replace(head, "policies:\n", "? policies\n: ", 1) + ci, newRule(), "line "},
		{"a list with a tag", strings.Replace(head, "policies:", "policies: !!seq", 1) + ci, newRule(), "tag !!seq is not supported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, _ := policyDir(t, tt.before)
			err := policy.AddRule(path, tt.rule, policy.TrustedRoot{})
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !errors.Is(err, recap.Usage) || code(err) != "bad-policy" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if got := readText(t, path); got != tt.before {
				t.Errorf("the file became %s", got)
			}
			if _, err := os.Lstat(path + ".lock"); err == nil {
				t.Error("the lock is still there")
			}
		})
	}
}

func TestAddRuleFollowsLinks(t *testing.T) {
	path, _ := policyDir(t, head+ci)
	link := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	const mode = 0o662 // of which every umask takes something
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	if err := policy.AddRule(link, newRule(), policy.TrustedRoot{}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	if info, err = os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != mode {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	if believed, err := policy.Load(path); err != nil || len(believed.Rules) != 2 {
		t.Errorf("got %+v, %v", believed, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := policy.AddRule(link, newRule(), policy.TrustedRoot{}); !errors.Is(err, recap.Local) || code(err) != "dangling-link" {
		t.Errorf("through a link to nothing: %v", err)
	}
}

// TestAddRuleTogether holds that no rule is lost when several are added at once.
func TestAddRuleTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	const n = 8
	var wait sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wait.Go(func() {
			rule := newRule()
			rule.Name = string(rune('a' + i))
			rule.Scopes = []string{"registry.example.com/" + rule.Name}
			errs[i] = policy.AddRule(path, rule, policy.TrustedRoot{})
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if believed, err := policy.Load(path); err != nil || len(believed.Rules) != n {
		t.Errorf("got %+v, %v, want %d rules", believed, err, n)
	}
}

// TestAddRuleNamesTheRoot holds that a new policy says which Sigstore instance
// its signer was verified under, and that one that is there keeps its own.
func TestAddRuleNamesTheRoot(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "it's \"one\".json"), filepath.Join(dir, "two.json")
	for _, path := range []string{first, second} {
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "policy.yaml")
	for i, root := range []string{first, second} {
		rule := newRule()
		rule.Name, rule.Scopes = fmt.Sprint(i), []string{fmt.Sprintf("registry.example.com/%d", i)}
		if err := policy.AddRule(path, rule, policy.TrustedRoot{Path: root}); err != nil {
			t.Fatal(err)
		}
	}
	believed, err := policy.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if believed.TrustedRoot.Path != first || len(believed.Rules) != 2 {
		t.Errorf("got root %q and %d rules", believed.TrustedRoot.Path, len(believed.Rules))
	}
}
