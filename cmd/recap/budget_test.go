// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// TestBudgets counts what whole commands ask of a registry: requests, and how
// many of them had to wait for another one's answer. The numbers are promises;
// they hold without authentication, which adds one or two requests.
func TestBudgets(t *testing.T) {
	t.Run("olareg", func(t *testing.T) { budgets(t, recaptest.RegistryOptions{HoldAnswers: true}) })
	t.Run("olareg without referrers API", func(t *testing.T) {
		budgets(t, recaptest.RegistryOptions{HoldAnswers: true, NoReferrers: true})
	})
	t.Run("distribution", func(t *testing.T) {
		peers := needPeers(t)
		budgets(t, recaptest.RegistryOptions{HoldAnswers: true, Upstream: "http://" + startDistribution(t, peers, open).host})
	})
}

func budgets(t *testing.T, opts recaptest.RegistryOptions) {
	registry := recaptest.NewRegistry(t, opts)
	s := newSandbox(t, "")
	// One document and five images.
	var links strings.Builder
	for n := range 5 {
		s.write(fmt.Sprintf("w1/media/%d.png", n), fmt.Sprintf("\x89PNG\r\n\x1a\n%d%s", n, strings.Repeat("image", 60_000)))
		fmt.Fprintf(&links, "![image %d](media/%d.png)\n", n, n)
	}
	s.write("w1/index.md", "---\ntitle: W1\nrecap:\n  event: FOSDEM 2024\n---\n"+links.String()+strings.Repeat("A line of text.\n", 700))
	w1, ref := filepath.Join(s.dir, "w1"), registry.Host()+"/team/w1:v1"

	steps := []struct {
		name            string
		args            []string
		requests, depth int // at most; 0: not counted
	}{
		{"fresh push", []string{"push", w1, ref}, 17, 4},
		{"push again", []string{"push", w1, ref}, 2, 2},
		{"sign", []string{"sign", ref, "--key", filepath.Join(s.dir, "k.key")}, 0, 0},
		{"cold pull verified by key", []string{"pull", ref, "--key", filepath.Join(s.dir, "k.pub"), "-o", filepath.Join(s.dir, "out")}, 12, 5},
	}
	for _, step := range steps {
		registry.Reset()
		if code, stderr := s.runHere(step.args...); code != 0 {
			t.Fatalf("%s: exit %d: %s", step.name, code, stderr)
		}
		requests, depth := len(registry.Journal()), registry.Depth()
		t.Logf("%s: %d requests, depth %d: %v", step.name, requests, depth, registry.Counts())
		if step.requests > 0 && (requests > step.requests || depth > step.depth) {
			t.Errorf("%s: %d requests in %d rounds, promised %d in %d: %v", step.name, requests, depth, step.requests, step.depth, registry.Counts())
		}
	}
}
