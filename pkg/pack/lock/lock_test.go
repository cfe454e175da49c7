// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/pack/lock"
	"github.com/recap-oci/recap/pkg/recap"
)

// two returns a lock of two members.
func two() *lock.Lock {
	d := func(s string) string { return string(digest.FromString(s)) }
	member := func(slug, ref string) lock.Member {
		return lock.Member{
			Name: slug, Ref: ref, Digest: d(slug), Size: 100, MediaType: ocispec.MediaTypeImageManifest, License: "CC-BY-4.0",
			Files: []lock.File{{Path: "index.md", Digest: d(slug + " text"), Size: 10}, {Path: "data/x.csv", Digest: d(slug + " data"), Size: 20}},
		}
	}
	return &lock.Lock{
		LockVersion: lock.Version, Pack: lock.Pack{Name: "days", Digest: d("pack.yaml")},
		Members: []lock.Member{member("alpha", "recaps/a"), member("bravo", "recaps/b")},
	}
}

// fails holds err to a kind, a code and words in its text or hint.
func fails(t *testing.T, err error, kind recap.Kind, code string, parts ...string) {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("error %v, want %s %s", err, kind, code)
	}
	for _, part := range parts {
		if !strings.Contains(e.Error()+e.Hint, part) {
			t.Errorf("%v (%s) doesn't say %q", e, e.Hint, part)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	l := two()
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	good := string(raw)
	if _, err := lock.Parse(raw); err != nil {
		t.Fatal(err)
	}
	d := l.Members[0].Digest
	edit := func(old, by string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("nothing of %q", old)
		}
		return strings.Replace(good, old, by, 1)
	}
	for name, text := range map[string]string{
		"nothing":             "",
		"no JSON":             "lockVersion: 1\n",
		"a list":              "[]",
		"null":                "null",
		"more after it":       good + "{}",
		"a key twice":         edit(`"lockVersion": 1,`, `"lockVersion": 1, "lockVersion": 1,`),
		"a key in capitals":   edit(`"lockVersion": 1,`, `"LockVersion": 1,`),
		"a later version":     edit(`"lockVersion": 1,`, `"lockVersion": 2,`),
		"no version":          edit(`"lockVersion": 1,`, ``),
		"no pack":             edit(`"name": "days"`, `"name": ""`),
		"no digest of it":     edit(l.Pack.Digest, "latest"),
		"another hash":        edit(d, "sha512:"+strings.Repeat("a", 128)),
		"a short digest":      edit(d, d[:40]),
		"a slug twice":        edit(`"bravo"`, `"alpha"`),
		"a place twice":       edit(`"recaps/b"`, `"recaps/a"`),
		"a slug in capitals":  edit(`"bravo"`, `"Bravo"`),
		"the slug catalog":    edit(`"bravo"`, `"catalog"`),
		"no place":            edit(`"recaps/b"`, `""`),
		"another media type":  edit(`"application/vnd.oci.image.manifest.v1+json"`, `"application/vnd.oci.image.index.v1+json"`),
		"a size below zero":   edit(`"size": `, `"size": -`),
		"a file twice":        edit(`"data/x.csv"`, `"index.md"`),
		"a file without path": edit(`"data/x.csv"`, `""`),
		"a file's digest":     edit(l.Members[0].Files[1].Digest, "x"),
		"not UTF-8":           edit(`"recaps/b"`, "\"recaps/\xff\""),
		"too large":           good + strings.Repeat(" ", 32<<20),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := lock.Parse([]byte(text))
			fails(t, err, recap.Stale, "bad-lock", "pack.lock", "version control")
		})
	}
	if _, err := lock.Parse([]byte(edit(`"lockVersion": 1,`, `"lockVersion": 1, "later": {"a": 1},`))); err != nil {
		t.Errorf("a field of a later release: %v", err)
	}
}

func TestWrite(t *testing.T) {
	l := two()
	path := filepath.Join(t.TempDir(), "pack.lock")
	for range 2 {
		if err := l.Write(path); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := lock.Parse(raw); err != nil || !cmp.Equal(got, l) {
			t.Errorf("read back %+v, %v", got, err)
		}
	}
	fails(t, l.Write(filepath.Join(path, "below")), recap.Local, "not-a-directory")
}

// A lock that is accepted says one thing, and says it again when it is written.
func FuzzParse(f *testing.F) {
	const d = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	f.Add([]byte(`{"lockVersion":1,"pack":{"name":"days","digest":"` + d + `"},"members":[]}`))
	f.Add([]byte(`{"lockVersion":1,"pack":{"name":"days","digest":"` + d + `"},"members":[{"name":"a","ref":"a","digest":"` + d +
		`","size":1,"mediaType":"application/vnd.oci.image.manifest.v1+json","files":[{"path":"index.md","digest":"` + d + `","size":0}],"source":{"digest":""},"signers":["x"]}]}`))
	f.Add([]byte(`{"lockVersion":1,"lockversion":2}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := lock.Parse(data)
		if err != nil {
			return
		}
		raw, err := l.Bytes()
		if err != nil {
			t.Fatalf("accepted, and can't be written: %v", err)
		}
		again, err := lock.Parse(raw)
		if err != nil {
			t.Fatalf("written, and can't be read: %v\n%s", err, raw)
		}
		if twice, err := again.Bytes(); err != nil || !bytes.Equal(raw, twice) {
			t.Errorf("%v\n%s", err, cmp.Diff(string(raw), string(twice)))
		}
	})
}
