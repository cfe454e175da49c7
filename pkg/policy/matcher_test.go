// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestIdentityMismatch(t *testing.T) {
	const issuer, subject = "https://issuer.example.com", "https://github.com/acme/app/.github/workflows/rel.yml@refs/tags/v1"
	claims := map[string]string{"sourceRepositoryURI": "https://github.com/acme/app", "runnerEnvironment": "github-hosted", "empty": ""}
	exact := Identity{Issuer: issuer, Subject: subject}
	tests := []struct {
		name string
		id   Identity
		edit func(*Identity)
		want string // empty: matches
	}{
		{"exact", exact, nil, ""},
		{"expressions", Identity{IssuerRegExp: `https://issuer\.example\.(com|org)`, SubjectRegExp: `https://github\.com/acme/app/.*@refs/tags/v.*`}, nil, ""},
		{"exact and expression", Identity{Issuer: issuer, IssuerRegExp: `https://.*`, Subject: subject}, nil, ""},
		{"with claims", Identity{Issuer: issuer, Subject: subject, Claims: map[string]string{"sourceRepositoryURI": "https://github.com/acme/app", "runnerEnvironment": "github-hosted"}}, nil, ""},
		{"a claim that is empty", Identity{Issuer: issuer, Subject: subject, Claims: map[string]string{"empty": ""}}, nil, ""},
		{"an alternative", Identity{Issuer: issuer, SubjectRegExp: `x|` + `https://github\.com/acme/.*`}, nil, ""},

		{"case 19: issuer mismatch with the right subject", Identity{Issuer: "https://other.example.com", Subject: subject}, nil, `the issuer is not "https://other.example.com"`},
		{"case 19: subject mismatch", Identity{Issuer: issuer, Subject: "alice@example.com"}, nil, `the subject is not "alice@example.com"`},
		{"case 19: another case", Identity{Issuer: issuer, Subject: strings.ToUpper(subject)}, nil, "the subject is not"},
		{"case 19: subject is a prefix", exact, func(c *Identity) { c.Subject += "-evil" }, "the subject is not"},
		{"case 19: expression inside a text", Identity{Issuer: issuer, SubjectRegExp: `https://github\.com/acme/app`}, nil, `is not matched by "https://github\\.com/acme/app"`},
		{"case 19: text before the expression", Identity{Issuer: issuer, SubjectRegExp: `https://github\.com/acme/.*`}, func(c *Identity) { c.Subject = "https://evil.example/" + c.Subject }, "is not matched by"},
		{"case 19: prefix of a name", Identity{Issuer: issuer, SubjectRegExp: `https://github\.com/acme/app/.*`}, func(c *Identity) { c.Subject = "https://github.com/acme/app-evil/x" }, "is not matched by"},
		{"T36: mail address", Identity{Issuer: issuer, SubjectRegExp: `alice@example\.com`}, func(c *Identity) { c.Subject = "alice@example.com.evil.example" }, "is not matched by"},
		{"T36: alternatives are anchored too", Identity{Issuer: issuer, SubjectRegExp: `alice@example\.com|bob@example\.com`}, func(c *Identity) { c.Subject = "evil-bob@example.com" }, "is not matched by"},
		{"T36: a line of its own", Identity{Issuer: issuer, SubjectRegExp: `(?m)^alice@example\.com$`}, func(c *Identity) { c.Subject = "evil\nalice@example.com" }, "is not matched by"},
		{"T36: a line at the end", Identity{Issuer: issuer, SubjectRegExp: `alice@example\.com`}, func(c *Identity) { c.Subject = "alice@example.com\n" }, "is not matched by"},
		{"exact and another expression", Identity{Issuer: issuer, IssuerRegExp: `http://.*`, Subject: subject}, nil, "the issuer"},
		{"case 20: no issuer in the policy", Identity{Subject: subject}, nil, "no issuer is named"},
		{"case 20: no subject in the policy", Identity{Issuer: issuer}, nil, "no subject is named"},
		{"T23: no issuer in the certificate", Identity{IssuerRegExp: `.*`, Subject: subject}, func(c *Identity) { c.Issuer = "" }, "the certificate names no issuer"},
		{"T23: no subject in the certificate", Identity{Issuer: issuer, SubjectRegExp: `.*`}, func(c *Identity) { c.Subject = "" }, "the certificate names no subject"},
		{"another claim", Identity{Issuer: issuer, Subject: subject, Claims: map[string]string{"runnerEnvironment": "self-hosted", "sourceRepositoryURI": "https://github.com/acme/app"}}, nil, `its runnerEnvironment is "github-hosted", not "self-hosted"`},
		{"no such claim", Identity{Issuer: issuer, Subject: subject, Claims: map[string]string{"buildTrigger": "push"}}, nil, `doesn't state buildTrigger, which has to be "push"`},
		{"no such claim, to be empty", Identity{Issuer: issuer, Subject: subject, Claims: map[string]string{"buildTrigger": ""}}, nil, "doesn't state buildTrigger"},
		{"claim in another case", Identity{Issuer: issuer, Subject: subject, Claims: map[string]string{"SourceRepositoryURI": "https://github.com/acme/app"}}, nil, "doesn't state SourceRepositoryURI"},
		{"no claims at all", Identity{Issuer: issuer, Subject: subject, Claims: map[string]string{"a": "b"}}, func(c *Identity) { c.Claims = nil }, "doesn't state a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Identity{Issuer: issuer, Subject: subject, Claims: claims}
			if test.edit != nil {
				test.edit(&c)
			}
			m, err := NewMatcher(Authority{Keyless: &Keyless{Identities: []Identity{test.id}}})
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Mismatch(c); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Of several identities one is enough, and the nearest says why none is.
func TestIdentities(t *testing.T) {
	m, err := NewMatcher(Authority{Keyless: &Keyless{Identities: []Identity{
		{Issuer: "a", Subject: "x"}, {Issuer: "b", Subject: "y", Claims: map[string]string{"k": "v"}}, {Issuer: "b", Subject: "z"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if why := m.Mismatch(Identity{Issuer: "b", Subject: "z"}); why != "" {
		t.Errorf("the third isn't enough: %s", why)
	}
	if why, want := m.Mismatch(Identity{Issuer: "b", Subject: "y"}), "the certificate doesn't state k"; !strings.HasPrefix(why, want) {
		t.Errorf("got %q, want %q", why, want)
	}
	none, err := NewMatcher(Authority{Keyless: &Keyless{}})
	if err != nil {
		t.Fatal(err)
	}
	if why := none.Mismatch(Identity{Issuer: "a", Subject: "x"}); why == "" {
		t.Errorf("case 20: an empty list of identities matches")
	}
}

func TestMatcherRefuses(t *testing.T) {
	for _, expr := range []string{`(`, `a)|(?:b`, `.*)|(.*`, `a\`, `\Qabc`, `[`, `a{1001}`} {
		for _, id := range []Identity{{Issuer: "a", SubjectRegExp: expr}, {IssuerRegExp: expr, Subject: "a"}} {
			_, err := NewMatcher(Authority{Name: "ci", Keyless: &Keyless{Identities: []Identity{id}}})
			if !errors.Is(err, recap.Usage) || !strings.Contains(err.Error(), "ci") {
				t.Errorf("%q: got error %v, want %v", expr, err, recap.Usage)
			}
		}
	}
}
