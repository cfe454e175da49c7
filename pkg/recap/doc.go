// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package recap is the vocabulary of the project: the content model of one
// write-up ([Recap], [Event], [Observation] …), the findings of a check
// ([Problem]), the kinds of errors ([Kind], [Error]), the limits and the media
// types of format v1.
//
// Start with [Recap]. The package touches no file and no network; what needs
// either lives in pkg/source and pkg/artifact.
//
// Format v1 only grows: readers of a pulled artifact ignore fields they don't
// know, and a change that they would misread gets a new media type.
package recap
