// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package host asks one registry for things, as often as it takes.
//
// A [Host] authenticates, tries an [Operation] again while a retry may help and
// the [Budget] lasts, and says of what failed what it means: the kind and code
// of the error, and what to type next. What is asked for, and what an answer is
// worth, is for whoever is above it.
//
// A Host may be used by any number of goroutines.
package host
