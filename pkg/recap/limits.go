// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// The limits of the format. Each stops content from costing a reader more than
// it is worth; a writer holds them too, so that nothing is pushed that nobody
// will accept.
const (
	MaxManifestSize     = 4 << 20   // bytes; registries refuse larger manifests, and they are parsed in memory
	MaxConfigSize       = 4 << 20   // bytes; parsed in memory before anything is verified by it
	MaxConfigValues     = 50_000    // objects and nulls in a config: two bytes there, up to a kilobyte each in memory
	MaxLayers           = 1000      // per bundle; stops one small manifest from asking for endless fetches
	MaxMembers          = 5000      // bundles per pack
	MaxChildAnnotations = 512       // bytes of the annotations of a child, as JSON; keeps the index of a full pack under MaxManifestSize
	MaxFrontMatterSize  = 256 << 10 // bytes; decoded into a tree many times its size
	MaxDocumentSize     = 4 << 20   // bytes of index.md; held in memory to be parsed and rendered
	MaxFileSize         = 2 << 30   // bytes per file, by default
	MaxPathLength       = 1024      // bytes of a path inside a recap
	MaxPathComponent    = 255       // bytes of one component: the limit of the common file systems
	MaxPathDepth        = 32        // components
	MaxReferrers        = 100       // signatures and attestations examined for one digest
	MaxReferrerPages    = 10        // pages asked for to list them
	MaxSigstoreBundle   = 1 << 20   // bytes
	MaxPolicySize       = 1 << 20   // bytes; held as a tree
	MaxErrorBody        = 8 << 10   // bytes of a registry's error answer that are read
)
