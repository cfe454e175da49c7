// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package attest makes statements about recaps that are worth signing: where a
// build came from ([Provenance]) and what it is made of ([BillOfMaterials]).
// What it makes is a [trust.Predicate]; a [trust.Sealer] signs it. Predicates
// that somebody else made are read by [ReadPredicate].
//
// It says what it was told and no more. Provenance repeats what the
// environment of a CI service states ([DetectCI]); whoever runs the job can
// state anything there, so that it is worth as much as the identity that signs
// it. No SLSA level is claimed. A value that makes no sense is an error and
// never left out silently, and no value is made up for one that is missing.
//
// The same input gives the same bytes. Nothing here reads a file, a clock, the
// network or the environment: the caller passes what it found.
package attest
