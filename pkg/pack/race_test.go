// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build race

package pack_test

// raced says that the race detector is on: everything takes ten times as long.
const raced = true
