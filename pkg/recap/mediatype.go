// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import ocispec "github.com/opencontainers/image-spec/specs-go/v1"

// Media types and artifact types of format v1. The major version is part of
// each name; a change that an old reader would misread gets a new name.
const (
	ArtifactTypeBundle  = "application/vnd.recap.bundle.v1"
	MediaTypeConfig     = "application/vnd.recap.bundle.config.v1+json"
	ArtifactTypePack    = "application/vnd.recap.pack.v1"
	ArtifactTypeCatalog = "application/vnd.recap.catalog.v1"
	MediaTypePackConfig = "application/vnd.recap.pack.config.v1+json"
	MediaTypeChunks     = "application/vnd.recap.chunks.v1.jsonl+zstd"
	MediaTypeFacts      = "application/vnd.recap.facts.v1.jsonl+zstd"
	MediaTypeDocument   = "text/markdown"
)

// Media types of other tools' manifests, which registries and layouts still
// hold. They are read and copied, and never written anew: Docker's two, of the
// same shape as OCI's, and the artifact manifest, which OCI gave up before 1.1.
const (
	MediaTypeDockerManifest     = "application/vnd.docker.distribution.manifest.v2+json"
	MediaTypeDockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
	MediaTypeArtifactManifest   = "application/vnd.oci.artifact.manifest.v1+json"
)

// IsManifest reports whether registries store content of mediaType among their
// manifests, and layouts list it: OCI's two types and those above.
func IsManifest(mediaType string) bool {
	switch mediaType {
	case ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageIndex,
		MediaTypeDockerManifest, MediaTypeDockerManifestList, MediaTypeArtifactManifest:
		return true
	}
	return false
}

// APIVersion is the version of the authoring format, and its default.
const APIVersion = "recap/v1"

// DocumentPath is the path of the document inside every bundle, and
// MetadataPath that of the file that may hold the facts instead of its front
// matter.
const (
	DocumentPath = "index.md"
	MetadataPath = "recap.yaml"
)

// Reserved names: never built into a bundle and never written from one.
const (
	PolicyFile     = "recap.policy.yaml"
	LockFile       = "recap.lock"
	TrustedRoot    = "trusted_root.json"
	StateDirectory = ".recap" // and every name that starts with it
)
