// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package near finds what the members of a pack name in two ways and was probably
// meant to be one: names a letter apart, one name under two ids, and two events of
// one series and year. What a pack declares or lists as an alias is one already.
//
// Start with [Find]. Its cost grows with the number of names, not with its square.
package near
