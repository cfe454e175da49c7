// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package pack_test

const raced = false
