// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package recap is the vocabulary of the project: the content model of one
// write-up ([Recap], [Event], [Observation] …) and what it means, what a check
// found ([Problem]), the kinds of errors ([Kind], [Error]), the limits and the
// media types of format v1.
//
// Start with [Recap]. [Recap.Resolver] follows its references; [Recap.EachFact]
// and its neighbours visit what it says, each with its place;
// [Observation.Compare] tells whether two figures agree. Values are read as
// people write them, once, and kept exactly: [Date], [ParseQuantity],
// [ParseAgent], [Slug]. What can be read in two ways is refused with what to
// write instead. What is wrong with a recap is told by pkg/rule.
//
// The package touches no file, no network and no clock; what needs one of them
// lives in pkg/source and pkg/artifact. Its functions may be called by several
// goroutines at once.
//
// Format v1 only grows: readers of a pulled artifact ignore fields they don't
// know, and a change that they would misread gets a new media type.
package recap
