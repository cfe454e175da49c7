// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package align finds what two sequences have in common: which lines of two texts
// are the same ([Lines]), which things of two lists are ([Pairing]), which of those
// were moved ([OutOfOrder]). It knows nothing of recaps, and its cost is bounded:
// past a limit what could be the same counts as different.
package align
