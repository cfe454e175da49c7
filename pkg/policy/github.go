// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"regexp"
	"strings"
)

// githubIssuer is the issuer of every workflow identity of github.com.
// https://docs.github.com/en/actions/reference/security/oidc
const githubIssuer = "https://token.actions.githubusercontent.com"

const (
	githubAddress    = "https://github.com/"
	workflowsFolder  = "/.github/workflows/"
	sourceRepository = "sourceRepositoryURI"
)

// github is a workflow of a repository at github.com, as policies name it.
type github struct {
	Repository string `json:"repository"` // OWNER/NAME
	Workflow   string `json:"workflow"`   // publish.yml
	Ref        string `json:"ref"`        // refs/tags/v*, in which * stands for any text without a slash
}

// identity returns what the certificates of the workflow say. Everything but a
// * of the ref is literal: without one the subject is exact.
func (g github) identity() Identity {
	id := Identity{Issuer: githubIssuer, Claims: map[string]string{sourceRepository: githubAddress + g.Repository}}
	subject := githubAddress + g.Repository + workflowsFolder + g.Workflow + "@" + g.Ref
	if !strings.Contains(g.Ref, "*") {
		id.Subject = subject
		return id
	}
	id.SubjectRegExp = strings.ReplaceAll(regexp.QuoteMeta(subject), `\*`, `[^/]*`)
	return id
}

// githubOf returns the workflow whose identity id is, exactly.
func githubOf(id Identity) (github, bool) {
	subject := id.Subject
	if subject == "" {
		subject = unquote(strings.ReplaceAll(id.SubjectRegExp, `[^/]*`, `\*`))
	}
	g, ok := parseWorkflow(subject)
	if !ok || !g.identity().equal(id) {
		return github{}, false
	}
	return g, true
}

// parseWorkflow takes the subject of a workflow identity apart.
func parseWorkflow(subject string) (github, bool) {
	rest, ok := strings.CutPrefix(subject, githubAddress)
	repository, rest, found := strings.Cut(rest, workflowsFolder)
	workflow, ref, at := strings.Cut(rest, "@")
	ok = ok && found && at && strings.Count(repository, "/") == 1 && workflow != "" && !strings.Contains(workflow, "/") && strings.HasPrefix(ref, "refs/")
	return github{repository, workflow, ref}, ok
}

// unquote undoes regexp.QuoteMeta.
func unquote(expr string) string {
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		if expr[i] == '\\' && i+1 < len(expr) {
			i++
		}
		b.WriteByte(expr[i])
	}
	return b.String()
}

// mistake says what is wrong with a workflow, and of which field; nothing where
// it is fine.
func (g github) mistake() (field, message, mend string) {
	kind, name, _ := strings.Cut(strings.TrimPrefix(g.Ref, "refs/"), "/")
	switch {
	case strings.HasSuffix(g.Repository, ".git"):
		return "repository", fmt.Sprintf("%q ends in .git", g.Repository), "write " + strings.TrimSuffix(g.Repository, ".git")
	case strings.Contains(g.Ref, "**"):
		return "ref", fmt.Sprintf("%q has two * in a row", g.Ref), "write one: it stands for any text without a slash"
	case strings.Contains(kind, "*") || name == "":
		return "ref", fmt.Sprintf("%q doesn't say whether it is a branch or a tag", g.Ref), "write refs/heads/… or refs/tags/…"
	}
	return "", "", ""
}

// canBeWritten reports whether the schema of a policy takes the workflow.
func (g github) canBeWritten() bool {
	field, _, _ := g.mistake()
	plain := func(s, more string) bool {
		const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
		return s != "" && strings.Trim(s, letters+more) == ""
	}
	owner, name, _ := strings.Cut(g.Repository, "/")
	yaml := strings.HasSuffix(g.Workflow, ".yml") || strings.HasSuffix(g.Workflow, ".yaml")
	return field == "" && plain(owner, "") && plain(name, ".") && yaml && plain(g.Workflow, ".+") && plain(g.Ref, "./+*#")
}

// String says in plain words which workflow it is, and on what it may run.
func (g github) String() string {
	return fmt.Sprintf("the GitHub workflow %s of %s, on %s", g.Workflow, g.Repository, g.runsOn())
}

func (g github) runsOn() string {
	for _, kind := range []struct{ prefix, one, any, many string }{
		{"refs/tags/", "the tag", "any tag", "tags"},
		{"refs/heads/", "the branch", "any branch", "branches"},
	} {
		name, ok := strings.CutPrefix(g.Ref, kind.prefix)
		switch {
		case !ok:
		case name == "*":
			return kind.any
		case strings.Contains(name, "*"):
			return kind.many + " " + name
		default:
			return kind.one + " " + name
		}
	}
	return g.Ref
}
