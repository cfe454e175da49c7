// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/attest"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// environments of the services as they set them, with what isn't ours to read.
var (
	github = map[string]string{
		"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/recaps",
		"GITHUB_REPOSITORY_ID": "1234", "GITHUB_REPOSITORY_OWNER_ID": "56", "GITHUB_SHA": commit, "GITHUB_REF": "refs/tags/v1.2.0",
		"GITHUB_WORKFLOW_REF": "acme/recaps/.github/workflows/publish.yml@refs/tags/v1.2.0", "GITHUB_WORKFLOW_SHA": commit,
		"GITHUB_RUN_ID": "789", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_EVENT_NAME": "push", "GITHUB_JOB": "publish",
		"RUNNER_ENVIRONMENT": "github-hosted", "GITHUB_TOKEN": "ghs_SECRET", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "SECRET", "GITHUB_ACTOR": "alice",
	}
	gitlab = map[string]string{
		"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.com/acme/team/recaps", "CI_PROJECT_ID": "42",
		"CI_COMMIT_SHA": commit, "CI_COMMIT_BRANCH": "main", "CI_CONFIG_PATH": ".gitlab-ci.yml", "CI_JOB_URL": "https://gitlab.com/acme/team/recaps/-/jobs/7",
		"CI_RUNNER_ID": "12270835", "CI_PIPELINE_SOURCE": "push", "CI_JOB_NAME": "publish: it all", "CI_PIPELINE_ID": "99",
		"CI_JOB_TOKEN": "SECRET", "CI_REPOSITORY_URL": "https://gitlab-ci-token:SECRET@gitlab.com/acme/team/recaps.git",
	}
	buildkite = map[string]string{
		"CI": "true", "BUILDKITE": "true", "BUILDKITE_REPO": "git@github.com:acme/recaps.git", "BUILDKITE_COMMIT": commit,
		"BUILDKITE_BRANCH": "main", "BUILDKITE_PIPELINE_SLUG": "recaps", "BUILDKITE_ORGANIZATION_SLUG": "acme",
		"BUILDKITE_AGENT_ID": "0b461f65-e7be-4c80-888a-ef11d81fd971", "BUILDKITE_BUILD_URL": "https://buildkite.com/acme/recaps/builds/5",
		"BUILDKITE_JOB_ID": "018c", "BUILDKITE_SOURCE": "webhook", "BUILDKITE_STEP_KEY": "publish", "BUILDKITE_BUILD_ID": "beef",
		"BUILDKITE_AGENT_ACCESS_TOKEN": "SECRET",
	}
)

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

// with returns env with variables changed; "" unsets.
func with(env map[string]string, pairs ...string) map[string]string {
	env = maps.Clone(env)
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "" {
			delete(env, pairs[i])
		}
	}
	return env
}

func provenance(t testing.TB, env map[string]string, opts attest.ProvenanceOptions) (trust.Predicate, error) {
	t.Helper()
	ci, _ := attest.DetectCI(lookup(env))
	return attest.Provenance(ci, opts)
}

func TestDetectCI(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want attest.CI
	}{
		{"GitHub Actions", github, attest.CI{
			Service: "github-actions", Source: "https://github.com/acme/recaps", Ref: "refs/tags/v1.2.0", Revision: commit,
			Workflow: "acme/recaps/.github/workflows/publish.yml@refs/tags/v1.2.0", Run: "https://github.com/acme/recaps/actions/runs/789/attempts/1",
			Builder: "https://github.com/actions/runner/github-hosted",
			Details: map[string]string{"event": "push", "job": "publish", "repositoryID": "1234", "repositoryOwnerID": "56", "workflowRevision": commit},
		}},
		{"GitHub Enterprise, with the least it states", map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example.com/", "GITHUB_REPOSITORY": "a/b.c_d-e", "GITHUB_SHA": commit, "GITHUB_RUN_ID": "1",
		}, attest.CI{
			Service: "github-actions", Source: "https://git.example.com/a/b.c_d-e", Revision: commit, Run: "https://git.example.com/a/b.c_d-e/actions/runs/1",
			Builder: "https://github.com/actions/runner", Details: map[string]string{},
		}},
		{"GitLab CI", gitlab, attest.CI{
			Service: "gitlab-ci", Source: "https://gitlab.com/acme/team/recaps", Ref: "refs/heads/main", Revision: commit,
			Workflow: ".gitlab-ci.yml", Run: "https://gitlab.com/acme/team/recaps/-/jobs/7", Builder: "https://gitlab.com/acme/team/recaps/-/runners/12270835",
			Details: map[string]string{"event": "push", "job": "publish: it all", "pipelineID": "99", "projectID": "42"},
		}},
		{"GitLab CI of a tag", with(gitlab, "CI_COMMIT_BRANCH", "", "CI_COMMIT_TAG", "v1"), attest.CI{
			Service: "gitlab-ci", Source: "https://gitlab.com/acme/team/recaps", Ref: "refs/tags/v1", Revision: commit,
			Workflow: ".gitlab-ci.yml", Run: "https://gitlab.com/acme/team/recaps/-/jobs/7", Builder: "https://gitlab.com/acme/team/recaps/-/runners/12270835",
			Details: map[string]string{"event": "push", "job": "publish: it all", "pipelineID": "99", "projectID": "42"},
		}},
		{"GitLab CI of a merge request", with(gitlab, "CI_COMMIT_BRANCH", "", "CI_MERGE_REQUEST_REF_PATH", "refs/merge-requests/1/head"), attest.CI{
			Service: "gitlab-ci", Source: "https://gitlab.com/acme/team/recaps", Ref: "refs/merge-requests/1/head", Revision: commit,
			Workflow: ".gitlab-ci.yml", Run: "https://gitlab.com/acme/team/recaps/-/jobs/7", Builder: "https://gitlab.com/acme/team/recaps/-/runners/12270835",
			Details: map[string]string{"event": "push", "job": "publish: it all", "pipelineID": "99", "projectID": "42"},
		}},
		{"Buildkite", buildkite, attest.CI{
			Service: "buildkite", Source: "ssh://github.com/acme/recaps.git", Ref: "refs/heads/main", Revision: commit, Workflow: "recaps",
			Run:     "https://buildkite.com/acme/recaps/builds/5#018c",
			Builder: "https://buildkite.com/organizations/acme/agents/0b461f65-e7be-4c80-888a-ef11d81fd971",
			Details: map[string]string{"event": "webhook", "job": "publish", "buildID": "beef"},
		}},
		{"Buildkite of a tag", with(buildkite, "BUILDKITE_TAG", "v1@2", "BUILDKITE_REPO", "https://user:SECRET@git.example.com/acme/recaps.git?x=SECRET#y"), attest.CI{
			Service: "buildkite", Source: "https://git.example.com/acme/recaps.git", Ref: "refs/tags/v1@2", Revision: commit, Workflow: "recaps",
			Run:     "https://buildkite.com/acme/recaps/builds/5#018c",
			Builder: "https://buildkite.com/organizations/acme/agents/0b461f65-e7be-4c80-888a-ef11d81fd971",
			Details: map[string]string{"event": "webhook", "job": "publish", "buildID": "beef"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := attest.DetectCI(lookup(tt.env))
			if !ok {
				t.Fatal("not recognised")
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(attest.CI{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			p, err := attest.Provenance(got, attest.ProvenanceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(p.JSON), "SECRET") {
				t.Errorf("it states a secret: %s", p.JSON)
			}
		})
	}
}

func TestProvenanceElsewhere(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"a laptop":                 {"HOME": "/home/alice"},
		"some service":             {"CI": "true"},
		"GitHub Actions that says": with(github, "GITHUB_ACTIONS", "false"),
		"empty variable":           with(github, "GITHUB_ACTIONS", ""),
	} {
		ci, ok := attest.DetectCI(lookup(env))
		if ok || ci.Service != "" {
			t.Errorf("%s: recognised as %q", name, ci.Service)
		}
		_, err := attest.Provenance(ci, attest.ProvenanceOptions{})
		refused(t, err, recap.Usage, "no-ci")
	}
}

func refused(t testing.TB, err error, kind recap.Kind, code string, words ...string) {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v, want %s of kind %s", err, code, kind)
	}
	if kind == recap.Usage && e.Hint == "" && code != "bad-input" && code != "bad-recap" && code != "bad-pack" {
		t.Errorf("%v: no hint", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q doesn't say %q", err, word)
		}
	}
}

// Whatever stands in a variable, it is stated as it is or refused by name.
func TestProvenanceRefusesNonsense(t *testing.T) {
	bad := []struct {
		env      map[string]string
		variable string
		values   []string
	}{
		{github, "GITHUB_SHA", []string{"", "HEAD", strings.ToUpper(commit), commit[:39], commit + "0", commit + "\n"}},
		{github, "GITHUB_SERVER_URL", []string{"", "github.com", "ftp://github.com", "https://user:pw@github.com", "https://", "https://github.com?x", "https://github.com#x", "https://git\x00hub.com", "https://[::1"}},
		{github, "GITHUB_REPOSITORY", []string{"", "recaps", "acme/", "/recaps", "acme/re caps", "acme/../recaps", "acme/recaps/x", "acme/..", "acme/recaps?x", "acme/re\u202ecaps"}},
		{github, "GITHUB_RUN_ID", []string{"", "x", "1/../2", "-1"}},
		{github, "GITHUB_RUN_ATTEMPT", []string{"x"}},
		{github, "GITHUB_REF", []string{"main", "refs/heads/a b", "refs/heads/a\nb", "refs/heads/../x", "refs/heads/x@{1}"}},
		{github, "RUNNER_ENVIRONMENT", []string{"a/b", "..", "a b"}},
		{github, "GITHUB_WORKFLOW_REF", []string{"\x1b[2J", "a\xff", strings.Repeat("a", 1025), "a\u200bb"}},
		{github, "GITHUB_EVENT_NAME", []string{"push\nforged: true"}},
		{gitlab, "CI_PROJECT_URL", []string{"", "https://token:SECRET@gitlab.com/a/b"}},
		{gitlab, "CI_COMMIT_SHA", []string{"", "main"}},
		{gitlab, "CI_JOB_URL", []string{"", "javascript:alert(1)"}},
		{gitlab, "CI_RUNNER_ID", []string{"", "1;2"}},
		{gitlab, "CI_COMMIT_TAG", []string{"a b", "a..b"}},
		{gitlab, "CI_MERGE_REQUEST_REF_PATH", []string{"1"}},
		{buildkite, "BUILDKITE_REPO", []string{"", "/srv/git/recaps", "file:///srv/git", "recaps", "ext::sh -c evil", "https://"}},
		{buildkite, "BUILDKITE_COMMIT", []string{"", "HEAD"}},
		{buildkite, "BUILDKITE_BRANCH", []string{"a~1"}},
		{buildkite, "BUILDKITE_ORGANIZATION_SLUG", []string{"", "a/b", "a?b"}},
		{buildkite, "BUILDKITE_AGENT_ID", []string{"", "a/../b"}},
		{buildkite, "BUILDKITE_BUILD_URL", []string{"", "x"}},
		{buildkite, "BUILDKITE_JOB_ID", []string{"", "a#b"}},
	}
	for _, b := range bad {
		for _, value := range b.values {
			_, err := provenance(t, with(b.env, b.variable, value), attest.ProvenanceOptions{})
			refused(t, err, recap.Usage, "bad-ci", b.variable)
			if recap.Printable(err.Error()) != err.Error() {
				t.Errorf("%s=%q: the error carries it raw: %q", b.variable, value, err)
			}
		}
	}
	env := with(github, "GITLAB_CI", "true")
	_, err := provenance(t, env, attest.ProvenanceOptions{})
	refused(t, err, recap.Usage, "bad-ci", "GITHUB_ACTIONS and GITLAB_CI")
}

// The page that documents the build type shows what is written, and names every
// variable that is read and no other.
func TestBuildTypePage(t *testing.T) {
	_, path, ok := strings.Cut(attest.BuildType, "/blob/main/")
	if !ok {
		t.Fatalf("%s is no page of the repository", attest.BuildType)
	}
	page, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "    "+attest.BuildType+"\n") {
		t.Error("the page doesn't name the build type")
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	example, _, _ := strings.Cut(rest, "```")
	p, err := provenance(t, github, attest.ProvenanceOptions{RecapVersion: "0.4.0"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode(t, []byte(example)), decode(t, p.JSON)); diff != "" {
		t.Errorf("the example of the page and what is written (-page +written):\n%s", diff)
	}
	read := map[string]bool{}
	for _, env := range []map[string]string{github, gitlab, buildkite} {
		attest.DetectCI(func(name string) (string, bool) {
			read[name] = true
			value, ok := env[name]
			return value, ok
		})
	}
	for name := range read {
		if !strings.Contains(string(page), name) {
			t.Errorf("the page doesn't say that %s is read", name)
		}
	}
	for _, field := range strings.FieldsFunc(string(page), func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') }) {
		if strings.Contains(field, "_") && !read[field] {
			t.Errorf("the page names %s, which is not read", field)
		}
	}
}

func decode(t testing.TB, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

func TestProvenanceInputs(t *testing.T) {
	a, b := digest.FromString("a"), digest.FromString("b")
	opts := attest.ProvenanceOptions{
		Inputs: []attest.Input{
			{URI: "oci://registry.example.com/z", Digest: b},
			{URI: "oci://registry.example.com/a", Digest: b, Name: "an-event"},
			{URI: "https://user:SECRET@example.com/x", Digest: a},
			{URI: "oci://registry.example.com/z", Digest: b},
			{URI: "oci://registry.example.com/z", Digest: a},
		},
		StartedOn:  time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)),
		FinishedOn: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC),
	}
	first, err := provenance(t, github, opts)
	if err != nil {
		t.Fatal(err)
	}
	if first.Type != "https://slsa.dev/provenance/v1" {
		t.Errorf("type %s", first.Type)
	}
	var got struct {
		BuildDefinition struct {
			ResolvedDependencies []struct {
				URI, Name string
				Digest    map[string]string
			}
		}
		RunDetails struct{ Metadata map[string]string }
	}
	if err := json.Unmarshal(first.JSON, &got); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, d := range got.BuildDefinition.ResolvedDependencies {
		list = append(list, d.URI+" "+d.Name+" "+d.Digest["sha256"]+d.Digest["gitCommit"])
	}
	if diff := cmp.Diff([]string{
		"git+https://github.com/acme/recaps@refs/tags/v1.2.0  " + commit,
		"https://example.com/x  " + a.Encoded(),
		"oci://registry.example.com/a an-event " + b.Encoded(),
		"oci://registry.example.com/z  " + b.Encoded(), // by digest
		"oci://registry.example.com/z  " + a.Encoded(),
	}, list, cmp.Transformer("sorted", func(l []string) string { return strings.Join(l, "\n") })); diff != "" {
		t.Errorf("dependencies (-want +got):\n%s", diff)
	}
	if m := got.RunDetails.Metadata; m["startedOn"] != "2026-01-02T02:04:05Z" || m["finishedOn"] != "2026-01-02T03:04:06Z" {
		t.Errorf("metadata %v", m)
	}
	opts.Inputs[0], opts.Inputs[4] = opts.Inputs[4], opts.Inputs[0]
	second, err := provenance(t, github, opts)
	if err != nil || string(first.JSON) != string(second.JSON) {
		t.Errorf("another order of inputs gives other bytes, %v:\n%s\n%s", err, first.JSON, second.JSON)
	}
	for name, in := range map[string]attest.Input{
		"no address, no name": {Digest: a},
		"no digest":           {URI: "oci://x"},
		"short digest":        {URI: "oci://x", Digest: "sha256:abc"},
		"escape in URI":       {URI: "oci://x\x1b[2J", Digest: a},
		"not UTF-8":           {URI: "oci://x", Name: "\xff", Digest: a},
		"a long name":         {URI: "oci://x", Name: strings.Repeat("x", 2000), Digest: a},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := provenance(t, github, attest.ProvenanceOptions{Inputs: []attest.Input{in}})
			refused(t, err, recap.Usage, "bad-input")
		})
	}
	_, err = provenance(t, github, attest.ProvenanceOptions{Inputs: make([]attest.Input, recap.MaxMembers+1)})
	refused(t, err, recap.Usage, "bad-input", "5001")
}

// Statements are public for ever; no argument that may be a secret is stated.
func TestProvenanceArgs(t *testing.T) {
	for _, tt := range []struct{ args, want []string }{
		{[]string{"recap", "push", ".", "r.example.com/x:v1", "--sign", "--key=awskms:///alias/x"}, []string{"recap", "push", ".", "r.example.com/x:v1", "--sign", "--key=awskms:///alias/x"}},
		{[]string{"--password", "SECRET", "x"}, []string{"--password", "…", "x"}},
		{[]string{"--password=SECRET"}, []string{"--password=…"}},
		{[]string{"-p", "SECRET", "-pSECRET", "-p=SECRET"}, []string{"-p", "…", "-p…", "-p…"}},
		{[]string{"--password-stdin", "x"}, []string{"--password-stdin", "x"}},
		{[]string{"--identity-token", "SECRET", "--identity-token=SECRET"}, []string{"--identity-token", "…", "--identity-token=…"}},
		{[]string{"--to-password", "SECRET", "--From-Password=SECRET"}, []string{"--to-password", "…", "--From-Password=…"}},
		{[]string{"-H", "Authorization: SECRET", "--header", "X: SECRET"}, []string{"-H", "…", "--header", "…"}},
		{[]string{"https://user:SECRET@example.com/x"}, []string{"https://example.com/x"}},
		{[]string{"--url=https://user:SECRET@example.com/x"}, []string{"--url=https://example.com/x"}},
		{[]string{"https://user:SECRET@[broken"}, []string{"…"}},
		{[]string{"--token"}, []string{"--token"}},
		{[]string{"a=b", "token=x"}, []string{"a=b", "token=x"}},
	} {
		p, err := provenance(t, github, attest.ProvenanceOptions{Args: tt.args})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			BuildDefinition struct{ ExternalParameters struct{ Arguments []string } }
		}
		if err := json.Unmarshal(p.JSON, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got.BuildDefinition.ExternalParameters.Arguments); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.args, diff)
		}
		if strings.Contains(string(p.JSON), "SECRET") {
			t.Errorf("%q: a secret is stated", tt.args)
		}
	}
	_, err := provenance(t, github, attest.ProvenanceOptions{Args: []string{"\x1b[2J"}})
	refused(t, err, recap.Usage, "bad-input")
}

func FuzzProvenance(f *testing.F) {
	for name, value := range github {
		f.Add(name, value)
	}
	f.Add("BUILDKITE_REPO", "git@host:path")
	f.Add("CI_PROJECT_URL", "https://x:y@z/%zz")
	f.Fuzz(func(t *testing.T, name, value string) {
		for _, env := range []map[string]string{github, gitlab, buildkite} {
			env = maps.Clone(env)
			env[name] = value
			p, err := provenance(t, env, attest.ProvenanceOptions{Args: []string{value}})
			if err != nil {
				if !errors.Is(err, recap.Usage) && !errors.Is(err, recap.Unsafe) {
					t.Fatalf("%s=%q: %v", name, value, err)
				}
				continue
			}
			for _, s := range texts(decode(t, p.JSON)) {
				if recap.Printable(s) != s {
					t.Fatalf("%s=%q: states %q", name, value, s)
				}
			}
		}
	})
}

// texts returns every string in a JSON value.
func texts(v any) []string {
	var list []string
	switch v := v.(type) {
	case string:
		list = append(list, v)
	case []any:
		for _, item := range v {
			list = append(list, texts(item)...)
		}
	case map[string]any:
		for key, item := range v {
			list = append(append(list, key), texts(item)...)
		}
	}
	return list
}
