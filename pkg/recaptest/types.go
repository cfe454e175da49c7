// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// OnlyTypes is a registry that takes manifests of images, of raw files and of
// these types besides, and refuses others as GitLab does: config, layers and
// artifactType are held against a list, and the type is in the detail of the
// error.
func OnlyTypes(types ...string) Fault {
	known := append([]string{
		ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageIndex, ocispec.MediaTypeImageConfig,
		ocispec.MediaTypeImageLayer, ocispec.MediaTypeImageLayerGzip, "application/octet-stream",
	}, types...)
	refused := func(raw []byte) string {
		var m struct {
			ArtifactType string               `json:"artifactType"`
			Config       *ocispec.Descriptor  `json:"config"`
			Layers       []ocispec.Descriptor `json:"layers"`
			Manifests    []ocispec.Descriptor `json:"manifests"`
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			return "what is no manifest"
		}
		descs := slices.Concat(m.Layers, m.Manifests)
		if m.Config != nil {
			descs = append(descs, *m.Config)
		}
		stated := []string{m.ArtifactType}
		for _, desc := range descs {
			stated = append(stated, desc.MediaType, desc.ArtifactType)
		}
		for _, t := range stated {
			if t != "" && !slices.Contains(known, t) {
				return t
			}
		}
		return ""
	}
	return Fault{Match: Match{Method: http.MethodPut, Kind: Manifest}, Times: Always, Action: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		raw, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		t := refused(raw)
		if t == "" {
			r.Body = io.NopCloser(bytes.NewReader(raw))
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{
			{"code": "MANIFEST_INVALID", "message": "manifest invalid", "detail": "unknown media type: " + t},
		}})
	}}
}
