// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
)

// A mount point can't be renamed or exchanged: volumes of containers are such,
// and so is a directory bound over itself, which is no other file system.
func TestInstallIntoAMountPoint(t *testing.T) {
	for _, tt := range []struct {
		name  string
		mount func(dir string) error
	}{
		{"tmpfs", func(dir string) error { return unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m") }},
		{"bind", func(dir string) error { return unix.Mount(dir, dir, "", unix.MS_BIND, "") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := mountPoint(t, tt.mount)
			for _, files := range []contents{first, second, first} {
				mustPull(t, stored(t, files), dir, transfer.PullOptions{})
				wantFiles(t, dir, files)
			}
			write(t, dir, contents{"mine": "mine"})
			_, err := pullInto(t, stored(t, second), dir, transfer.PullOptions{})
			wantError(t, err, recap.Local, "destination-modified", `"mine" added`)
		})
	}
}

// A disk that is full is found out before anything is fetched, and when it
// fills up meanwhile nothing is left.
func TestPullOntoAFullDisk(t *testing.T) {
	disk := mountPoint(t, func(dir string) error { return unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k") })
	large := contents{"index.md": "# A\n", "large.bin": string(make([]byte, 100<<10))}
	fetched := false
	_, err := pullInto(t, stored(t, large), filepath.Join(disk, "dir"), transfer.PullOptions{OnEvent: func(e transfer.Event) {
		fetched = fetched || e.Kind == transfer.EventStarted
	}})
	wantError(t, err, recap.Local, "disk-full")
	if fetched {
		t.Error("it was known that there is no room, and all was fetched")
	}
	fill := func(e transfer.Event) {
		if e.Kind == transfer.EventInstall {
			write(t, disk, contents{"filler": string(make([]byte, 40<<10))})
		}
	}
	half := contents{"index.md": "# A\n", "half.bin": string(make([]byte, 30<<10))}
	_, err = pullInto(t, stored(t, half), filepath.Join(disk, "dir"), transfer.PullOptions{OnEvent: fill})
	wantError(t, err, recap.Local, "disk-full")
	if got := names(t, disk); len(got) != 1 || got[0] != "filler" {
		t.Errorf("left on the disk: %q", got)
	}
	mustRemove(t, filepath.Join(disk, "filler"))
	mustPull(t, stored(t, half), filepath.Join(disk, "dir"), transfer.PullOptions{})
}

// A disk that can't be written to is found out before anything is fetched.
func TestPullOntoAReadOnlyDisk(t *testing.T) {
	disk := mountPoint(t, func(dir string) error { return unix.Mount("tmpfs", dir, "tmpfs", unix.MS_RDONLY, "size=64k") })
	for _, dir := range []string{"dir", "above/dir"} {
		fetched := false
		_, err := pullInto(t, stored(t, first), filepath.Join(disk, dir), transfer.PullOptions{OnEvent: func(e transfer.Event) {
			fetched = fetched || e.Kind == transfer.EventStarted
		}})
		wantError(t, err, recap.Local, "read-only", disk)
		if fetched {
			t.Errorf("%s: it was known that nothing can be written, and all was fetched", dir)
		}
	}
}

func mountPoint(t *testing.T, mount func(string) error) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mounted")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := mount(dir); err != nil {
		t.Skipf("nothing can be mounted here, as an ordinary user or in a sandbox: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return dir
}
