// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// realm: containers on one machine share the boot id and not the process ids,
// so their namespace is part of it.
func realm() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, _ := os.Readlink("/proc/self/ns/pid")
	if len(boot) == 0 || namespace == "" {
		host, _ := os.Hostname()
		return "linux " + host
	}
	return "linux " + string(bytes.TrimSpace(boot)) + " " + namespace
}

// startOf returns when process pid started, in clock ticks since boot and zero
// where that can't be read, and whether it lives.
func startOf(pid int) (started uint64, alive bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil {
		// Field 22 of proc_pid_stat(5); the name, field 2, may hold anything
		// but is the last thing in parentheses.
		if i := bytes.LastIndexByte(stat, ')'); i >= 0 {
			if fields := bytes.Fields(stat[i+1:]); len(fields) > 19 {
				started, _ = strconv.ParseUint(string(fields[19]), 10, 64)
				return started, true
			}
		}
	}
	err = syscall.Kill(pid, 0)
	return 0, err == nil || errors.Is(err, syscall.EPERM)
}
