// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// peersVariable names the directory of other people's tools, where make e2e builds
// them. Where it is set, tests take their time.
const peersVariable = "RECAP_PEERS"

// endToEnd returns the directory of the tools when make e2e runs the test, else
// nothing. It fails the test that asks, at every run, if make e2e doesn't run it.
func endToEnd(t testing.TB) (peers string) {
	t.Helper()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	listed := regexp.MustCompile(`(?m)^E2E *:= (\S+)\r?$`).FindSubmatch(makefile)
	if listed == nil {
		t.Fatal("the Makefile has no line E2E := TestOne|TestTwo")
	}
	name, _, _ := strings.Cut(t.Name(), "/")
	if !regexp.MustCompile(string(listed[1])).MatchString(name) {
		t.Fatalf("make e2e doesn't run %s: add it to E2E in the Makefile", name)
	}
	return os.Getenv(peersVariable)
}

// needPeers is endToEnd for tests that are nothing without.
func needPeers(t testing.TB) (peers string) {
	t.Helper()
	if peers = endToEnd(t); peers == "" {
		t.Skip("RECAP_PEERS is not set; make e2e builds the tools and sets it")
	}
	return peers
}

// TestOneAsksForPeers lets no test ask for the tools behind the back of endToEnd.
// A benchmark, which make bench runs, is none.
func TestOneAsksForPeers(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if file != "e2e_test.go" && file != "bench_test.go" && regexp.MustCompile(`env\(("RECAP_PEERS"|peersVariable)`).Match(text) {
			t.Errorf("%s: ask endToEnd or needPeers", file)
		}
	}
}
