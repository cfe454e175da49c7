// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
)

func wantCode(t *testing.T, err error, kind recap.Kind, code string) {
	t.Helper()
	var known *recap.Error
	if !errors.As(err, &known) || known.Kind != kind || known.Code != code {
		t.Errorf("error %v, want %s of kind %s", err, code, kind)
	}
}

func TestCheckPaths(t *testing.T) {
	deepest := strings.Repeat("d/", recap.MaxPathDepth-1) + "f"
	long := strings.Repeat(strings.Repeat("x", 127)+"/", 7) + strings.Repeat("x", 128) // 1,024 bytes
	for _, paths := range [][]string{
		nil,
		{"index.md", "images/a.png", "a-slug/index.md"},
		{"one/index.md", "two/index.md", "pack.json"},
		{"one/" + deepest, "two/" + deepest, "one/" + long},
		{deepest, long, "one/A.md", "two/a.md"},
	} {
		if err := checkPaths(paths); err != nil {
			t.Errorf("%.80q: %v", paths, err)
		}
	}
	for name, tt := range map[string]struct {
		code  string
		paths []string
	}{
		"too deep in a recap":           {"unsafe-path", []string{"one/d/" + deepest}},
		"too long in a recap":           {"unsafe-path", []string{"one/x" + long}},
		"too deep in no recap":          {"unsafe-path", []string{"One/" + deepest}},
		"out of a recap":                {"unsafe-path", []string{"one/../../x"}},
		"out of no recap":               {"unsafe-path", []string{"../one/x"}},
		"the directory alone":           {"unsafe-path", []string{"one/"}},
		"twice in a recap":              {"path-collision", []string{"one/a", "one/a"}},
		"the same but for case":         {"path-collision", []string{"one/A", "one/a"}},
		"directories the same for case": {"path-collision", []string{"one/a", "One/a"}},
		"a recap and a file":            {"path-collision", []string{"one/a", "one"}},
		"a recap and a file, later":     {"path-collision", []string{"one", "one/a"}},
		"a file of a recap's directory": {"path-collision", []string{"one/a/b", "one/a"}},
		"reserved":                      {"reserved-name", []string{".recap/x"}},
		"reserved in a recap":           {"reserved-name", []string{"one/recap.policy.yaml"}},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, checkPaths(tt.paths), recap.Unsafe, tt.code) })
	}
}

// A receipt that no later pull could read is refused before anything is written.
func TestReceiptSize(t *testing.T) {
	r := Receipt{APIVersion: recap.APIVersion, Kind: KindReceipt, Digest: digest.FromString("x")}
	for i := range maxReceiptSize / 300 {
		r.Files = append(r.Files, File{Path: fmt.Sprintf("recap/%0100d", i), Digest: r.Digest})
	}
	if err := r.CheckSize(); err != nil {
		t.Errorf("%d files: %v", len(r.Files), err)
	}
	r.Files = append(r.Files, r.Files...)
	wantCode(t, r.CheckSize(), recap.Unsafe, "too-many-files")
}
