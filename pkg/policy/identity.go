// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/policy/internal/expression"
)

// checkIdentities finds what is wrong with an authority that is a set of
// identities.
func (c *checker) checkIdentities(pointer, who string, a Authority) {
	list := a.Keyless.Identities
	if len(list) == 0 {
		c.fail(pointer+"/keyless", codeIdentity, "add identities: issuer and subject", "%s has no identity", who)
	}
	for i, identity := range list {
		at := fmt.Sprintf("%s/keyless/identities/%d", pointer, i)
		c.checkIdentity(at, who, identity)
		if slices.ContainsFunc(list[:i], identity.equal) {
			c.fail(at, codeIdentity, "keep one of them", "%s has the same identity twice", who)
		}
	}
	need := a.Required()
	c.checkCounts(pointer, who, need)
	// With a log entry alone, its time has to be stated by the log: a verifier
	// asks for one time at least in any case.
	if need.TLog < 1 && need.Timestamps < 1 {
		c.fail(pointer+"/require", codeEvidence, "write timestamps: 1, or tlog: 1",
			"%s requires neither a log entry nor a timestamp: nothing proves that the certificate, which is valid for minutes, was when it signed", who)
	}
}

func (c *checker) checkIdentity(at, who string, id Identity) {
	c.checkMatch(at, who, "issuer", id.Issuer, id.IssuerRegExp)
	c.checkMatch(at, who, "subject", id.Subject, id.SubjectRegExp)
	for _, name := range slices.Sorted(maps.Keys(id.Claims)) {
		pointer := at + "/claims/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
		known := claimNames()
		switch {
		case !slices.Contains(known, name):
			mend := "use one of " + strings.Join(known, ", ")
			if s := fit.Nearest(name, known); s != "" {
				mend = fmt.Sprintf("did you mean %s?", s)
			}
			c.fail(pointer, codeIdentity, mend, "%s: %q is no claim that a certificate makes", who, words.Clip(name))
		case id.Claims[name] == "":
			c.fail(pointer, codeIdentity, "fill it in", "%s: the claim %s is empty", who, name)
		}
	}
	c.checkWide(at, who, id)
}

// checkMatch checks one half of an identity: given exactly or as an expression.
func (c *checker) checkMatch(at, who, what, exact, expr string) {
	switch {
	case exact == "" && expr == "":
		c.fail(at, codeIdentity, fmt.Sprintf("add %s, exactly, or %sRegExp", what, what), "%s: an identity without %s is anybody's", who, what)
		return
	case exact != "" && expr != "":
		c.fail(at, codeIdentity, "keep one of them", "%s: an identity has both %s and %sRegExp", who, what, what)
		return
	case exact != "":
		if strings.Contains(exact, "*") {
			c.warn(at+"/"+what, codeIdentity, fmt.Sprintf("write %sRegExp, with .* for any text", what), "%s: the %s %q is compared as it stands, the * too", who, what, words.Clip(exact))
		}
		return
	}
	pointer := at + "/" + what + "RegExp"
	parsed, why := expression.Parse(expr)
	if parsed == nil {
		c.fail(pointer, codeIdentity, "mend it, or write "+what+" without RegExp", "%s: the %s expression %s", who, what, why)
		return
	}
	matches, err := expression.Anchored(expr)
	if err != nil {
		c.fail(pointer, codeIdentity, "mend it, or write "+what+" without RegExp", "%s: the %s expression can't stand alone", who, what)
		return
	}
	if expression.Anything(matches) {
		c.fail(pointer, codeIdentity, fmt.Sprintf("write the %s, as much of it as you know", what), "%s: the %s expression \"%s\" matches anything", who, what, words.Clip(expr))
		return
	}
	if what == "issuer" {
		if matches.MatchString(strangeIssuer) {
			c.warn(pointer, codeIdentity, "write the issuer's host", "%s: the issuer expression \"%s\" matches whatever issuer there may be", who, words.Clip(expr))
		} else if open := expression.OpenEnded(parsed, matches); open != "" {
			c.warn(pointer, codeIdentity, "write more of the issuer", "%s: the issuer expression \"%s\" %s", who, words.Clip(expr), open)
		}
	}
	if before := expression.BareDot(parsed); before != "" {
		c.warn(pointer, codeIdentity, `write \. for a dot`, "%s: in the %s expression the dot after %q stands for any character", who, what, before)
	}
}

// checkWide refuses an identity that everybody has who opens an account, or who
// opens one that is called alike, and warns of what else is left open.
func (c *checker) checkWide(at, who string, id Identity) {
	if id.SubjectRegExp == "" || len(id.Claims) > 0 {
		return
	}
	expr, err := expression.Anchored(id.SubjectRegExp)
	if err != nil {
		return // reported
	}
	if expression.Anything(expr) {
		return // reported
	}
	for _, stranger := range strangers() {
		if expr.MatchString(stranger.subject) {
			c.fail(at+"/subjectRegExp", codeIdentity, stranger.mend, "%s: the subject expression \"%s\" matches %s", who, words.Clip(id.SubjectRegExp), stranger.who)
			return
		}
	}
	parsed, _ := expression.Parse(id.SubjectRegExp)
	if parsed == nil {
		return // reported
	}
	if forge := expression.OpenAccount(parsed); forge != "" {
		c.fail(at+"/subjectRegExp", codeIdentity, "end the owner's name with a slash, or add claims",
			"%s: the subject expression \"%s\" matches accounts at %s that anybody may open", who, words.Clip(id.SubjectRegExp), forge)
		return
	}
	if open := expression.OpenEnded(parsed, expr); open != "" {
		c.warn(at+"/subjectRegExp", codeIdentity, "write more of the subject, or add claims", "%s: the subject expression \"%s\" %s", who, words.Clip(id.SubjectRegExp), open)
	}
}

// strangeIssuer is an issuer that nobody runs.
const strangeIssuer = "https://q7vzx.example.invalid"

// stranger is an identity that says nothing but that somebody has an account.
type stranger struct{ subject, who, mend string }

func strangers() []stranger {
	return []stranger{
		{
			"https://github.com/q7vzx-zk/q7vzx/.github/workflows/q7vzx.yml@refs/heads/q7vzx",
			"workflows of everybody at GitHub", "write the repository too, or use github: {repository, workflow, ref}",
		},
		{"https://gitlab.com/q7vzx-zk/q7vzx//.gitlab-ci.yml@refs/heads/q7vzx", "pipelines of everybody at GitLab", "write the project too"},
		{"q7vzx.zk@gmail.com", "everybody with a Gmail address", "write the whole address"},
	}
}

// claimNames are the names of the extensions that a certificate of Fulcio may
// have, besides its issuer.
// https://github.com/sigstore/fulcio/blob/v1.8.8/docs/oid-info.md
func claimNames() []string {
	return []string{
		"buildConfigDigest", "buildConfigURI", "buildSignerDigest", "buildSignerURI", "buildTrigger",
		"githubWorkflowName", "githubWorkflowRef", "githubWorkflowRepository", "githubWorkflowSHA", "githubWorkflowTrigger",
		"runInvocationURI", "runnerEnvironment",
		"sourceRepositoryDigest", "sourceRepositoryIdentifier", "sourceRepositoryOwnerIdentifier", "sourceRepositoryOwnerURI",
		"sourceRepositoryRef", "sourceRepositoryURI", "sourceRepositoryVisibilityAtSigning",
	}
}

// equal reports whether two identities are written the same.
func (id Identity) equal(other Identity) bool {
	return id.Issuer == other.Issuer && id.IssuerRegExp == other.IssuerRegExp &&
		id.Subject == other.Subject && id.SubjectRegExp == other.SubjectRegExp &&
		maps.Equal(id.Claims, other.Claims)
}
