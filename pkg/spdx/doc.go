// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package spdx reads licence expressions as SPDX defines them, and guesses what
// was meant by what is none. Start with [Parse].
//
// The list of ids is in the package: nothing is asked, and a release of this
// package knows the licences of the list's release that Parse names.
package spdx
