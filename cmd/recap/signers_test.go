// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/trust"
)

const (
	signersAtOnce = 16
	signersRounds = 10
)

// TestSigners lets many people sign one digest at the same moment on registries
// that have no referrers API, where each has to read a list, add to it and
// write it back. Nobody who was told that it worked may be missing afterwards.
func TestSigners(t *testing.T) {
	peers := needPeers(t)
	t.Parallel() // most of it is waiting for each other
	s := startSigstore(t, peers)
	bin, err := exec.LookPath("recap") // this test's binary, which testscript put there
	if err != nil {
		t.Fatal(err)
	}
	for name, host := range map[string]string{
		"distribution": startDistribution(t, peers, open).host,
		"olareg":       recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true}).Host(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := people{t: t, bin: bin, sigstack: s, dir: t.TempDir()}
			recaps := filepath.Join(p.dir, "trip")
			if err := os.Mkdir(recaps, 0o700); err != nil {
				t.Fatal(err)
			}
			text := "---\ntitle: A trip\nrecap:\n  event: FOSDEM 2024\n---\nMany were there.\n"
			if err := os.WriteFile(filepath.Join(recaps, "index.md"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for round := range signersRounds {
				p.round(fmt.Sprintf("%s/team/round%d:1", host, round), recaps)
			}
		})
	}
}

// people sign with the real command, each with an identity of their own.
type people struct {
	*sigstack
	t   *testing.T
	bin string
	dir string
}

func (p people) email(i int) string     { return fmt.Sprintf("signer%d@example.com", i) }
func (p people) tokenFile(i int) string { return filepath.Join(p.dir, p.email(i)) }

func (p people) token(i int) {
	p.t.Helper()
	if err := os.WriteFile(p.tokenFile(i), fetch(p.t, p.PeopleToken+"&email="+p.email(i)), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p people) run(args ...string) ([]byte, error) {
	cmd := exec.Command(p.bin, args...)
	cmd.Env = append(os.Environ(), "HOME="+p.dir, "XDG_STATE_HOME="+p.dir, "XDG_CONFIG_HOME="+p.dir, "XDG_CACHE_HOME="+p.dir, "DOCKER_CONFIG="+p.dir)
	return cmd.Output()
}

func (p people) round(ref, recaps string) {
	p.t.Helper()
	if out, err := p.run("push", recaps, ref); err != nil {
		p.t.Fatalf("%v\n%s%s", err, out, stderrOf(err))
	}
	for i := range signersAtOnce { // a token is good for ten minutes, and all rounds may take longer
		p.token(i)
	}
	worked := make([]bool, signersAtOnce)
	var wg sync.WaitGroup
	for i := range signersAtOnce {
		wg.Go(func() {
			_, err := p.run("sign", ref, "--identity-token", p.tokenFile(i), "--signing-config", p.SigningConfigV1, "--trusted-root", p.TrustedRoot)
			if worked[i] = err == nil; err != nil {
				p.t.Errorf("%s: %s: %v\n%s", ref, p.email(i), err, stderrOf(err))
			}
		})
	}
	wg.Wait()
	out, err := p.run("verify", ref, "--no-state", "--format", "json", "--trusted-root", p.TrustedRoot,
		"--certificate-oidc-issuer", p.PeopleIssuer, "--certificate-identity-regexp", `signer[0-9]+@example\.com`)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", ref, err, stderrOf(err))
	}
	var answer struct{ Report trust.Report }
	if err := json.Unmarshal(out, &answer); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	there := map[string]bool{}
	for _, sig := range answer.Report.Signatures {
		if sig.Outcome == trust.Verified {
			there[sig.Certificate.Subject] = true
		}
	}
	for i, ok := range worked {
		if ok && !there[p.email(i)] {
			p.t.Errorf("%s: %s was told that it worked, and is lost", ref, p.email(i))
		}
	}
}

func stderrOf(err error) []byte {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}
