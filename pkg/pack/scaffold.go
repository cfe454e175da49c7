// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

// ScaffoldOptions are what a new pack begins with. Everything has a default.
type ScaffoldOptions struct {
	Name    string // default: made from the title, else my-recaps
	Title   string // left out when empty
	License string // left out when empty
	Event   string // of the first recap; default: that of a recap's scaffold
}
