// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"

	"github.com/recap-oci/recap/pkg/recap"
)

// maxLine is how many bytes a line may have: a document of control characters,
// each of which has six in JSON.
const maxLine = 32 << 20

// Lines yields the lines of r, without their ends. The last has one, too. Errors are
// recap.Integrity with code bad-view and recap.Unsafe with code too-large.
func Lines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 64<<10), maxLine)
		lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
			if i := bytes.IndexByte(data, '\n'); i >= 0 {
				return i + 1, data[:i], nil
			}
			if atEOF && len(data) > 0 {
				return 0, nil, recap.Errorf(recap.Integrity, "bad-view", "it ends within a line")
			}
			return 0, nil, nil
		})
		for lines.Scan() {
			if !yield(lines.Bytes(), nil) {
				return
			}
		}
		err := lines.Err()
		var known *recap.Error
		switch {
		case err == nil:
		case errors.Is(err, bufio.ErrTooLong):
			yield(nil, recap.Errorf(recap.Unsafe, "too-large", "more than %d bytes", maxLine))
		case errors.As(err, &known):
			yield(nil, err)
		default:
			yield(nil, recap.Errorf(recap.Integrity, "bad-view", "%w", err))
		}
	}
}
