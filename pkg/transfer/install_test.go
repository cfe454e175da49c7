// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
)

// A destination is what the table says before a pull, and afterwards either
// exactly what it was, with an error, or the second version of the recap.
func TestInstall(t *testing.T) {
	pulled := func(t *testing.T, dir string) {
		mustPull(t, stored(t, first), dir, transfer.PullOptions{})
	}
	chdir := func(t *testing.T, dir string) { t.Chdir(dir) }
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, dir string) // of an empty directory
		dot     bool                           // the destination is the working directory
		force   bool
		opts    transfer.PullOptions
		kind    recap.Kind
		code    string
		words   []string
		keeps   contents // beside the new files
	}{
		{name: "absent", prepare: func(t *testing.T, dir string) { mustRemove(t, dir) }},
		{name: "empty", prepare: func(*testing.T, string) {}},
		{name: "empty working directory", prepare: chdir, dot: true},
		{name: "unmodified", prepare: pulled},
		{name: "unmodified working directory", prepare: func(t *testing.T, dir string) { pulled(t, dir); t.Chdir(dir) }, dot: true},
		{name: "unmodified, above the working directory", prepare: func(t *testing.T, dir string) { pulled(t, dir); t.Chdir(dir + "/images") }},
		{name: "leftovers of a killed pull", prepare: func(t *testing.T, dir string) {
			write(t, dir, contents{".recap/staging/index.md": "half", ".recap/incomplete.new": "{"})
		}},
		{
			name: "modified", kind: recap.Local, code: "destination-modified", words: []string{`"index.md" modified`},
			prepare: func(t *testing.T, dir string) { pulled(t, dir); write(t, dir, contents{"index.md": "mine now"}) },
		},
		{
			name: "modified to the same size", kind: recap.Local, code: "destination-modified", words: []string{`"images/a.png" modified`},
			prepare: func(t *testing.T, dir string) { pulled(t, dir); write(t, dir, contents{"images/a.png": "a pictURe"}) },
		},
		{
			name: "file removed", kind: recap.Local, code: "destination-modified", words: []string{`"images/a.png" missing`},
			prepare: func(t *testing.T, dir string) { pulled(t, dir); mustRemove(t, dir+"/images/a.png") },
		},
		{
			name: "file added", kind: recap.Local, code: "destination-modified", words: []string{`"images/mine.png" added`},
			prepare: func(t *testing.T, dir string) { pulled(t, dir); write(t, dir, contents{"images/mine.png": "mine"}) },
		},
		{
			name: "directory added", kind: recap.Local, code: "destination-modified", words: []string{`"mine/" added`},
			prepare: func(t *testing.T, dir string) { pulled(t, dir); write(t, dir, contents{"mine/a": "", "mine/b": ""}) },
		},
		{
			name: "file in .recap", kind: recap.Local, code: "destination-modified", words: []string{`".recap/mine" added`},
			prepare: func(t *testing.T, dir string) { pulled(t, dir); write(t, dir, contents{".recap/mine": "mine"}) },
		},
		{
			name: "link in place of a file", kind: recap.Local, code: "destination-modified", words: []string{`"index.md" modified`},
			prepare: func(t *testing.T, dir string) {
				pulled(t, dir)
				mustRemove(t, dir+"/index.md")
				write(t, dir+"/..", contents{"elsewhere": first["index.md"]})
				symlink(t, "../elsewhere", dir+"/index.md")
			},
		},
		{
			name: "link in place of a directory", kind: recap.Local, code: "destination-modified", words: []string{`"images" added`, "missing"},
			prepare: func(t *testing.T, dir string) {
				pulled(t, dir)
				if err := os.Rename(dir+"/images", dir+"/../images"); err != nil {
					t.Fatal(err)
				}
				symlink(t, "../images", dir+"/images")
			},
		},
		{
			name: "pull of another repository", kind: recap.Local, code: "destination-not-ours", words: []string{repository},
			prepare: pulled, opts: transfer.PullOptions{Repository: "elsewhere.example.com/other"},
		},
		{
			name: "foreign", kind: recap.Local, code: "destination-not-ours", words: []string{`"thesis.tex"`},
			prepare: func(t *testing.T, dir string) { write(t, dir, contents{"thesis.tex": "years of work"}) },
		},
		{
			name: "foreign with terminal escapes", kind: recap.Local, code: "destination-not-ours", words: []string{`\x1b`},
			prepare: func(t *testing.T, dir string) { write(t, dir, contents{"a\x1b[2J": ""}) },
		},
		{
			name: "damaged receipt", kind: recap.Local, code: "destination-not-ours", words: []string{"receipt"},
			prepare: func(t *testing.T, dir string) { pulled(t, dir); write(t, dir, contents{".recap/receipt.json": "{"}) },
		},
		{
			name: "receipt that names what is elsewhere", kind: recap.Local, code: "destination-not-ours", words: []string{"receipt"},
			prepare: func(t *testing.T, dir string) {
				pulled(t, dir)
				edit(t, dir+"/.recap/receipt.json", `"path": "index.md"`, `"path": "../thesis.tex"`)
			},
		},
		{
			name: "file", kind: recap.Local, code: "destination-not-directory",
			prepare: func(t *testing.T, dir string) {
				mustRemove(t, dir)
				write(t, filepath.Dir(dir), contents{"dir": "a file"})
			},
		},
		{
			name: "file, forced", kind: recap.Local, code: "destination-not-directory", force: true,
			prepare: func(t *testing.T, dir string) {
				mustRemove(t, dir)
				write(t, filepath.Dir(dir), contents{"dir": "a file"})
			},
		},
		{
			name: "link to a directory", kind: recap.Unsafe, code: "destination-symlink", force: true,
			prepare: func(t *testing.T, dir string) {
				if err := os.Rename(dir, dir+"-real"); err != nil {
					t.Fatal(err)
				}
				symlink(t, "dir-real", dir)
			},
		},
		{
			name: "link that leads nowhere", kind: recap.Unsafe, code: "destination-symlink",
			prepare: func(t *testing.T, dir string) { mustRemove(t, dir); symlink(t, "nowhere", dir) },
		},

		{name: "modified, forced", force: true, prepare: func(t *testing.T, dir string) { pulled(t, dir); write(t, dir, contents{"index.md": "mine now"}) }},
		{
			name: "added, forced", force: true, keeps: contents{"images/mine.png": "mine"},
			prepare: func(t *testing.T, dir string) { pulled(t, dir); write(t, dir, contents{"images/mine.png": "mine"}) },
		},
		{
			name: "foreign, forced", force: true, keeps: contents{"thesis.tex": "years of work"},
			prepare: func(t *testing.T, dir string) {
				write(t, dir, contents{"thesis.tex": "years of work", "index.md": "in the way"})
			},
		},
		{
			name: "link in place of a file, forced", force: true,
			prepare: func(t *testing.T, dir string) {
				write(t, dir+"/..", contents{"outside": "untouched"})
				symlink(t, "../outside", dir+"/index.md")
			},
		},
		{
			name: "link in place of a directory, forced", force: true, kind: recap.Unsafe, code: "destination-symlink", words: []string{`"images"`},
			prepare: func(t *testing.T, dir string) {
				write(t, dir+"/..", contents{"outside/a.png": "untouched"})
				symlink(t, "../outside", dir+"/images")
			},
		},
		{
			name: "link to .recap, forced", force: true, kind: recap.Unsafe, code: "destination-symlink", words: []string{".recap"},
			prepare: func(t *testing.T, dir string) {
				write(t, dir+"/..", contents{"outside/staging/x": "untouched"})
				symlink(t, "../outside", dir+"/.recap")
			},
		},
		{
			name: "file in place of a directory, forced", force: true, kind: recap.Local, code: "destination-not-ours", words: []string{`"images"`},
			prepare: func(t *testing.T, dir string) { write(t, dir, contents{"images": "a file of mine"}) },
		},
		{
			name: "directory in place of a file, forced", force: true, kind: recap.Local, code: "destination-not-ours", words: []string{`"index.md"`},
			prepare: func(t *testing.T, dir string) { write(t, dir, contents{"index.md/mine": "a file of mine"}) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "dir")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			tt.prepare(t, dir)
			before, beside := snapshot(t, parent), names(t, parent)
			opts := tt.opts
			opts.Force = tt.force
			to := dir
			if tt.dot {
				to = "."
			}
			_, err := pullInto(t, stored(t, second), to, opts)
			if tt.code != "" {
				wantError(t, err, tt.kind, tt.code, tt.words...)
				if after := snapshot(t, parent); after != before {
					t.Errorf("refused, and changed something: %v", read(t, parent))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := contents{}
			for _, files := range []contents{second, tt.keeps} {
				for path, text := range files {
					want[path] = text
				}
			}
			wantFiles(t, dir, want)
			if !slices.Contains(beside, "dir") {
				beside = append(beside, "dir")
				slices.Sort(beside)
			}
			if got := names(t, parent); !slices.Equal(got, beside) {
				t.Errorf("beside the destination: %q, was %q", got, beside)
			}
			if got := read(t, parent)["outside"]; got != "" && got != "untouched" {
				t.Errorf("a link was followed: %q", got)
			}
			status, err := folder.Status(t.Context(), dir, folder.StatusOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(status.Changes) != len(tt.keeps) {
				t.Errorf("status finds %v", status.Changes)
			}
		})
	}
}

// Directories keep their place in the world: the same directory is there after
// a pull into one that must not be replaced.
func TestInstallInPlaceKeepsTheDirectory(t *testing.T) {
	dir := t.TempDir()
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, files := range []contents{first, second, first} {
		mustPull(t, stored(t, files), ".", transfer.PullOptions{})
		wantFiles(t, dir, files)
	}
	after, err := os.Stat(dir)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the working directory was exchanged: %v", err)
	}
}

func mustRemove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func symlink(t testing.TB, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skipf("links can't be made here: %v", err)
	}
}

// edit replaces before by after in a file, once.
func edit(t testing.TB, path, before, after string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), before) {
		t.Fatalf("%s doesn't say %q", path, before)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(raw), before, after, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}
