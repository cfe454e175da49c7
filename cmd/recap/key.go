// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
)

func newKeyCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key COMMAND",
		Short: "Make a key pair to sign with",
		Args:  subcommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeyGenerateCmd(e))
	return cmd
}

func newKeyGenerateCmd(e *env) *cobra.Command {
	var prefix string
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Make an ECDSA P-256 key pair in cosign's format, locked with a password",
		Long: `Make an ECDSA P-256 key pair: PREFIX.key, locked with a password, and PREFIX.pub
for those who verify. Files that exist are never replaced.

The password is read from COSIGN_PASSWORD, else asked for.`,
		Args: args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			private, public := prefix+".key", prefix+".pub"
			for _, path := range []string{private, public} {
				if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
					return recap.Errorf(recap.Local, "exists", "%s exists; a key is never replaced", path).
						WithHint("choose another name with --output-key-prefix")
				}
			}
			password, err := e.newPassword(cmd.Context())
			if err != nil {
				return err
			}
			privatePEM, publicPEM, err := sigstore.GenerateKeyPair(password)
			if err != nil {
				return err
			}
			if err := create(private, privatePEM, 0o600); err != nil {
				return err
			}
			if err := create(public, publicPEM, 0o644); err != nil {
				return errors.Join(err, os.Remove(private))
			}
			_, err = fmt.Fprintf(e.stdout, "%s  keep it, and its password, secret\n%s  give it to those who verify\n", safe(private), safe(public))
			return err
		},
	}
	cmd.Flags().StringVar(&prefix, "output-key-prefix", "recap", "`PREFIX` of the two files")
	return cmd
}

// create writes a file that must not exist yet.
func create(path string, data []byte, perm fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return recap.Errorf(recap.Local, "io", "writing a key: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(recap.Errorf(recap.Local, "io", "writing %s: %w", path, err), os.Remove(path))
	}
	return nil
}

// passwordVariable is cosign's, so that one setting serves both tools.
const passwordVariable = "COSIGN_PASSWORD"

// newPassword returns the password to lock a new key with: asked twice on a
// terminal. An empty one is what COSIGN_PASSWORD= spells out, never a default.
func (e *env) newPassword(ctx context.Context) ([]byte, error) {
	if p, ok := e.lookup(passwordVariable); ok {
		return []byte(p), nil
	}
	first, err := e.ask(ctx, "Password for the new private key: ")
	if err != nil {
		return nil, err
	}
	again, err := e.ask(ctx, "The same password again: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, again) {
		return nil, recap.Errorf(recap.Usage, "password", "the two passwords differ")
	}
	if len(first) == 0 {
		return nil, recap.Errorf(recap.Usage, "password", "the password is empty").
			WithHint("set %s= (empty) if the key is to be unlocked by anybody who has the file", passwordVariable)
	}
	return first, nil
}

// password returns the password that unlocks a private key.
func (e *env) password(ctx context.Context) ([]byte, error) {
	if p, ok := e.lookup(passwordVariable); ok {
		return []byte(p), nil
	}
	return e.ask(ctx, "Password of the private key: ")
}

// line reads a line that is shown as it is typed. The end of the input is an
// empty one, which no question takes for a yes.
func (e *env) line(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(e.stderr, prompt)
	type answer struct {
		text string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(e.stdin).ReadString('\n')
		read <- answer{text, err}
	}()
	select {
	case a := <-read:
		if errors.Is(a.err, io.EOF) {
			fmt.Fprintln(e.stderr)
		} else if a.err != nil {
			return "", recap.Errorf(recap.Local, "stdin", "reading the answer: %w", a.err)
		}
		return strings.TrimSpace(a.text), nil
	case <-ctx.Done():
		fmt.Fprintln(e.stderr)
		return "", context.Cause(ctx)
	}
}

// ask reads a secret from the terminal without showing it.
func (e *env) ask(ctx context.Context, prompt string) ([]byte, error) {
	in, ok := e.stdin.(*os.File)
	if !ok || !e.ttyIn {
		return nil, recap.Errorf(recap.Usage, "password", "the private key needs a password and there is no terminal to ask on").
			WithHint("set %s", passwordVariable)
	}
	fmt.Fprint(e.stderr, prompt)
	defer fmt.Fprintln(e.stderr)
	state, err := term.GetState(int(in.Fd()))
	if err != nil {
		return nil, fmt.Errorf("reading the password: %w", err)
	}
	type answer struct {
		secret []byte
		err    error
	}
	read := make(chan answer, 1)
	go func() {
		secret, err := term.ReadPassword(int(in.Fd()))
		read <- answer{secret, err}
	}()
	select {
	case a := <-read:
		if a.err != nil {
			return nil, fmt.Errorf("reading the password: %w", a.err)
		}
		return a.secret, nil
	case <-ctx.Done():
		// The read can't be taken back, but the terminal must show again
		// what is typed.
		return nil, errors.Join(context.Cause(ctx), term.Restore(int(in.Fd()), state))
	}
}
