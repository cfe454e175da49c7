// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// damages is what can happen to a file on disk, by hand or by a disk. What isn't
// a file any more is unsafe to open: exit 8 where it can't be had again.
var damages = []struct {
	name string
	exit int
	do   func(path, outside string) error
}{
	{"cut", 6, func(path, _ string) error { return os.Truncate(path, 7) }},
	{"empty", 6, func(path, _ string) error { return os.Truncate(path, 0) }},
	{"flip", 6, func(path, _ string) error {
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 {
			return errors.Join(err, errors.New("nothing to flip"))
		}
		data[0] ^= 1
		return os.WriteFile(path, data, 0o644)
	}},
	{"longer", 6, func(path, _ string) error {
		data, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(path, append(data, 0), 0o644))
	}},
	{"link", 8, func(path, outside string) error {
		return errors.Join(os.RemoveAll(outside), os.Rename(path, outside), os.Symlink(outside, path))
	}},
	{"directory", 8, func(path, _ string) error {
		return errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "in"), 0o755))
	}},
	{"pipe", 8, func(path, _ string) error { return errors.Join(os.Remove(path), makePipe(path)) }},
}

// damageFile does one of damages to a blob, named by a file with its content, or
// to another file of a layout:
//
//	damage HOW LAYOUT FILE
func damageFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: damage HOW LAYOUT FILE")
	}
	path := filepath.Join(ts.MkAbs(args[1]), args[2])
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		sum := sha256.Sum256([]byte(ts.ReadFile(args[2])))
		path = filepath.Join(ts.MkAbs(args[1]), "blobs", "sha256", hex.EncodeToString(sum[:]))
	}
	for _, d := range damages {
		if d.name == args[0] {
			ts.Check(d.do(path, ts.MkAbs("outside-"+filepath.Base(path))))
			return
		}
	}
	ts.Fatalf("damage: there is no way %s", args[0])
}

// ageFiles makes everything in a directory as if it were from 60 days ago: ages DIR.
func ageFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ages DIR")
	}
	then := time.Now().Add(-60 * dayLong)
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, then, then))
	}))
}

// TestDamage damages a file of the local store, and of a layout, in every way. A
// pull through the store mends it and says so; a layout is refused with its exit
// code by whoever reads what is damaged; and store check finds it in both.
func TestDamage(t *testing.T) {
	const trip = "-- trip/index.md --\n---\ntitle: A trip\nrecap:\n  event: FOSDEM 2024\n---\nWhat I saw, with [notes](notes.txt).\n" +
		"-- trip/notes.txt --\nnotes that are long enough to be cut\n"
	dir := t.TempDir()
	for _, d := range damages {
		if runtime.GOOS == "windows" && d.exit == 8 && d.name != "directory" {
			continue // needs a privilege there
		}
		var s strings.Builder
		fmt.Fprintf(&s, `keypair k
exec recap push trip $REG/team/trip:v1 --sign --key k.key
exec recap pull $REG/team/trip:v1 --key k.pub -o first
exec recap store check
stdout ': sound$'
damage %[1]s $XDG_CACHE_HOME/recap/store trip/notes.txt
exits 6 recap store check
stdout 'blobs/sha256/'
stderr 'recap store check --repair'
exec recap pull $REG/team/trip:v1 --key k.pub -o second
stderr '^warning: damage in the local store is mended: .* is now .recap-quarantine/'
cmp trip/notes.txt second/notes.txt
exec recap pull $REG/team/trip:v1 --key k.pub -o third
! stderr warning
requests reset

damage %[1]s $XDG_CACHE_HOME/recap/store trip/notes.txt
exec recap store check --repair --format json
schema store-check stdout
stdout '"movedTo": ".recap-quarantine/'
stdout '"sound": true'
exec recap store check
exec recap pull $REG/team/trip:v1 --key k.pub -o fourth
cmp trip/notes.txt fourth/notes.txt

damage %[1]s $XDG_CACHE_HOME/recap/store index.json
exits 6 recap store check --format json
schema store-check stdout
exec recap pull $REG/team/trip:v1 --key k.pub -o fifth
stderr '^warning: damage in the local store is mended: .*index.json'
cmp trip/notes.txt fifth/notes.txt
exec recap store check
damage %[1]s $XDG_CACHE_HOME/recap/store oci-layout
exec recap store check --repair
stdout 'oci-layout'
exec recap store check

exec recap copy $REG/team/trip:v1 oci-layout://l:v1
exec recap copy $REG/team/trip:v1 oci-layout://broken:v1
damage %[1]s l trip/notes.txt
exits %[2]d recap pull oci-layout://l:v1 --key k.pub -o sixth
! exists sixth
exits %[2]d recap copy oci-layout://l:v1 $REG/team/other:v1
exits 6 recap store check oci-layout://l
exits 6 recap store check l --repair
stderr 'push or copy'
exec recap copy $REG/team/trip:v1 oci-layout://l:v1
exec recap store check l
damage %[1]s l trip/notes.txt
exits 6 recap store check l --repair
exec recap push trip oci-layout://l:v1
exec recap store check l
exec recap pull oci-layout://l:v1 --key k.pub -o sixth
cmp trip/notes.txt sixth/notes.txt

exec recap tag oci-layout://l:v1 v1 --format go-template={{.digest}}
cp stdout digest
manifest l digest manifest.json
damage %[1]s l manifest.json
exits %[2]d recap verify oci-layout://l:v1 --key k.pub
exits %[2]d recap inspect oci-layout://l:v1
exits %[2]d recap show oci-layout://l:v1 --key k.pub
exits %[2]d recap sign oci-layout://l:v1 --key k.key
exits 6 recap store prune l
stderr '^error\[damaged\]'
exits 6 recap store check l --repair
exec recap push trip oci-layout://l:v1
exec recap store check l
exec recap verify oci-layout://l:v1 --key k.pub

damage %[1]s broken index.json
exits %[3]d recap store check broken
exits %[3]d recap inspect oci-layout://broken:v1
exits %[3]d recap store prune broken --yes
`, d.name, d.exit, d.exit)
		s.WriteString(trip)
		if err := os.WriteFile(filepath.Join(dir, d.name+".txtar"), []byte(s.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmds := commands()
	cmds["damage"] = damageFile
	cmds["manifest"] = copyManifest
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Setup:               func(env *testscript.Env) error { return setup(env, recaptest.RegistryOptions{}) },
		Cmds:                cmds,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// copyManifest copies the blob out of a layout whose digest a file holds:
//
//	manifest LAYOUT DIGEST-FILE TO
func copyManifest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: manifest LAYOUT DIGEST-FILE TO")
	}
	digest := strings.TrimPrefix(strings.TrimSpace(ts.ReadFile(args[1])), "sha256:")
	data, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), "blobs", "sha256", digest))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o644))
}
