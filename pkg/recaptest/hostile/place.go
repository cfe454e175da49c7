// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Place is a layout or an archive on disk that was tampered with.
type Place struct {
	Input

	// Make makes what lies at path, an archive where it ends in .tar.
	// [errors.ErrUnsupported]: this system has no such thing.
	Make func(path string) error
}

// Layouts returns layouts in which something stands that isn't what its name
// says. The artifact in them is the good one.
func Layouts() []Place {
	notes := "blobs/sha256/" + digest.FromString("some notes\n").Encoded()
	row := func(name, want string, exceptions map[string]string, change func(dir string) error) Place {
		return Place{Input{Name: "layout: " + name, Want: want, But: exceptions}, func(dir string) error {
			return errors.Join(forgery{}.forge().WriteLayout(dir), change(dir))
		}}
	}
	write := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	}
	instead := func(name string, make func(path string) error) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, filepath.FromSlash(name))
			return errors.Join(os.RemoveAll(path), make(path))
		}
	}
	pipe := func(path string) error { return special(filepath.Dir(path), filepath.Base(path), "pipe") }
	link := func(to string) func(string) error {
		return func(path string) error {
			if os.Symlink(to, path) != nil {
				return errors.ErrUnsupported
			}
			return nil
		}
	}
	dir := func(path string) error { return os.Mkdir(path, 0o755) }
	gone := func(string) error { return nil }
	const index, layout = "6 bad-index", "6 bad-layout"
	const file, directory = "8 not-a-regular-file", "8 not-a-directory"
	blob := over(nowhere, "inspect, tags, show, diff, metadata, tag, attest, sign, push, delete", "0")
	lost := over(blob, "tag", "3 child-missing")
	return []Place{
		row("index.json empty", index, nil, write("index.json", "")),
		row("index.json cut off", index, nil, write("index.json", `{"schemaVersion":2,"manif`)),
		row("index.json in the middle of another", index, nil, write("index.json", `{"med{"mediaType":`)),
		row("index.json a list", index, nil, write("index.json", "[]")),
		row("index.json with a key twice", index, nil, write("index.json", `{"schemaVersion":2,"manifests":[],"manifests":[]}`)),
		row("index.json with layers", index, nil, write("index.json", `{"schemaVersion":2,"manifests":[],"layers":[]}`)),
		row("index.json without the file", index, nil, instead("index.json", gone)),
		row("index.json a pipe", file, nil, instead("index.json", pipe)),
		row("index.json a link to itself", file, nil, instead("index.json", link("index.json"))),
		row("index.json a link to an endless device", file, nil, instead("index.json", link("/dev/zero"))),
		row("index.json a directory", file, nil, instead("index.json", dir)),
		heavyPlace(row("index.json of 10 GiB", "8 too-large", nil, instead("index.json", func(path string) error { return hole(path, 10<<30) }))),
		heavyPlace(row("index.json of 100,000 tags", "8 too-large", nil, func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "index.json"), mustJSON(object{"schemaVersion": 2, "manifests": repeat(100_000, func(i int) any {
				return merged2(descriptor(i), "annotations", object{ocispec.AnnotationRefName: fmt.Sprint("v", i)})
			})}), 0o644)
		})),
		heavyPlace(row("index.json of a million empty descriptors", index, nil, func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "index.json"), mustJSON(object{"schemaVersion": 2, "manifests": repeat(1_000_000, func(int) any { return object{} })}), 0o644)
		})),
		heavyPlace(row("index.json of brackets", index, nil, write("index.json", `{"schemaVersion":2,"manifests":`+strings.Repeat("[", 5<<20)))),
		row("oci-layout empty", layout, nil, write("oci-layout", "")),
		row("oci-layout of another version", layout, nil, write("oci-layout", `{"imageLayoutVersion":"9.0.0"}`)),
		row("oci-layout missing", "3 not-a-layout", but("tag, push", "0"), instead("oci-layout", gone)),
		row("oci-layout a pipe", file, nil, instead("oci-layout", pipe)),
		row("oci-layout a link", file, nil, instead("oci-layout", link("index.json"))),
		row("blobs a link", directory, nil, instead("blobs", link("/"))),
		row("blobs a file", directory, nil, instead("blobs", func(path string) error { return os.WriteFile(path, nil, 0o644) })),
		row("sha256 a link", directory, nil, instead("blobs/sha256", link("/"))),
		row("a blob a pipe", file, lost, instead(notes, pipe)),
		row("a blob a link to the same", file, lost, func(dir string) error {
			path := filepath.Join(dir, filepath.FromSlash(notes))
			return errors.Join(os.Rename(path, path+"-"), link(filepath.Base(path)+"-")(path))
		}),
		row("a blob a link out", file, lost, instead(notes, link("../../../k.key"))),
		row("a blob an endless device", file, lost, instead(notes, link("/dev/zero"))),
		row("a blob a directory", file, lost, instead(notes, dir)),
		row("a blob of no bytes", "6 size-mismatch", lost, write(notes, "")),
		row("a blob that is gone", "3 not-found", lost, instead(notes, gone)),
	}
}

func heavyPlace(p Place) Place {
	p.Heavy = true
	return p
}

// Archives returns tar files that aren't plain archives of a layout.
func Archives() []Place {
	good := forgery{}.forge().files()
	type member struct {
		hdr  tar.Header
		data string
	}
	write := func(path string, before []member, after []member) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		w := tar.NewWriter(f)
		members := slices.Clone(before)
		for _, name := range slices.Sorted(maps.Keys(good)) {
			members = append(members, member{tar.Header{Name: name}, string(good[name])})
		}
		for _, m := range append(members, after...) {
			if m.hdr.Typeflag == 0 {
				m.hdr.Typeflag = tar.TypeReg
			}
			if m.hdr.Mode == 0 && m.hdr.Typeflag != tar.TypeXGlobalHeader {
				m.hdr.Mode = 0o644
			}
			m.hdr.Size = int64(len(m.data))
			if err := w.WriteHeader(&m.hdr); err != nil {
				return err
			}
			if _, err := w.Write([]byte(m.data)); err != nil {
				return err
			}
		}
		return errors.Join(w.Close(), f.Close())
	}
	row := func(name, want string, hdr tar.Header, data string) Place {
		p := Place{Input{Name: "archive: " + name, Want: want}, func(path string) error { return write(path, []member{{hdr, data}}, nil) }}
		if want == "6 bad-archive" {
			p.But = but("tag, push", "10 bad-archive")
		}
		return p
	}
	raw := func(name, want string, change func(data []byte) []byte) Place {
		_, code, _ := strings.Cut(want, " ")
		return Place{Input{Name: "archive: " + name, Want: want, But: but("tag, push", "10 "+code)}, func(path string) error { // it isn't ours to replace
			if err := write(path, nil, nil); err != nil {
				return err
			}
			data, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path, change(data), 0o644))
		}}
	}
	fine := func(p Place) Place {
		p.But = nowhere
		return p
	}
	const entry, path, bad = "8 unsupported-entry", "8 unsafe-path", "6 bad-archive"
	rows := []Place{
		row("a link out", entry, tar.Header{Name: "d", Typeflag: tar.TypeSymlink, Linkname: "/tmp"}, ""),
		row("a link within", entry, tar.Header{Name: "blobs/x", Typeflag: tar.TypeSymlink, Linkname: "../index.json"}, ""),
		row("a hard link to a file here", entry, tar.Header{Name: "x", Typeflag: tar.TypeLink, Linkname: "k.key"}, ""),
		row("a hard link to a member", entry, tar.Header{Name: "x", Typeflag: tar.TypeLink, Linkname: "index.json"}, ""),
		row("a character device", entry, tar.Header{Name: "x", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}, ""),
		row("a block device", entry, tar.Header{Name: "x", Typeflag: tar.TypeBlock}, ""),
		row("a pipe", entry, tar.Header{Name: "x", Typeflag: tar.TypeFifo}, ""),
		row("an unknown type", entry, tar.Header{Name: "x", Typeflag: 'Z'}, ""),
		row("a name that leads out", path, tar.Header{Name: "../../x"}, "harm"),
		row("a name that leads out and in", path, tar.Header{Name: "blobs/../../it.tar/x"}, "harm"),
		row("an absolute name", path, tar.Header{Name: "/etc/x"}, "harm"),
		row("a backslash", path, tar.Header{Name: `..\x`}, "harm"),
		row("a name of 5,000 bytes", path, tar.Header{Name: strings.Repeat("a/", 2500) + "b"}, ""),
		row("index.json twice", bad, tar.Header{Name: "./index.json"}, "{}"),
		row("a blob twice", bad, tar.Header{Name: "blobs/sha256/" + digest.FromString("some notes\n").Encoded()}, "some notes\n"),
		fine(row("a file for anybody to run", "0", tar.Header{Name: "x", Mode: 0o7777, Uid: 0, Gid: 0}, "harm")),
		fine(row("attributes", "0", tar.Header{Name: "x", PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "x", "SCHILY.acl.access": "user::rwx"}}, "harm")),
		row("a header for all", path, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "../../x", "size": "99999"}}, ""),
		heavyPlace(row("attributes of 1 MB", "8 too-large", tar.Header{Name: "x", PAXRecords: map[string]string{"SCHILY.xattr.x": strings.Repeat("x", 900_000)}}, "")),
		raw("empty", bad, func([]byte) []byte { return nil }),
		raw("cut off", bad, func(data []byte) []byte { return data[:len(data)/2] }),
		raw("a header cut off", bad, func(data []byte) []byte { return data[:300] }),
		raw("zeros", "6 not-a-layout", func([]byte) []byte { return make([]byte, 10_240) }),
		raw("noise", bad, func(data []byte) []byte { return bytes.Repeat([]byte("noise"), 2000) }),
		raw("a size of minus one", bad, func(data []byte) []byte { return resized(data, -1) }),
		raw("a size of 10 GiB", bad, func(data []byte) []byte { return resized(data, 10<<30) }),
		raw("a size of 2^63-1", bad, func(data []byte) []byte { return resized(data, 1<<63-1) }),
		raw("gzip", "6 compressed-archive", zipped),
		raw("zstd", "6 compressed-archive", func([]byte) []byte { return []byte("\x28\xb5\x2f\xfd\x00\x58\x00\x00") }),
		raw("zip", "6 compressed-archive", func([]byte) []byte { return []byte("PK\x03\x04 and more") }),
		heavyPlace(Place{Input{Name: "archive: 200,001 members", Want: "8 too-many-members"}, func(path string) error {
			f, err := os.Create(path)
			if err != nil {
				return err
			}
			w := tar.NewWriter(f)
			for range 200_001 {
				if err := w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeReg, Mode: 0o644}); err != nil {
					return err
				}
			}
			return errors.Join(w.Close(), f.Close())
		}}),
		raw("a sparse file", bad, func(data []byte) []byte { // of no format that has them
			data[156] = tar.TypeGNUSparse
			return resized(data, 512)
		}),
		{Input{Name: "archive: a pipe in its place", Want: "8 not-a-regular-file"}, func(path string) error { return special(filepath.Dir(path), filepath.Base(path), "pipe") }},
		heavyPlace(Place{Input{Name: "archive: 100 GiB of nothing", Want: "6 not-a-layout"}, func(path string) error { return hole(path, 100<<30) }}),
	}
	return rows
}

// resized returns an archive whose first member says that it has another size.
func resized(data []byte, size int64) []byte {
	data = bytes.Clone(data)
	field := data[124:136]
	field[0] = 0x80 // base 256
	if size < 0 {
		field[0] = 0xff
	}
	for i := range 11 {
		field[11-i] = byte(size >> min(8*i, 63))
	}
	sum := int64(8 * ' ')
	for i, b := range data[:512] {
		if i < 148 || i >= 156 {
			sum += int64(b)
		}
	}
	copy(data[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return data
}
