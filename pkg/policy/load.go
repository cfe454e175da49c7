// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// maxKeyFile bounds a key that a policy names, which is read whole.
const maxKeyFile = 64 << 10

// Load reads the policy file at path and the keys that it names. A
// mistake in it is recap.Usage with code bad-policy, and the error names the
// line of each; no file is recap.NotFound with code no-policy-file; one that
// can't be read is recap.Local.
func Load(path string) (*Policy, error) {
	policy, problems, err := Read(path)
	if err != nil {
		return nil, err
	}
	if policy == nil {
		return nil, mistakes(path, problems)
	}
	return policy, nil
}

// Read is [Load] for who shows people each problem: the error is
// about the file only. The policy is nil when any problem is an error.
func Read(path string) (*Policy, []recap.Problem, error) {
	data, everybody, err := readFile(path, recap.MaxPolicySize)
	if err != nil {
		return nil, nil, err
	}
	var open []string // files that everybody may change
	if everybody {
		open = append(open, path)
	}
	policy, problems := Parse(path, data, func(name string) ([]byte, error) {
		data, everybody, err := readBounded(name, maxKeyFile)
		if everybody {
			open = append(open, name)
		}
		return data, err
	})
	for _, name := range open {
		p := recap.Problem{
			Path: name, Severity: recap.SeverityWarning, Rule: codeWritable,
			Message: "everybody on this machine may change it, and so whom you trust", Mend: "run chmod go-w " + name,
		}
		problems = append(problems, p)
		if policy != nil {
			policy.Warnings = append(policy.Warnings, describe(p))
		}
	}
	return policy, problems, nil
}

func readFile(path string, limit int64) (data []byte, everybody bool, err error) {
	data, everybody, err = readBounded(path, limit)
	switch {
	case err == nil:
		return data, everybody, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, recap.Errorf(recap.NotFound, "no-policy-file", "reading the policy: %w", err).
			WithHint("name another with --policy FILE, or write this one with: recap policy init REF --policy %s", filepath.ToSlash(path))
	case errors.Is(err, errTooLarge):
		return nil, false, recap.Errorf(recap.Usage, "bad-policy", "policy %s: %w", path, err).
			WithHint("name a policy file; recap schema policy describes one")
	case errors.Is(err, errDirectory):
		return nil, false, recap.Errorf(recap.Local, "io", "policy %s: %w", path, errDirectory).
			WithHint("name the file in it: --policy %s", filepath.ToSlash(filepath.Join(path, "policy.yaml")))
	}
	return nil, false, durable.Explain(fmt.Errorf("reading the policy: %w", err))
}

var (
	errTooLarge  = errors.New("it is too large")
	errDirectory = errors.New("is a directory")
)

// readBounded reads a file of at most limit bytes, and tells whether everybody
// may write it.
func readBounded(path string, limit int64) (data []byte, everybody bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	if info.IsDir() {
		return nil, false, &fs.PathError{Op: "read", Path: path, Err: errDirectory}
	}
	// Windows has no such bits, and Go makes them up.
	everybody = runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%w: more than %d bytes", errTooLarge, limit)
	}
	return data, everybody, err
}

// maxNamed is how many problems an error names; recap policy check lists all.
const maxNamed = 5

// mistakes makes one error of the problems of a policy.
func mistakes(path string, problems []recap.Problem) error {
	var named []string
	more := 0
	mend := ""
	for _, p := range problems {
		switch {
		case p.Severity != recap.SeverityError:
		case len(named) == maxNamed:
			more++
		default:
			named = append(named, fmt.Sprintf("line %d: %s", max(p.Line, 1), p.Message))
			mend = p.Mend
		}
	}
	text := strings.Join(named, "; ")
	if more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	err := recap.Errorf(recap.Usage, "bad-policy", "policy %s: %s", path, text)
	if len(named) == 1 && mend != "" {
		return err.WithHint("%s", mend)
	}
	return err.WithHint("each with its column and how to mend it: recap policy check %s", filepath.ToSlash(path))
}
