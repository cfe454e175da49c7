// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// TestSigstore signs and verifies with a real Sigstore, which testdata/peers
// builds and this starts: Fulcio, Rekor v1 and v2, a timestamp authority,
// issuers, a TUF repository. RECAP_PEERS names the directory that holds it.
func TestSigstore(t *testing.T) {
	peers := needPeers(t)
	t.Parallel()
	s := startSigstore(t, peers)
	distribution, private := startDistribution(t, peers, open), startDistribution(t, peers, closed)
	isolated := exec.Command("unshare", "-rn", "true").Run() == nil
	if !isolated {
		t.Log("unshare -rn doesn't work here: what is said to ask no network isn't held to it by the kernel")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/sigstore",
		Setup: func(env *testscript.Env) error {
			if err := setup(env, recaptest.RegistryOptions{}); err != nil {
				return err
			}
			env.Setenv("PATH", peers+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("TUF_ROOT", filepath.Join(env.WorkDir, "tuf")) // cosign's, which stays empty
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("COSIGN_PASSWORD", "secret")
			env.Setenv("DIST", distribution.host)
			env.Setenv("PRIVATE", private.host)
			for name, value := range s.variables() {
				env.Setenv(name, value)
			}
			for name, value := range goEnvironment(t) {
				env.Setenv(name, value)
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "netns" {
				return isolated, nil
			}
			return false, errors.New("no such condition")
		},
		Cmds:                sigstoreCommands(t, s),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// sigstack is where a running Sigstore is: what testdata/peers/sigstack prints.
type sigstack struct {
	Fulcio, RekorV1, RekorV2, TSA     string
	PeopleIssuer, PeopleToken         string
	GitHubRequest, GitHubRequestToken string
	GitLabToken                       string
	TUF, TUFRoot                      string
	TrustedRoot                       string
	SigningConfigV1, SigningConfigV2  string
	SigningConfigTSA                  string
	Broken                            map[string]string
}

// startSigstore starts one, which ends with the test or, its stdin being a pipe
// from here, with this process.
func startSigstore(t *testing.T, peers string) *sigstack {
	t.Helper()
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(peers, "sigstack"), "serve", dir)
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		_ = log.Close()
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("the Sigstore's log:\n%s", said)
		}
	})
	var s sigstack
	if err := json.NewDecoder(stdout).Decode(&s); err != nil {
		t.Fatalf("the Sigstore didn't start: %v", err)
	}
	return &s
}

// variables are what the scripts know it by.
func (s *sigstack) variables() map[string]string {
	return map[string]string{
		"ROOT": s.TrustedRoot, "V1": s.SigningConfigV1, "V2": s.SigningConfigV2, "TSA_ONLY": s.SigningConfigTSA,
		"FULCIO": s.Fulcio, "REKOR": s.RekorV1,
		"NO_FULCIO": s.Broken["fulcio"], "NO_REKOR": s.Broken["rekor"], "NO_TSA": s.Broken["tsa"],
		"NO_CT": s.Broken["ct"], "FLAKY": s.Broken["flaky"],
		"ISSUER": s.PeopleIssuer, "TUF": s.TUF, "TUF_ROOT_JSON": s.TUFRoot,
		"GITHUB_REQUEST": s.GitHubRequest, "GITHUB_REQUEST_TOKEN": s.GitHubRequestToken,
		"GITHUB": "https://token.actions.githubusercontent.com", "GITLAB": "https://gitlab.com",
	}
}

func sigstoreCommands(t *testing.T, s *sigstack) map[string]func(*testscript.TestScript, bool, []string) {
	all := commands()
	// token FILE EMAIL, token FILE gitlab: writes an identity token.
	all["token"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: token FILE EMAIL|gitlab")
		}
		url := s.PeopleToken + "&email=" + args[1]
		if args[1] == "gitlab" {
			url = s.GitLabToken
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), fetch(t, url), 0o600))
	}
	all["action"] = readAction(t).run
	all["gitlab"] = gitLabScript(t)
	all["expand"] = expandFile
	// tamper FILE OLD NEW: replaces bytes of a file.
	all["tamper"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 3 {
			ts.Fatalf("usage: tamper FILE OLD NEW")
		}
		before := ts.ReadFile(args[0])
		after := strings.ReplaceAll(before, args[1], args[2])
		if before == after {
			ts.Fatalf("%s has no %q", args[0], args[1])
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o600))
	}
	return all
}

// fetch returns what url answers.
func fetch(t testing.TB, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s%v", url, resp.Status, body, err)
	}
	return bytes.TrimSpace(body)
}

// expandFile writes FILE to NEW with ${VARIABLES} replaced: expand FILE NEW.
func expandFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: expand FILE NEW")
	}
	text := regexp.MustCompile(`\$\{[A-Z_]+\}`).ReplaceAllStringFunc(ts.ReadFile(args[0]), func(v string) string {
		return ts.Getenv(strings.Trim(v, "${}"))
	})
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[1])), 0o700))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}
