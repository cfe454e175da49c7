// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// Media types and artifact types of format v1. The major version is part of
// each name; a change that an old reader would misread gets a new name.
const (
	ArtifactTypeBundle  = "application/vnd.recap.bundle.v1"
	MediaTypeConfig     = "application/vnd.recap.bundle.config.v1+json"
	ArtifactTypePack    = "application/vnd.recap.pack.v1"
	ArtifactTypeCatalog = "application/vnd.recap.catalog.v1"
	MediaTypePackConfig = "application/vnd.recap.pack.config.v1+json"
	MediaTypeDocument   = "text/markdown"
)

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
