// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

const (
	stateFiles   = `[{"path":"index.md","digest":"sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1","size":4}]`
	stateReceipt = `{"apiVersion":"recap/v1","kind":"Receipt","reference":"h/r:v1","repository":"h/r","digest":"sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1","mediaType":"x","report":{},"files":` + stateFiles + `}`
)

// FuzzState: a receipt or a journal may have come with the directory, from
// anywhere. It is read or refused with a kind, and however it is worded nothing
// goes that it has no business with: files it doesn't name, files that are not
// as it says, and everything outside.
func FuzzState(f *testing.F) {
	f.Add([]byte(stateReceipt), []byte(nil))
	f.Add([]byte(`{"files":null}`), []byte(`{"apiVersion":"recap/v1","kind":"PullJournal","old":`+stateFiles+`,"receipt":`+stateReceipt+`}`))
	f.Add([]byte(`{"Files":[{"path":"../outside"}]}`), []byte(`{"apiVersion":"recap/v1","kind":"PullJournal","old":[{"path":"../outside","digest":"sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"}]}`))
	f.Add([]byte(`{`), []byte(`{"apiVersion":"recap/v1","kind":"PullJournal","receipt":{"files":[{"path":".recap/x"}]}}`))
	f.Fuzz(func(t *testing.T, receipt, journal []byte) {
		_, bad := parseReceipt(receipt)
		if _, err := parseJournal(journal); err != nil && bad != nil {
			return // refused by what they say, before any file counts
		}
		dir, top := plant(t, receipt, journal)
		if _, err := ReadReceipt(dir); (err != nil) != (bad != nil) || err != nil && !errors.Is(err, recap.Integrity) {
			t.Errorf("receipt %q: %v, and %v", receipt, err, bad)
		}
		if status, err := Status(t.Context(), dir, StatusOptions{}); err == nil && status.State == Unchanged {
			t.Errorf("receipt %q says that precious.md was pulled", receipt)
		}
		if len(journal) > 0 {
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			j, err := readJournal(root)
			if err == nil {
				err = j.finish(root)
			}
			var known *recap.Error
			if err != nil && !errors.As(err, &known) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("journal %q: %v", journal, err)
			}
		}
		for path, want := range map[string]string{"outside": "text", "pulled/precious.md": "nobody else has this"} {
			if got, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(path))); err != nil || string(got) != want {
				t.Errorf("%s is %q, %v, after receipt %q and journal %q", path, got, err, receipt, journal)
			}
		}
	})
}

// plant makes a directory with this state in it, and what it must not touch beside it.
func plant(t *testing.T, receipt, journal []byte) (dir, top string) {
	t.Helper()
	top = t.TempDir()
	dir = filepath.Join(top, "pulled")
	if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(stagingPath)), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string]string{
		"outside": "text", "pulled/index.md": "text", "pulled/precious.md": "nobody else has this",
		"pulled/" + receiptPath: string(receipt), "pulled/" + journalPath: string(journal),
	} {
		if path == "pulled/"+journalPath && len(journal) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(top, filepath.FromSlash(path)), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, top
}
