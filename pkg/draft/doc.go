// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package draft writes what authors edit: a new recap to begin with, the two lines
// that make a recap of an existing post, and a front matter in tidy form.
//
// Start with [Scaffold], [InitPost] or [Format], which make texts of texts, and
// hand them to [Create], [Add] or [Rewrite], which write them so that a file is
// its old or its new text whatever happens. Nothing that an author wrote is
// changed unless the recap that is read from it stays the same; where that can't
// be, the text is left alone and the error says why.
package draft
