// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/recap"
)

// The services that DetectCI knows, as CI.Service names them.
const (
	GitHubActions = "github-actions"
	GitLabCI      = "gitlab-ci"
	Buildkite     = "buildkite"
)

// maxValue is how long a value of the environment may be, in bytes. The
// longest that mean something are addresses and refs.
const maxValue = 1024

// CI is what a continuous-integration service states about the run of a job.
// Values are as the service spells them.
type CI struct {
	Service  string // one of the constants above
	Source   string // address of the repository, without credentials
	Ref      string // refs/tags/v1.2.0; empty when none is stated
	Revision string // the commit
	Workflow string // what was run, as the service names it: a path, perhaps with repository and ref; may be empty
	Run      string // address of the run, down to the attempt or job
	Builder  string // URI of who ran it: the service and its kind of machine, or the machine

	// Details are other statements, by the names that the build type documents.
	Details map[string]string

	marker  string // the variable that the service is recognised by
	problem error  // with the first variable that makes no sense
}

// DetectCI reads which service the process runs in, and what it states, from
// the environment that lookup gives access to. ok is false when it is none of
// the known ones. What a service states wrongly, or should and doesn't, is an
// error of [Provenance], which names the variable.
func DetectCI(lookup func(string) (string, bool)) (ci CI, ok bool) {
	services := []struct {
		variable string
		read     func(*environment) CI
	}{
		{"GITHUB_ACTIONS", readGitHub},
		{"GITLAB_CI", readGitLab},
		{"BUILDKITE", readBuildkite},
	}
	var found []string
	for _, s := range services {
		if value, set := lookup(s.variable); !set || value != "true" {
			continue
		}
		found = append(found, s.variable)
		env := &environment{lookup: lookup}
		ci = s.read(env)
		ci.marker, ci.problem = s.variable, env.problem
	}
	if len(found) > 1 {
		ci.problem = fmt.Errorf("%s are both set: only one service can run a job", strings.Join(found, " and "))
	}
	return ci, len(found) > 0
}

// check returns why ci can't be the subject of a statement.
func (ci CI) check() error {
	if ci.Service == "" {
		return recap.Errorf(recap.Usage, "no-ci", "no CI service states where this comes from").
			WithHint("run it in GitHub Actions, GitLab CI or Buildkite, or state it yourself: --attest provenance=FILE")
	}
	if ci.problem != nil {
		return recap.Errorf(recap.Usage, "bad-ci", "the environment of %s makes no sense: %w", ci.Service, ci.problem).
			WithHint("if no job of it runs here: unset %s; or state where this comes from yourself: --attest provenance=FILE", ci.marker)
	}
	return nil
}

// environment reads variables and keeps the first thing that is wrong.
type environment struct {
	lookup  func(string) (string, bool)
	problem error
}

// get returns a variable that check accepts, or "" when it isn't set.
func (e *environment) get(name string, check func(string) error) string {
	value, _ := e.lookup(name)
	if value == "" {
		return ""
	}
	err := checkText(value)
	if err == nil {
		err = check(value)
	}
	if err != nil {
		e.fail("%s is %.100q: %w", name, value, err)
		return ""
	}
	return value
}

// must is get for a variable without which there is nothing to state.
func (e *environment) must(name string, check func(string) error) string {
	value := e.get(name, check)
	if value == "" {
		e.fail("%s is not set", name)
	}
	return value
}

func (e *environment) fail(format string, args ...any) {
	if e.problem == nil {
		e.problem = fmt.Errorf(format, args...)
	}
}

// details reads variables into a map by the names that the build type gives
// them; what isn't set isn't in it.
func (e *environment) details(variables map[string]string) map[string]string {
	details := map[string]string{}
	for name, variable := range variables {
		if value := e.get(variable, anyText); value != "" {
			details[name] = value
		}
	}
	return details
}

// checkText refuses what could forge a line of a report or isn't text at all.
func checkText(s string) error {
	switch {
	case len(s) > maxValue:
		return fmt.Errorf("it has %d bytes, more than %d", len(s), maxValue)
	case !utf8.ValidString(s):
		return errors.New("it is not UTF-8")
	case strings.ContainsFunc(s, func(r rune) bool { return !recap.IsPrintable(r) }):
		return errors.New("it has characters that can't be printed")
	}
	return nil
}

func anyText(string) error { return nil }

// checkCommit accepts the names of Git's objects, SHA-1 or SHA-256.
func checkCommit(s string) error {
	if len(s) != 40 && len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
		return errors.New("it is not the 40 or 64 lower-case hex digits of a commit")
	}
	return nil
}

// checkRef accepts what Git does.
//
// See https://git-scm.com/docs/git-check-ref-format
func checkRef(s string) error {
	if !strings.HasPrefix(s, "refs/") || strings.ContainsAny(s, " ~^:?*[\\") || strings.Contains(s, "..") || strings.Contains(s, "@{") || strings.Contains(s, "//") {
		return errors.New("it is not a whole ref, refs/…")
	}
	return nil
}

func checkRefName(s string) error { return checkRef("refs/heads/" + s) }

func checkNumber(s string) error {
	if strings.Trim(s, "0123456789") != "" {
		return errors.New("it is not a number")
	}
	return nil
}

// checkName accepts what can be one step of a path in an address.
func checkName(s string) error {
	if s == "." || s == ".." || url.PathEscape(s) != s {
		return errors.New("it has characters that no name has")
	}
	return nil
}

// checkAddress accepts the address of a web page that says nothing but where
// the page is.
func checkAddress(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("it is not an address")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return errors.New("it is not an address that begins with https://")
	case u.User != nil:
		return errors.New("it carries credentials")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("it says more than where something is")
	}
	return nil
}
