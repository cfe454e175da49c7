// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hostile makes what means harm: artifacts, registries, layouts, archives,
// sources, texts, names. Only tests import it.
//
// Each is a row of a table with an [Input] in it, which says what every entry point
// of recap must make of it. [Artifacts] is the longest; [Good] is the harmless one
// to compare with.
package hostile
