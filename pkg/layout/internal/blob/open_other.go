// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package blob

const openFlags = 0
