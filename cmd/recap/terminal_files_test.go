// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Whatever an author writes in a front matter, a pack.yaml or a lock, a check
// and a build quote it escaped.
func TestTerminalSource(t *testing.T) {
	d, _ := packWorld(t)
	front, body, _ := strings.Cut(richRecap, "\n}\n")
	n := 0
	for _, v := range variants(t, []byte(front+"\n}")) {
		n++
		dir := filepath.Dir(d.write("team/recaps/rich/index.md", string(v.data)+"\n"+body))
		d.clean(v.where, "check", dir, "--level", "publishable")
		d.clean(v.where, "check", dir, "--format", "github")
		if n%4 == 0 { // what they print is printed by check as well
			d.clean(v.where, "check", dir, "--format", "sarif")
			d.clean(v.where, "show", dir)
			d.clean(v.where, "fmt", dir, "--check", "--expand")
			d.clean(v.where, "push", dir, "localhost:1/x", "--dry-run")
		}
	}
	d.write("team/recaps/rich/index.md", front+"\n}\n"+body+hostileText)
	for _, args := range [][]string{{"check", d.path("team")}, {"check", d.path("team"), "--format", "json"}, {"show", d.path("team/recaps/rich")}, {"fmt", d.path("team/recaps/rich")}, {"build", d.path("team"), "-o", d.path("again")}} {
		d.clean("hostile Markdown", args...)
	}
	d.write("team/recaps/rich/index.md", richRecap)
	for _, file := range []string{"team/pack.yaml", "team/pack.lock"} {
		good := d.read(file)
		for _, v := range variants(t, good) {
			n++
			d.write(file, string(v.data))
			d.clean(v.where, "check", d.path("team"))
			d.clean(v.where, "build", d.path("team"), "--frozen", "-o", d.path("again"))
		}
		d.write(file, string(good))
	}
	if n < 150 {
		t.Errorf("%d places are too few to say anything", n)
	}
}

// Not every system has such names.
func TestTerminalFileNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows refuses such names")
	}
	name := strings.ReplaceAll(poison, "\x00", "")
	name = strings.NewReplacer("/", "", "\\", "").Replace(name)
	d := newDesk(t)
	d.write("good/index.md", richRecap)
	d.write("good/chart.svg", "<svg/>")
	d.write("odd/index.md", richRecap)
	d.write("odd/chart.svg", "<svg/>")
	d.write("odd/a"+name+".png", "x")
	d.write(name+"/index.md", richRecap)
	d.write(name+"/chart.svg", "<svg/>")
	d.write(name+".md", "---\ntitle: x\n---\ny\n")
	layout := "oci-layout://" + d.path("layout") + ":1.0.0"
	d.must("push", d.path("good"), layout)
	d.must("pull", layout, "--unverified", "-o", d.path("pulled"))
	d.write("pulled/x"+name+".md", "added")
	for _, args := range [][]string{{"status", d.path("pulled"), "--offline"}, {"pull", layout, "--unverified", "-o", d.path("pulled")}, {"diff", d.path("pulled"), d.path("good")}} {
		if d.clean("a file was added", args...) == 0 {
			t.Errorf("%q: the file that was added is not noticed", args)
		}
	}
	for _, dir := range []string{d.path("odd"), d.path(name), d.path(name + ".md"), d.path("missing" + name)} {
		for _, args := range [][]string{
			{"check", dir}, {"check", dir, "--format", "json"}, {"check", dir, "--format", "github"}, {"check", dir, "--format", "sarif"}, {"fmt", dir}, {"fmt", dir, "--check", "--expand"},
			{"build", dir, "-o", d.path("out" + name + ".tar")}, {"build", dir, "-o", d.path("out")}, {"push", dir, "oci-layout://" + d.path("out"+name) + ":1.0.0"}, {"push", dir, "localhost:1/x:v1"},
			{"show", dir}, {"show", dir, "a" + name + ".png"}, {"diff", dir, d.path("good")}, {"init", dir}, {"init", dir, "--pack"}, {"status", dir},
			{"inspect", dir}, {"pull", dir}, {"list", "oci-layout://" + dir}, {"inspect", "oci-layout://" + dir + ":1.0.0"}, {"tag", "oci-layout://" + dir + ":1.0.0", "x" + name},
			{"pull", layout, "--unverified", "-o", dir}, {"copy", layout, "oci-layout://" + dir + ":v1"},
			{"sign", "oci-layout://" + dir + ":1.0.0", "--key", d.path("recap.key")}, {"sign", layout, "--key", dir},
			{"verify", layout, "--key", dir}, {"verify", layout, "--policy", dir},
			{"verify", layout, "--key", d.path("recap.pub"), "--lock", dir}, {"verify", layout, "--trusted-root", dir},
			{"policy", "check", dir}, {"trust", "root", "--trusted-root", dir}, {"trust", "import", dir, "--yes"}, {"key", "generate", "--output-key-prefix", dir},
			{"delete", "oci-layout://" + dir + ":1.0.0", "--force"},
		} {
			d.clean(filepath.Base(dir), args...)
		}
	}
}

// What is typed is not always typed by whoever reads what is printed.
func TestTerminalArguments(t *testing.T) {
	d := newDesk(t)
	x := "x" + strings.ReplaceAll(poison, "\x00", "")
	digest := "sha256:" + strings.Repeat("0", 64)
	services := d.write("services.json", `{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "caUrls": [{"url": "http://127.0.0.1:1", "majorApiVersion": 1}],
		"rekorTlogUrls": [{"url": "http://127.0.0.1:1", "majorApiVersion": 1}]}`) // or the network would be asked for those in public
	root := filepath.Join("testdata", "signed", "trusted_root.json")
	for _, args := range [][]string{
		{x}, {"--" + x}, {"-" + x}, {"check"}, {"pull", x, x, x}, {"pull"}, {"schema", x}, {"help", x}, {"completion", x}, {"key", x}, {"trust", x}, {"policy", x},
		{"list", x}, {"list", "localhost:1/" + x}, {"list", x + "/x"}, {"inspect", "localhost:1/x:" + x}, {"inspect", "localhost:1/x@" + x}, {"inspect", "localhost:1/x:" + x + "@" + digest},
		{"list", "user:" + x + "@localhost:1/x"}, {"list", "https://" + x}, {"list", "oci-layout://" + x}, {"pull", "localhost:1/x:v1", "-o", x},
		{"login", x}, {"login", "localhost:1", "-u", x, "--password-stdin"}, {"logout", x}, {"logout", "localhost:1" + x},
		{"list", "localhost:1/x", "--format", x}, {"list", "localhost:1/x", "--format", "go-template={{" + x}, {"version", "--format", "go-template={{" + x},
		{"check", x, "--level", x}, {"check", x, "--max-file-size", x}, {"list", "localhost:1/x", "--timeout", x}, {"list", "localhost:1/x", "--concurrency", x},
		{"list", "localhost:1/x", "--ca-file", x}, {"list", "localhost:1/x", "--cert-file", x, "--key-file", x}, {"list", "localhost:1/x", "--registry-config", x},
		{"verify", "localhost:1/x:v1", "--key", x}, {"verify", "localhost:1/x:v1", "--key", "env://" + x}, {"verify", "localhost:1/x:v1", "--key", "awskms://" + x}, {"verify", "localhost:1/x:v1", "--as", x},
		{"verify", "localhost:1/x:v1", "--certificate-identity", x, "--certificate-oidc-issuer", x}, {"verify", "localhost:1/x:v1", "--certificate-identity-regexp", "(" + x, "--certificate-oidc-issuer", x},
		{"verify", "localhost:1/x:v1", "--key", d.path("recap.pub"), "--attestation", x}, {"sign", "localhost:1/x:v1", "--identity-token", x, "--signing-config", services, "--trusted-root", root}, {"sign", "localhost:1/x:v1", "--signing-config", x},
		{"attest", "localhost:1/x:v1", "--type", x, "--predicate", x, "--key", d.path("recap.key")}, {"push", x, x}, {"push", ".", "localhost:1/x:v1", "--version", x}, {"push", ".", "localhost:1/x:v1", "--sign", "--key", d.path("recap.key"), "--attest", x},
		{"pull", "localhost:1/x:v1", "--role", x}, {"pull", "localhost:1/x:v1", "--include", "[" + x}, {"policy", "init", "localhost:1/x:v1", "--scope", x}, {"policy", "check", x, "--ref", x},
		{"trust", "reset", x}, {"trust", "reset", "localhost:1/x" + x}, {"trust", "import", "oci-layout://x", "--digest", x}, {"copy", x, x}, {"tag", "localhost:1/x:v1", x}, {"delete", "localhost:1/x:" + x, "--force"},
		{"init", d.path("new"), "--title", x}, {"init", d.path("new2"), "--pack", "--title", x}, {"diff", x, x}, {"status", x},
	} {
		d.clean("an argument", args...)
	}
}

// What recap keeps or is given for itself may have been written by somebody
// else.
func TestTerminalOwnFiles(t *testing.T) {
	d, _ := packWorld(t)
	d.write("policy.yaml", `{"apiVersion": "recap/v1", "kind": "TrustPolicy", "trustedRoot": {"path": "trusted_root.json"}, "policies": [
		{"name": "days", "scopes": ["example.com/days/**", "oci-layout:**"], "mirrorOf": "", "mode": "warn", "threshold": 1, "legacySignatures": true,
		 "authorities": [{"name": "me", "key": {"path": "recap.pub"}}, {"name": "ci", "github": {"repository": "acme/app", "workflow": "rel.yml", "ref": "refs/heads/main"}},
		  {"name": "dev", "keyless": {"identities": [{"issuer": "https://example.com", "subject": "dev@example.com", "claims": {"sourceRepositoryURI": "https://example.com/a"}}]}, "require": {"tlog": 1}}],
		 "attestations": [{"predicateType": "https://slsa.dev/provenance/v1", "authorities": ["ci"]}]}]}`)
	signed, err := filepath.Abs("testdata/signed")
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(filepath.Join(signed, "trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	d.write("trusted_root.json", string(root))
	ref := "oci-layout://" + d.path("built") + ":1.0.0"
	as := []string{"--as", "example.com/days/pack:1.0.0"}[:2]
	as[1] = "example.com/days/pack"
	d.must(append([]string{"pull", ref, "--key", d.path("recap.pub"), "-o", d.path("pulled"), "--lock", d.path("recap.lock")}, as...)...)
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, poison, http.StatusBadRequest) }))
	defer refuses.Close()
	d.write("services.json", testServices(refuses.URL))
	d.write("docker/config.json", `{"auths": {"localhost:1": {"auth": "dTpw", "identitytoken": "x"}}, "credHelpers": {"localhost:2": "none"}, "credsStore": ""}`)
	d.write("predicate.json", `{"verdict": "good"}`)
	verify := append([]string{"verify", ref}, as...)
	with := func(args []string, more ...string) []string { return append(append([]string{}, args...), more...) }
	for _, tt := range []struct {
		file string
		runs [][]string
	}{
		{"policy.yaml", [][]string{{"policy", "check", d.path("policy.yaml")}, with(verify, "--policy", d.path("policy.yaml"), "--explain")}},
		{"pulled/.recap/receipt.json", [][]string{{"status", d.path("pulled")}, {"pull", ref, "--unverified", "-o", d.path("pulled")}}},
		{"recap.lock", [][]string{with(verify, "--key", d.path("recap.pub"), "--lock", d.path("recap.lock"))}},
		{"state/recap/state.json", [][]string{with(verify, "--key", d.path("recap.pub")), {"trust", "reset", "example.com/days/pack"}}},
		{"trusted_root.json", [][]string{{"trust", "root", "--trusted-root", d.path("trusted_root.json")}}},
		{"services.json", [][]string{{"sign", ref, "--signing-config", d.path("services.json"), "--trusted-root", filepath.Join(signed, "trusted_root.json"), "--identity-token", testToken("dana@example.com"), "--yes"}}},
		{"docker/config.json", [][]string{{"list", "localhost:1/x"}, {"list", "localhost:2/x"}}},
		{"predicate.json", [][]string{{"attest", ref, "--type", "vuln", "--predicate", d.path("predicate.json"), "--key", d.path("recap.key")}}},
	} {
		good := d.read(tt.file)
		for _, v := range variants(t, good) {
			for _, args := range tt.runs {
				d.write(tt.file, string(v.data))
				d.clean(tt.file+" "+v.where, args...)
			}
		}
		for _, text := range []string{poison, "{" + poison, `{"x` + "\x1b[2J" + `": 1}`, "\xff\x9b2J", "x: \"" + poison + "\"\n" + poison + ": [", "x: !" + poison + " y", "&a" + poison + " *a"} {
			for _, args := range tt.runs {
				d.write(tt.file, text)
				d.clean(tt.file+" is "+fmt.Sprintf("%q", text), args...)
			}
		}
		d.write(tt.file, string(good))
	}
}

// testServices is a signing config with one server for everything.
func testServices(url string) string {
	service := func(version int) string {
		return fmt.Sprintf(`[{"url":%q,"majorApiVersion":%d,"validFor":{"start":"2020-01-01T00:00:00Z"},"operator":"local"}]`, url, version)
	}
	return `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":` + service(1) + `,"oidcUrls":` + service(1) +
		`,"rekorTlogUrls":` + service(2) + `,"rekorTlogConfig":{"selector":"ANY"},"tsaUrls":` + service(1) + `,"tsaConfig":{"selector":"ANY"}}`
}

// testToken is an identity token that nobody signed.
func testToken(email string) string {
	part := func(v any) string { b, _ := encode(v); return base64.RawURLEncoding.EncodeToString(b) }
	return part(map[string]any{"alg": "RS256"}) + "." + part(map[string]any{"iss": "https://accounts.example.com" + email, "sub": email, "email": email, "email_verified": true, "aud": "sigstore", "exp": 2524608000}) + ".c2ln"
}

// What a CI service sets is partly what somebody called their branch.
func TestTerminalEnvironment(t *testing.T) {
	d, _ := packWorld(t)
	ref := "oci-layout://" + d.path("built") + ":1.0.0"
	github := map[string]string{
		"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/app", "GITHUB_REPOSITORY_ID": "1", "GITHUB_REPOSITORY_OWNER_ID": "2",
		"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": strings.Repeat("a", 40), "GITHUB_WORKFLOW_REF": "acme/app/.github/workflows/rel.yml@refs/heads/main", "GITHUB_WORKFLOW_SHA": strings.Repeat("a", 40),
		"GITHUB_RUN_ID": "3", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_EVENT_NAME": "push", "RUNNER_ENVIRONMENT": "github-hosted", "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
	}
	gitlab := map[string]string{
		"CI": "true", "GITLAB_CI": "true", "CI_SERVER_URL": "https://gitlab.com", "CI_PROJECT_URL": "https://gitlab.com/acme/app", "CI_PROJECT_ID": "1", "CI_PROJECT_PATH": "acme/app", "CI_COMMIT_SHA": strings.Repeat("a", 40),
		"CI_COMMIT_REF_NAME": "main", "CI_COMMIT_BRANCH": "main", "CI_PIPELINE_ID": "2", "CI_PIPELINE_URL": "https://gitlab.com/acme/app/-/pipelines/2", "CI_JOB_ID": "3", "CI_JOB_URL": "https://gitlab.com/acme/app/-/jobs/3",
		"CI_JOB_NAME": "publish", "CI_RUNNER_ID": "4", "CI_PIPELINE_SOURCE": "push", "CI_CONFIG_PATH": ".gitlab-ci.yml", "CI_JOB_STARTED_AT": "2026-01-01T00:00:00Z",
	}
	quiet := d.vars
	try := func(what string, base map[string]string, name, value string) {
		d.vars = map[string]string{}
		for _, vars := range []map[string]string{quiet, base} {
			for k, v := range vars {
				d.vars[k] = v
			}
		}
		d.vars[name] = value
		d.clean(what+" "+name, "push", d.path("team"), "oci-layout://"+d.path("ci")+":1.0.0", "--sign", "--key", d.path("recap.key"), "--attest", "provenance", "--dry-run")
		d.clean(what+" "+name, "sign", ref, "--signing-config", d.path("services.json"))
	}
	for name, value := range github {
		try("github", github, name, value+poison)
	}
	for name, value := range gitlab {
		try("gitlab", gitlab, name, value+poison)
	}
	for _, name := range []string{"SOURCE_DATE_EPOCH", "SIGSTORE_ID_TOKEN", "RECAP_POLICY", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "COSIGN_PASSWORD", "NO_COLOR", "TERM"} {
		try("any", nil, name, poison)
		try("any", nil, name, d.path("x")+poison)
		d.clean(name, "pull", ref, "-o", d.path("nowhere"))
		d.clean(name, "list", "localhost:1/x")
	}
	d.vars = quiet
	for _, who := range []string{poison, "dana@example.com" + poison} {
		d.clean("a token", "sign", ref, "--identity-token", testToken(who), "--trusted-root", "testdata/signed/trusted_root.json", "--signing-config", d.path("services.json"))
	}
	var printed bytes.Buffer
	e := &env{stderr: &printed}
	e.warn("%s", poison)
	if leak := leaked(printed.String()); leak != "" {
		t.Error(leak)
	}
}
