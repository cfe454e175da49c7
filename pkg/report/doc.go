// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package report tells the outcome of a check to whoever asked: a person at a
// terminal, an editor, GitHub's pull requests, a code scanning service.
//
// Start with [Of]. Problems quote what somebody wrote; every form here escapes
// what its reader would act on or not show.
package report
