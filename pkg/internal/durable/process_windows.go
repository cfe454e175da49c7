// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

func realm() string {
	host, _ := os.Hostname()
	return "windows " + host
}

// startOf returns when process pid started, in nanoseconds since 1970 and zero
// where that can't be read, and whether it lives.
func startOf(pid int) (started uint64, alive bool) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		// No such process is an invalid parameter to OpenProcess.
		return 0, !errors.Is(err, windows.ERROR_INVALID_PARAMETER)
	}
	defer windows.CloseHandle(h)
	const stillActive = 259
	var code uint32
	if err := windows.GetExitCodeProcess(h, &code); err == nil && code != stillActive {
		return 0, false
	}
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		return 0, true
	}
	return uint64(created.Nanoseconds()), true
}
