// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets tests start this program again to do one thing.
func TestMain(m *testing.M) {
	switch work, arg, _ := strings.Cut(os.Getenv("DURABLE_TEST_WORK"), " "); work {
	case "temp": // make a temporary file, say so, and wait to be killed
		f, err := Create(arg)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(f.Name())
		waitForEnd()
	case "lock":
		if _, err := Lock(context.Background(), arg); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		waitForEnd()
	case "share":
		if _, err := LockShared(context.Background(), arg); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		waitForEnd()
	case "count":
		if err := count(arg); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// waitForEnd waits for whoever started this program to kill it, or to end. A
// select without cases doesn't: with nobody else to wait for, that is a deadlock,
// and the program ends by itself.
func waitForEnd() { _, _ = io.Copy(io.Discard, os.Stdin) }

// start runs this program to do work and returns the first line that it prints.
// It is killed by kill, or when the test ends.
func start(t *testing.T, work, arg string) (line string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DURABLE_TEST_WORK="+work+" "+arg)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // for waitForEnd
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill = func() {
		if !killed {
			killed = true
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	t.Cleanup(kill)
	scanner := bufio.NewScanner(out)
	scanner.Scan()
	return scanner.Text(), kill
}

func TestReap(t *testing.T) {
	dir := t.TempDir()
	mine, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Abort()
	theirs, kill := start(t, "temp", dir)
	if _, err := os.Stat(theirs); err != nil {
		t.Fatalf("%q: %v", theirs, err)
	}
	if got, err := Reap(dir); len(got) != 0 || err != nil {
		t.Errorf("while everybody lives: removed %q, %v", got, err)
	}
	kill()
	for _, keep := range []string{"index.json", TempPrefix, TempPrefix + "x", ".recap-tmp-000000000000-1-1-zz"} {
		if err := os.WriteFile(filepath.Join(dir, keep), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := names(t, dir)
	if stale, err := Stale(dir); !slices.Equal(stale, []string{theirs}) || err != nil {
		t.Errorf("Stale: got %q, %v", stale, err)
	}
	if got, err := Reap(dir); !slices.Equal(got, []string{theirs}) || err != nil {
		t.Errorf("removed %q, %v; want %q", got, err, theirs)
	}
	want := slices.DeleteFunc(before, func(name string) bool { return name == filepath.Base(theirs) })
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
	if _, err := Reap(filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent directory: got error %v", err)
	}
}

// Whoever writes a file tidies up beside it.
func TestWriteFileReaps(t *testing.T) {
	dir := t.TempDir()
	if _, kill := start(t, "temp", dir); len(names(t, dir)) == 1 {
		kill()
	}
	if err := WriteFile(filepath.Join(dir, "f"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"f"}) {
		t.Errorf("left %q", got)
	}
}

// A staging directory goes with its content.
func TestReapOfADirectory(t *testing.T) {
	dir := t.TempDir()
	started, _ := startOf(os.Getpid())
	if started == 0 {
		t.Skip("the system doesn't tell when a process started")
	}
	// This process's number, from an earlier life of it.
	name := fmt.Sprintf("%s%s-%d-%d-%012x", TempPrefix, where(), os.Getpid(), started+1, 7)
	if err := os.MkdirAll(filepath.Join(dir, name, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := Reap(dir); len(got) != 1 || err != nil {
		t.Errorf("removed %q, %v", got, err)
	}
}

// Of another machine or container nobody knows whether the owner lives.
func TestReapOfOthers(t *testing.T) {
	dir := t.TempDir()
	young, old := filepath.Join(dir, TempPrefix+"0123456789ab-1-1-000000000001"), filepath.Join(dir, TempPrefix+"0123456789ab-1-1-000000000002")
	for _, path := range []string{young, old} {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-foreignAge - time.Hour)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	if got, err := Reap(dir); !slices.Equal(got, []string{old}) || err != nil {
		t.Errorf("removed %q, %v; want %q", got, err, old)
	}
}
