// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux && !darwin

package durable

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

func realm() string {
	host, _ := os.Hostname()
	return runtime.GOOS + " " + host
}

// startOf returns whether process pid lives; when it started isn't asked.
func startOf(pid int) (started uint64, alive bool) {
	err := syscall.Kill(pid, 0)
	return 0, err == nil || errors.Is(err, syscall.EPERM)
}
