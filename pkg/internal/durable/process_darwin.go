// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func realm() string {
	session, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		session, _ = os.Hostname()
	}
	return "darwin " + session
}

// startOf returns when process pid started, in microseconds since 1970 and
// zero where that can't be read, and whether it lives.
func startOf(pid int) (started uint64, alive bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err == nil && int(info.Proc.P_pid) == pid {
		t := info.Proc.P_starttime
		return uint64(t.Sec)*1e6 + uint64(t.Usec), true
	}
	err = unix.Kill(pid, 0)
	return 0, err == nil || errors.Is(err, unix.EPERM)
}
