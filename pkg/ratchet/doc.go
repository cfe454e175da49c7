// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ratchet remembers which versions were accepted, so that nobody who
// holds a registry can serve an older one: a signature says that a version is
// genuine, not that it is the newest. Start at [New]; [Ratchet.Advance] holds
// what was found under a tag, a [Sighting], against what is remembered, and
// remembers it.
//
// Three things are refused, all recap.Stale: a floating tag that goes back
// (rollback), a tag that names another thing, another kind of thing or another
// version than it spells (mix-and-match), and a version that has two contents
// (equivocation). What is remembered is replaced in one durable step. A file of
// it that can't be understood is refused too, and never a new beginning.
//
// Who may be believed is not decided here: a Sighting is of what somebody has
// admitted, as package trust does. The files are apiVersion recap/v1, kinds
// RollbackState and Lock; fields are only ever added to them.
package ratchet
