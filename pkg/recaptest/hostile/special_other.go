// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package hostile

import "errors"

// special makes what is neither file nor directory.
func special(string, string, string) error { return errors.ErrUnsupported }
