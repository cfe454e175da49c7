// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

// addEntry puts an entry into the index.json of a layout, as another tool might.
func addEntry(t *testing.T, path, entry string) (index string) {
	t.Helper()
	index = strings.Replace(tree(t, path)["index.json"], `"manifests":[`, `"manifests":[`+entry+",", 1)
	write(t, filepath.Join(path, "index.json"), index)
	return index
}

func wantHint(t *testing.T, err error, hint string) {
	t.Helper()
	var known *recap.Error
	if !errors.As(err, &known) || !strings.Contains(known.Hint, hint) {
		t.Errorf("%v: its hint doesn't say %q", err, hint)
	}
}

// An entry that can't be read spoils what it is about, and nothing else; a repair
// takes it away and keeps a copy.
func TestBadEntry(t *testing.T) {
	const (
		manifest = `"mediaType":"application/vnd.oci.image.manifest.v1+json",`
		good     = `"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",`
		bad      = `"annotations":{"org.opencontainers.image.ref.name":"bad"}`
	)
	limits := map[string]bool{"manifest of 5 MiB": true} // the others can't be at all
	for name, entry := range map[string]string{
		"size -1":           "{" + manifest + good + `"size":-1,` + bad + "}",
		"size 2^62":         "{" + manifest + good + `"size":4611686018427387904,` + bad + "}",
		"size 2^63-1":       "{" + manifest + good + `"size":9223372036854775807,` + bad + "}",
		"size 2^64":         "{" + manifest + good + `"size":18446744073709551616,` + bad + "}",
		"manifest of 5 MiB": "{" + manifest + good + `"size":5242880,` + bad + "}",
		"no digest":         "{" + manifest + `"size":1,` + bad + "}",
		"digest a path":     "{" + manifest + `"size":1,"digest":"sha256:../../../../etc/passwd",` + bad + "}",
		"digest upper case": "{" + manifest + `"size":1,"digest":"sha256:44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A",` + bad + "}",
		"no type":           "{" + good + `"size":1,` + bad + "}",
		"full reference":    "{" + good + `"size":1,` + strings.Replace(bad, `"bad"`, `"docker.io/library/thing:bad"`, 1) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l")
			s := create(t, path)
			m, other := newManifest(t, nil, "m"), newManifest(t, nil, "other")
			sig := newManifest(t, &m.Descriptor, "sig")
			push(t, s, emptyConfig, m, other, sig)
			tag(t, s, m, "v1")
			s.Close()
			index := addEntry(t, path, entry)

			s = open(t, path)
			if _, err := fetch(t, s, mustResolve(t, s, "v1")); err != nil {
				t.Errorf("what is good: %v", err)
			}
			if got := referrers(t, s, m.Descriptor); len(got) != 1 || got[0].Digest != sig.Digest {
				t.Errorf("referrers: %v", got)
			}
			if diff := cmp.Diff([]string{"bad", "v1"}, tags(t, s)); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			kind, code := recap.Integrity, "bad-entry"
			if limits[name] {
				kind, code = recap.Unsafe, "too-large"
			}
			_, err := s.Resolve(t.Context(), "bad")
			wantError(t, err, kind, code, path, "manifests[0]")
			_, err = s.Resolve(t.Context(), "absent")
			wantError(t, err, recap.NotFound, "not-found")
			wantError(t, s.Untag(t.Context(), "bad"), kind, code, path)
			if name != "full reference" { // there, the new tag is another name
				wantError(t, s.Tag(t.Context(), m.Descriptor, "bad"), kind, code, path)
			}
			_, err = s.Prune(t.Context(), layout.PruneOptions{})
			wantError(t, err, recap.Integrity, "bad-entry", path)
			if diff := cmp.Diff(map[string]string{"index.json": "bad-entry"}, codes(check(t, s))); diff != "" {
				t.Errorf("Check (-want +got):\n%s", diff)
			}
			if got := tree(t, path)["index.json"]; got != index {
				t.Errorf("index.json was changed to %s", got)
			}

			// It stays when others come.
			tag(t, s, other, "v2")
			index = tree(t, path)["index.json"]
			if !strings.Contains(index, entry) {
				t.Errorf("lost, in %s", index)
			}

			found, err := s.Repair(t.Context())
			if err != nil || len(found) != 1 || !found[0].Mended || found[0].MovedTo == "" {
				t.Fatalf("Repair: %+v, %v", found, err)
			}
			if copied, err := os.ReadFile(filepath.Join(path, found[0].MovedTo)); err != nil || string(copied) != index {
				t.Errorf("the copy: %q, %v; want %q", copied, err, index)
			}
			if diff := cmp.Diff([]string{"v1", "v2"}, tags(t, s)); diff != "" {
				t.Errorf("tags after a repair (-want +got):\n%s", diff)
			}
			if found, err := s.Repair(t.Context()); err != nil || len(found) != 0 {
				t.Errorf("once more: %v, %v", found, err)
			}
			tag(t, s, m, "bad")
		})
	}
}

// What may be asked of an entry that can't be read isn't answered as if it weren't
// there.
func TestBadEntryThatMayBeIt(t *testing.T) {
	for name, c := range map[string]struct {
		entry     string
		referrers bool // are known in spite of it
		tag       bool // that isn't there is known not to be
	}{
		"nothing is known of it":   {`5`, false, false},
		"annotations of a number":  {`{"annotations":{"org.opencontainers.image.ref.name":7}}`, false, false},
		"no tag":                   {`{"size":-1}`, false, true},
		"another's referrer":       {`{"size":-1,"annotations":{"io.github.recap-oci.subject":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}}`, true, true},
		"tagged, hence no more of": {`{"size":-1,"annotations":{"org.opencontainers.image.ref.name":"bad"}}`, true, true},
		"tagged, and one of it":    {`{"size":-1,"annotations":{"io.github.recap-oci.subject":"DIGEST","org.opencontainers.image.ref.name":"bad"}}`, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l")
			s := create(t, path)
			m := newManifest(t, nil, "m")
			push(t, s, emptyConfig, m)
			tag(t, s, m, "v1")
			addEntry(t, path, strings.ReplaceAll(c.entry, "DIGEST", m.Digest.String()))
			mustResolve(t, s, "v1")
			mustResolve(t, s, m.Digest.String())
			_, err := s.Resolve(t.Context(), "v2")
			if c.tag {
				wantError(t, err, recap.NotFound, "not-found")
			} else {
				wantError(t, err, recap.Integrity, "bad-entry", path)
			}
			if c.referrers {
				if got := referrers(t, s, m.Descriptor); len(got) != 0 {
					t.Errorf("referrers: %v", got)
				}
			} else {
				err := s.Referrers(t.Context(), m.Descriptor, "", nil)
				wantError(t, err, recap.Integrity, "referrers-unavailable", path)
				wantHint(t, err, "store check --repair "+path)
			}
			// It might be an index that contains it.
			if err := s.Delete(t.Context(), m.Descriptor); err != nil {
				t.Fatal(err)
			}
			if exists, err := s.Exists(t.Context(), m.Descriptor); !exists || err != nil {
				t.Errorf("the blob: %v, %v", exists, err)
			}
		})
	}
}

// A referrer stays one when somebody gives it a tag: where it can't be read, that is
// said.
func TestTaggedReferrerThatIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	m := newManifest(t, nil, "m")
	push(t, s, emptyConfig, m)
	tag(t, s, m, "v1")
	addEntry(t, path, `{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:`+strings.Repeat("0", 64)+
		`","annotations":{"io.github.recap-oci.subject":"`+m.Digest.String()+`","org.opencontainers.image.ref.name":"bad"}}`)
	wantError(t, s.Referrers(t.Context(), m.Descriptor, "", nil), recap.Integrity, "referrers-unavailable", m.Digest.String())
}

// In an archive it is named, and carried over.
func TestBadEntryInAnArchive(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "l")
	s := create(t, path)
	m := newManifest(t, nil, "m")
	push(t, s, emptyConfig, m)
	tag(t, s, m, "v1")
	const entry = `{"size":-1,"annotations":{"org.opencontainers.image.ref.name":"bad"}}`
	index := addEntry(t, path, entry)
	archive := filepath.Join(dir, "l.tar")
	pack(t, archive,
		file("oci-layout", `{"imageLayoutVersion":"1.0.0"}`), file("index.json", index),
		file(blobName(m.Digest), string(m.data)), file(blobName(emptyConfig.Digest), "{}"))
	s = open(t, archive)
	if diff := cmp.Diff(map[string]string{"index.json": "bad-entry"}, codes(check(t, s))); diff != "" {
		t.Errorf("Check (-want +got):\n%s", diff)
	}
	tag(t, s, m, "v2")
	commit(t, s)
	s = open(t, archive)
	mustResolve(t, s, "v2")
	_, err := s.Resolve(t.Context(), "bad")
	wantError(t, err, recap.Integrity, "bad-entry", archive)
	wantHint(t, err, "recap copy oci-layout://"+archive) // nothing is repaired in one
	if got := tags(t, s); !slices.Equal(got, []string{"bad", "v1", "v2"}) {
		t.Errorf("tags: %v", got)
	}
}
