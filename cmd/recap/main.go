// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Command recap packages write-ups of events as signed OCI artifacts, pushes
// them to any registry, and pulls, verifies and reads them.
//
// Each verb has a file of its own: flags, then checks, then the calls of the
// packages in the order that the promise needs, then what is printed. Nothing
// but this command reads the environment, prints or exits.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/recap-oci/recap/pkg/target"
)

func main() { os.Exit(run()) }

// run is main with its exit code, so that tests can run the command in place.
func run() int {
	// Linked packages fill most of the four megabytes after which Go collects
	// for the first time. Twice that, and a short verb ends without: a third
	// of its time.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	// With much to hold, what is garbage goes early: 256 MiB are enough for a
	// pack of a thousand recaps, and for whatever a stranger makes of a manifest.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(192 << 20)
	}
	ctx, stop := withSignals(context.Background())
	defer stop()
	e := &env{
		stdin:  os.Stdin,
		stdout: &answer{w: os.Stdout},
		bars:   os.Stderr,
		lookup: os.LookupEnv,
		now:    time.Now,
		budget: &target.Budget{},
		ttyIn:  term.IsTerminal(int(os.Stdin.Fd())),
		ttyOut: term.IsTerminal(int(os.Stdout.Fd())),
		ttyErr: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if e.ttyOut { // a pipe or file gets the bytes of a file as they are
		shown := &screen{file: os.Stdout, colours: e.colours()}
		defer shown.flush()
		e.stdout.w = shown
	}
	messages := &screen{file: os.Stderr}
	e.stderr = messages
	defer catchStrays(messages)() // last: from here on the streams are the strays'
	return e.main(ctx, os.Args[1:])
}

// env is what the command gets from outside. Tests make one of their own.
type env struct {
	stdin  io.Reader
	stdout *answer
	stderr io.Writer
	bars   io.Writer // stderr as it is, for progress bars
	lookup func(string) (string, bool)
	now    func() time.Time
	clock  target.Clock   // of what waits for registries and signing services; nil: the system's
	budget *target.Budget // of retries, one for the whole command

	ttyIn, ttyOut, ttyErr bool

	verbose bool // what registries answer is printed, a line each

	where  whereabouts
	warned []string // what was wrong with a policy, and was said

	parsed bool // cobra found the command and its flags; what fails later is not usage
}

// answer is stdout: it remembers the first failed write, since an answer that
// did not arrive must not exit 0.
type answer struct {
	w   io.Writer
	err error
}

func (a *answer) Write(p []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.w.Write(p)
	a.err = err
	return n, err
}

// interrupted is the cause of a context that a signal cancelled.
type interrupted struct{ signal syscall.Signal }

func (i interrupted) Error() string { return i.signal.String() }

// withSignals returns a context that the first interrupt or termination
// cancels. The second one ends the process at once, as it would have.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			if s, ok := s.(syscall.Signal); ok {
				cancel(interrupted{s})
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}
