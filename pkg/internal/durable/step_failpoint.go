// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build recapfailpoint

package durable

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// steps counts the durable steps of the process.
var steps atomic.Int64

// failpoint is what RECAP_FAILPOINT asks for: kill:N or enospc:N.
var failpoint = sync.OnceValues(func() (action string, at int64) {
	action, n, _ := strings.Cut(os.Getenv("RECAP_FAILPOINT"), ":")
	if action == "" {
		return "", 0
	}
	at, err := strconv.ParseInt(n, 10, 64)
	if err != nil || at < 1 || action != "kill" && action != "enospc" {
		panic(fmt.Sprintf("RECAP_FAILPOINT=%q: want kill:N or enospc:N", os.Getenv("RECAP_FAILPOINT")))
	}
	return action, at
})

// step stands before every change to the disk. At the step asked for, it first
// does torn, the first half of a write, and then kills the process or returns
// ENOSPC.
func step(_ string, torn func()) error {
	action, at := failpoint()
	if action == "" || steps.Add(1) != at {
		return nil
	}
	if torn != nil {
		torn()
	}
	if action == "enospc" {
		return syscall.ENOSPC
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // until the signal arrives
}
