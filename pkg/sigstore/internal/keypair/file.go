// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package keypair

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// maxKeySize bounds a key file, which is read whole: --key pointed at a disk
// image must not cost memory.
const maxKeySize = 64 << 10

// readKey returns the one PEM block at a key reference.
func readKey(ctx context.Context, keyRef string, opts Options) (*pem.Block, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var data []byte
	var err error
	scheme, rest, ok := strings.Cut(keyRef, "://")
	switch {
	case keyRef == "":
		return nil, recap.Errorf(recap.Usage, "bad-key", "empty key reference").WithHint("pass a file: --key recap.key to sign, --key recap.pub to verify")
	case !ok:
		data, err = readFile(keyRef)
	case scheme == "env":
		data, err = readEnv(rest, opts)
	default:
		return nil, recap.Errorf(recap.Usage, "bad-key", "key %q: keys are read from a file or from env://NAME, not from %s://", keyRef, scheme)
	}
	if err != nil {
		return nil, err
	}
	block, err := onlyBlock(data)
	if err != nil {
		return nil, recap.Errorf(recap.Usage, "bad-key", "key %q is %w", keyRef, err).WithHint("make a key pair with: recap key generate")
	}
	return block, nil
}

func readEnv(name string, opts Options) ([]byte, error) {
	var value string
	if opts.Getenv != nil {
		value = opts.Getenv(name)
	}
	if value == "" {
		return nil, recap.Errorf(recap.NotFound, "no-key", "key %q: the variable is empty or not set", "env://"+name).
			WithHint("put the key itself into %s, as its file has it", name)
	}
	if len(value) > maxKeySize {
		return nil, recap.Errorf(recap.Usage, "bad-key", "key %q has more than %d bytes", "env://"+name, maxKeySize)
	}
	return []byte(value), nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, recap.Errorf(recap.NotFound, "no-key", "reading key: %w", err).WithHint("check the path; recap key generate makes a pair")
	}
	if err != nil {
		return nil, recap.Errorf(recap.Local, "io", "reading key: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeySize+1))
	if err != nil {
		return nil, recap.Errorf(recap.Local, "io", "reading key: %w", err)
	}
	if len(data) > maxKeySize {
		return nil, recap.Errorf(recap.Usage, "bad-key", "key %q has more than %d bytes", path, maxKeySize)
	}
	return data, nil
}

// onlyBlock returns the PEM block in data. With two, it would depend on the
// reader which one is trusted.
func onlyBlock(data []byte) (*pem.Block, error) {
	block, rest := pem.Decode(data)
	if block != nil && block.Type == "EC PARAMETERS" { // which openssl ecparam -genkey writes before the key, and the key repeats
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, errors.New("not a key in PEM form")
	}
	if second, _ := pem.Decode(rest); second != nil {
		return nil, fmt.Errorf("several PEM blocks (%q, %q); one key is expected", block.Type, second.Type)
	}
	return block, nil
}
