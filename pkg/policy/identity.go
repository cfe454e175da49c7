// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/fit"
)

const (
	maxExpression = 2000 // bytes of a regular expression
	maxProgram    = 5000 // its steps, counted repetitions written out; each costs time for every letter
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
	// With a log entry alone, its time has to be stated by the log: a [Verifier]
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
			c.fail(pointer, codeIdentity, mend, "%s: %q is no claim that a certificate makes", who, fit.Clip(name))
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
			c.warn(at+"/"+what, codeIdentity, fmt.Sprintf("write %sRegExp, with .* for any text", what), "%s: the %s %q is compared as it stands, the * too", who, what, fit.Clip(exact))
		}
		return
	}
	pointer := at + "/" + what + "RegExp"
	parsed, why := parseExpression(expr)
	if parsed == nil {
		c.fail(pointer, codeIdentity, "mend it, or write "+what+" without RegExp", "%s: the %s expression %s", who, what, why)
		return
	}
	matches, err := anchored(expr)
	if err != nil {
		c.fail(pointer, codeIdentity, "mend it, or write "+what+" without RegExp", "%s: the %s expression can't stand alone", who, what)
		return
	}
	if !slices.ContainsFunc(anything(), func(text string) bool { return !matches.MatchString(text) }) {
		c.fail(pointer, codeIdentity, fmt.Sprintf("write the %s, as much of it as you know", what), "%s: the %s expression \"%s\" matches anything", who, what, fit.Clip(expr))
		return
	}
	if what == "issuer" {
		if matches.MatchString(strangeIssuer) {
			c.warn(pointer, codeIdentity, "write the issuer's host", "%s: the issuer expression \"%s\" matches whatever issuer there may be", who, fit.Clip(expr))
		} else if open := openEnded(parsed, matches); open != "" {
			c.warn(pointer, codeIdentity, "write more of the issuer", "%s: the issuer expression \"%s\" %s", who, fit.Clip(expr), open)
		}
	}
	if before := bareDot(parsed); before != "" {
		c.warn(pointer, codeIdentity, `write \. for a dot`, "%s: in the %s expression the dot after %q stands for any character", who, what, before)
	}
}

// checkWide refuses an identity that everybody has who opens an account, or who
// opens one that is called alike, and warns of what else is left open.
func (c *checker) checkWide(at, who string, id Identity) {
	if id.SubjectRegExp == "" || len(id.Claims) > 0 {
		return
	}
	expr, err := anchored(id.SubjectRegExp)
	if err != nil {
		return // reported
	}
	if !slices.ContainsFunc(anything(), func(text string) bool { return !expr.MatchString(text) }) {
		return // reported
	}
	for _, stranger := range strangers() {
		if expr.MatchString(stranger.subject) {
			c.fail(at+"/subjectRegExp", codeIdentity, stranger.mend, "%s: the subject expression \"%s\" matches %s", who, fit.Clip(id.SubjectRegExp), stranger.who)
			return
		}
	}
	parsed, _ := parseExpression(id.SubjectRegExp)
	if parsed == nil {
		return // reported
	}
	if forge := openAccount(parsed); forge != "" {
		c.fail(at+"/subjectRegExp", codeIdentity, "end the owner's name with a slash, or add claims",
			"%s: the subject expression \"%s\" matches accounts at %s that anybody may open", who, fit.Clip(id.SubjectRegExp), forge)
		return
	}
	if open := openEnded(parsed, expr); open != "" {
		c.warn(at+"/subjectRegExp", codeIdentity, "write more of the subject, or add claims", "%s: the subject expression \"%s\" %s", who, fit.Clip(id.SubjectRegExp), open)
	}
}

// parseExpression parses an expression, and says why it is refused where it is.
func parseExpression(expr string) (*syntax.Regexp, string) {
	if len(expr) > maxExpression {
		return nil, fmt.Sprintf("has %d bytes; at most %d are allowed", len(expr), maxExpression)
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		why := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return nil, fmt.Sprintf("\"%s\" is no regular expression: %s", fit.Clip(expr), why)
	}
	if steps(parsed) > maxProgram {
		return nil, fmt.Sprintf("\"%s\" takes too long to match", fit.Clip(expr))
	}
	return parsed, ""
}

// steps returns about how many steps an expression has when its repetitions are
// written out, without doing so.
func steps(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxProgram+1)
}

// bareDot returns the text before a dot that stands between two texts as a
// domain's does, and stands for any character; or nothing.
func bareDot(re *syntax.Regexp) string {
	for i, sub := range re.Sub {
		if before := bareDot(sub); before != "" {
			return before
		}
		if re.Op != syntax.OpConcat || i == 0 || i+1 == len(re.Sub) {
			continue
		}
		before, after := re.Sub[i-1], re.Sub[i+1]
		if (sub.Op == syntax.OpAnyCharNotNL || sub.Op == syntax.OpAnyChar) && before.Op == syntax.OpLiteral && after.Op == syntax.OpLiteral {
			return string(before.Rune)
		}
	}
	return ""
}

// anything are texts that have nothing in common with each other nor with any
// identity. An expression that matches all of them matches whatever there is.
func anything() []string {
	return []string{
		"q7vzx", "https://q7vzx.example.invalid/q7vzx/zk?#", "q7vzx@zk.example.invalid", "spiffe://zk.example.invalid/q7vzx",
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
