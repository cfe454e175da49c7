// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux && !darwin

package durable

import "errors"

func exchange(_, _ string) error { return errors.ErrUnsupported }

// IsMountPoint reports whether something is mounted at the directory path, so
// that it can't be renamed or replaced.
func IsMountPoint(path string) (bool, error) {
	other, err := onOtherDevice(path)
	return other, Explain(err)
}
