// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/recap-oci/recap/pkg/recap"
)

// ErrIrregular is wrapped by errors about what lies in the place of a file and
// is none. It is never opened: a pipe would hang, a link lead elsewhere.
var ErrIrregular = errors.New("not a regular file")

func irregular(path string, mode fs.FileMode) error {
	return recap.Errorf(recap.Unsafe, "not-a-regular-file", "%q is %s: %w", path, describe(mode), ErrIrregular).
		WithHint("remove it, then push or copy there again")
}

func describe(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeDir:
		return "a directory"
	case fs.ModeSymlink:
		return "a symbolic link"
	case fs.ModeNamedPipe:
		return "a pipe"
	case fs.ModeSocket:
		return "a socket"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		return "a device"
	case 0:
		return "a file"
	}
	return fmt.Sprintf("something else (%s)", mode.Type())
}

// OpenRegular opens a regular file and nothing else, also when it is replaced
// meanwhile.
func OpenRegular(path string) (*os.File, fs.FileInfo, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, nil, irregular(path, before.Mode())
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		file.Close()
		return nil, nil, irregular(path, info.Mode())
	}
	return file, info, nil
}

// ReadBounded reads a small file whole, of at most limit bytes (Unsafe, code too-large).
func ReadBounded(r io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "%d bytes are more than the limit of %d", size, limit).WithHint(HintMalformed)
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "it grew over the limit of %d bytes while it was read", limit).WithHint(HintMalformed)
	}
	return data, nil
}
