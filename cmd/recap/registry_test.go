// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"strconv"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// checkRequests counts what the registry was asked since the last reset:
//
//	requests reset
//	requests KIND METHOD N      exactly N; METHOD may be any, KIND may be all
//	requests KIND METHOD N+     at least N
//	requests KIND METHOD N-     at most N
func checkRequests(ts *testscript.TestScript, neg bool, args []string) {
	registry := ts.Value("registry").(*recaptest.Registry)
	if len(args) == 1 && args[0] == "reset" {
		registry.Reset()
		return
	}
	if neg || len(args) != 3 || args[2] == "" {
		ts.Fatalf("usage: requests reset | requests KIND METHOD N[+-]")
	}
	got := 0
	for _, r := range registry.Journal() {
		if (args[0] == "all" || args[0] == string(r.Kind)) && (args[1] == "any" || args[1] == r.Method) {
			got++
		}
	}
	number, sign := args[2], args[2][len(args[2])-1]
	if sign == '+' || sign == '-' {
		number = number[:len(number)-1]
	}
	want, err := strconv.Atoi(number)
	ts.Check(err)
	if ok := map[byte]bool{'+': got >= want, '-': got <= want}; sign == '+' || sign == '-' {
		if ok[sign] {
			return
		}
	} else if got == want {
		return
	}
	ts.Fatalf("%d requests of kind %s, method %s; want %s; all of them: %v", got, args[0], args[1], args[2], registry.Counts())
}

// failRequests makes the registry misbehave:
//
//	fail METHOD KIND ACTION [always | N]
//
// the first such request, all of them, or the N-th alone,
// where ACTION is a status, reset, drop, flip, or lie (says yes and does nothing).
func failRequests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: fail METHOD KIND ACTION [always | N]")
	}
	fault := recaptest.Fault{Match: recaptest.Match{Method: args[0], Kind: recaptest.Kind(args[1])}}
	switch args[2] {
	case "reset":
		fault.Action = recaptest.Reset()
	case "drop":
		fault.Action = recaptest.Drop()
	case "flip":
		fault.Action = recaptest.Flip(7)
	case "lie":
		fault.Action = recaptest.Status(201)
	default:
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		fault.Action = recaptest.Status(status)
	}
	switch {
	case len(args) > 3 && args[3] == "always":
		fault.Times = recaptest.Always
	case len(args) > 3:
		nth, err := strconv.Atoi(args[3])
		ts.Check(err)
		fault.Nth = nth
	}
	ts.Value("registry").(*recaptest.Registry).Inject(fault)
}

// refuseTypes makes the registry refuse what has other types than images and
// these have: types TYPE...
func refuseTypes(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: types TYPE...")
	}
	ts.Value("registry").(*recaptest.Registry).Inject(recaptest.OnlyTypes(args...))
}

// putTag lets a tag of the registry name what another names, as tools do that don't
// look what it is: retag REPOSITORY TAG NEW
func putTag(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: retag REPOSITORY TAG NEW")
	}
	manifests := ts.Value("registry").(*recaptest.Registry).URL() + "/v2/" + args[0] + "/manifests/"
	ask, err := http.NewRequest(http.MethodGet, manifests+args[1], nil)
	ts.Check(err)
	ask.Header.Set("Accept", ocispec.MediaTypeImageManifest+", "+ocispec.MediaTypeImageIndex)
	there, err := http.DefaultClient.Do(ask)
	ts.Check(err)
	defer there.Body.Close()
	tell, err := http.NewRequest(http.MethodPut, manifests+args[2], io.LimitReader(there.Body, 1<<20))
	ts.Check(err)
	tell.Header.Set("Content-Type", there.Header.Get("Content-Type"))
	put, err := http.DefaultClient.Do(tell)
	ts.Check(err)
	defer put.Body.Close()
	if there.StatusCode != http.StatusOK || put.StatusCode != http.StatusCreated {
		ts.Fatalf("%s, %s", there.Status, put.Status)
	}
}
