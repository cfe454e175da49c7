// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Command sigstack runs a whole Sigstore in one process, on free ports of
// loopback, for tests: Fulcio, Rekor v1 (with Trillian in memory), Rekor v2, a
// timestamp authority, a certificate transparency log, OpenID Connect issuers
// and a TUF repository. The servers are those of the Sigstore project, with
// their cryptography and their checks; only what starts them is written here.
//
//	sigstack serve DIR         start it; prints addresses as JSON, ends with stdin
//	sigstack corpus DIR        sign, break and forge bundles for unit tests
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sigstack:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "serve":
		return serve(ctx, args[1])
	case len(args) == 2 && args[0] == "corpus":
		return writeCorpus(ctx, args[1])
	case len(args) > 0 && args[0] == rekorTilesVerb:
		return runRekorTiles(args[1:])
	}
	return errors.New("usage: sigstack serve DIR | sigstack corpus DIR")
}

// serve runs a stack until its parent closes stdin, or dies, which is the same.
func serve(ctx context.Context, dir string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := startStack(ctx, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := writeJSON(os.Stdout, s.Addresses); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}
