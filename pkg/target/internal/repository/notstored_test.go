// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// "Stored" from something in between that stores nothing is found out: without
// what comes with such an answer it is looked at, and only then.
func TestSaidToBeStored(t *testing.T) {
	data := []byte("content")
	desc, manifest := recaptest.ManifestOf(t, "one", nil)
	push := func(dst *Repository) error {
		return dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data))
	}
	pushManifest := func(dst *Repository) error { return dst.Push(t.Context(), desc, bytes.NewReader(manifest)) }
	mount := func(dst *Repository) error {
		return dst.Mount(t.Context(), recaptest.BlobOf(data), "team/other", func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data)), nil
		})
	}
	// Some registries leave out what they needn't: that costs a request, no more.
	terse := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		recaptest.SetHeader("Location", "")(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recaptest.SetHeader("Docker-Content-Digest", "")(w, r, next)
		}))
	}
	lie := recaptest.Status(201)
	for _, tt := range []struct {
		name   string
		do     func(*Repository) error
		match  recaptest.Match
		times  int
		action recaptest.Action
		code   string // empty: it is stored in the end
		want   map[string]int
	}{
		{"a blob, once", push, recaptest.Match{Kind: recaptest.Upload, Method: "PUT"}, 1, lie, "", map[string]int{"POST upload": 2, "PUT upload": 2, "HEAD blob": 1}},
		{"a blob, always", push, recaptest.Match{Kind: recaptest.Upload, Method: "PUT"}, recaptest.Always, lie, "not-stored", map[string]int{"POST upload": 5, "PUT upload": 5, "HEAD blob": 5}},
		{"a blob, truly", push, recaptest.Match{Kind: recaptest.Upload, Method: "PUT"}, 1, terse, "", map[string]int{"POST upload": 1, "PUT upload": 1, "HEAD blob": 1}},
		{"a manifest, once", pushManifest, recaptest.Match{Kind: recaptest.Manifest, Method: "PUT"}, 1, lie, "not-stored", map[string]int{"PUT manifest": 1, "HEAD manifest": 1}},
		{"a manifest, truly", pushManifest, recaptest.Match{Kind: recaptest.Manifest, Method: "PUT"}, 1, terse, "", map[string]int{"PUT manifest": 1, "HEAD manifest": 1}},
		{"a mount", mount, recaptest.Match{Kind: recaptest.Mount}, 1, lie, "", map[string]int{"POST mount": 1, "HEAD blob": 1, "POST upload": 1, "PUT upload": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			dst, _ := create(t, r)
			if err := dst.Push(t.Context(), recaptest.BlobOf([]byte("{}")), bytes.NewReader([]byte("{}"))); err != nil {
				t.Fatal(err)
			}
			r.Reset()
			r.Inject(recaptest.Fault{Match: tt.match, Times: tt.times, Action: tt.action})
			err := tt.do(dst)
			if tt.code != "" {
				recaptest.WantError(t, err, recap.Unavailable, tt.code)
			} else if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.want, r.Counts()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
