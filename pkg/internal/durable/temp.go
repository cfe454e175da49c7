// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// TempPrefix starts the name of every temporary file and directory.
const TempPrefix = ".recap-tmp-"

// foreignAge is how old a temporary file of another machine, boot or container
// must be before it is taken for left behind. Whether its owner lives can't be
// asked; nothing that recap does leaves a file unwritten for that long.
const foreignAge = 7 * 24 * time.Hour

// tempPattern: where the owner runs, its process id, when that process
// started, and chance.
var tempPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\.recap-tmp-([0-9a-f]{12})-([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]{12}$`)
})

// self is this process, as temporary names spell it.
var self = sync.OnceValue(func() string {
	started, _ := startOf(os.Getpid())
	return fmt.Sprintf("%s-%d-%d", where(), os.Getpid(), started)
})

// where names the machine, boot and, on Linux, the namespace that process ids
// mean something in.
var where = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(realm()))
	return hex.EncodeToString(sum[:6])
})

func tempName() string {
	var chance [6]byte
	rand.Read(chance[:]) // crypto/rand.Read never fails
	return TempPrefix + self() + "-" + hex.EncodeToString(chance[:])
}

// Stale lists, as paths, the temporary files and directories directly in dir
// whose process is gone. Those of living processes, and those of another
// machine that are younger than a week, are not among them.
func Stale(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, Explain(err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, Explain(err)
	}
	var stale []string
	for _, name := range names {
		path := filepath.Join(dir, name)
		if abandoned(path, name) {
			stale = append(stale, path)
		}
	}
	return stale, nil
}

// Reap removes what [Stale] lists and returns it. What can't be removed is
// left out and the first such error returned.
func Reap(dir string) ([]string, error) {
	stale, err := Stale(dir)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, path := range stale {
		if e := os.RemoveAll(path); e != nil {
			if err == nil {
				err = Explain(e)
			}
			continue
		}
		removed = append(removed, path)
	}
	return removed, err
}

func abandoned(path, name string) bool {
	m := tempPattern().FindStringSubmatch(name)
	if m == nil {
		return false
	}
	if m[1] != where() {
		info, err := os.Lstat(path)
		return err == nil && time.Since(info.ModTime()) > foreignAge
	}
	pid, err := strconv.Atoi(m[2])
	if err != nil || pid <= 0 {
		return false
	}
	started, alive := startOf(pid)
	if !alive {
		return true
	}
	// Another process has the number now. Zero: the system doesn't tell.
	return started != 0 && m[3] != "0" && m[3] != strconv.FormatUint(started, 10)
}
