// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

// Ratchet remembers what was admitted under each tag, so that a tag can't go
// back. See DESIGN §4.
type Ratchet struct {
	path string
}
