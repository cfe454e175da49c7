// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tasks runs functions side by side without losing their panics. An
// unrecovered panic ends a process with exit code 2 wherever it happens, which
// recap promises for a command line that is wrong, and says nothing that a
// person can use. Here it comes up again in whoever waits, with the place where
// it was, and so reaches the one recover of the command.
//
// [Group] is an errgroup.Group and [Start] a go statement otherwise.
package tasks
