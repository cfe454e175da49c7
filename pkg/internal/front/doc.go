// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package front makes a recap of a front matter, or of a recap.yaml: values are
// held to the schema, shorthands written out, figures taken apart, ids given, and
// whatever is said can be traced back to the line where the author wrote it.
//
// Start with [Fit], which takes out what doesn't fit, and then [Read]. It knows
// no files: pkg/source reads them, and pkg/draft writes them.
package front
