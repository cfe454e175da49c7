// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
)

// Whatever stands in a pack.yaml, a problem has a place and a word, and what is
// accepted stays below the directory and can be a pack.
func FuzzParse(f *testing.F) {
	f.Add([]byte(strings.Replace(everything, "version: 1.10\n", "version: 1.10.0\n", 1)))
	f.Add([]byte("name: days\nversion: 1.0.0\nmembers: [./a, '**', r.example/a:1]\n"))
	f.Add([]byte("name: days\nmembers: [../a]\nevents: {a: {name: A, endDate: 2024, subEvents: [B, {name: C}]}}\n"))
	f.Add([]byte("name: [\n"))
	f.Add([]byte("- &a b\n- *a\n"))
	f.Add([]byte("x-a: {x-b: [{x-c: 1}]}\nconflicts: {tolerance: {x-d: 1.5e3}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := pack.Parse(data)
		failed := false
		for _, p := range problems {
			failed = failed || p.Severity == recap.SeverityError
			if p.Path != pack.FileName || p.Line < 1 || p.Col < 1 || p.Message == "" || p.Mend == "" || p.Rule == "" {
				t.Errorf("problem %+v", p)
			}
		}
		if failed != (file == nil) {
			t.Fatalf("file is %v, problems are %v", file, lines(problems))
		}
		if file == nil {
			return
		}
		for _, e := range file.Members {
			if e.Kind == pack.EntryReference {
				continue
			}
			if !fs.ValidPath(e.Path) || e.Path == "." || path.Clean(e.Path) != e.Path {
				t.Errorf("entry %+v", e)
			}
		}
		p := *file.Pack
		if p.Version == "" {
			p.Version = "1.0.0"
		}
		if err := p.Check(); err != nil {
			t.Errorf("accepted, and no pack: %v", err)
		}
		p.Glossary()
	})
}
