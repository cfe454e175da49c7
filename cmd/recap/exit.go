// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// exitBug is the exit code of a panic: never 0, and never one of the promised
// ones.
const exitBug = 70

// main runs the command line and returns its exit code. It alone prints errors.
func (e *env) main(ctx context.Context, args []string) (code int) {
	defer func() {
		if p := recover(); p != nil {
			e.printBug(p)
			code = exitBug
		}
	}()
	root := newRootCmd(e)
	root.SetArgs(args)
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	strict(root)
	err := root.ExecuteContext(ctx)
	if e.stdout.err != nil { // whatever the answer was, it did not arrive
		err = recap.Errorf(recap.Local, "stdout", "writing the answer: %w", e.stdout.err)
	}
	if err == nil {
		return 0
	}
	var caught interrupted
	if cause := context.Cause(ctx); errors.As(cause, &caught) {
		fmt.Fprintf(e.stderr, "error[interrupted]: %s\n", caught)
		return 128 + int(caught.signal)
	}
	if !e.parsed && kindOf(err) == "" {
		err = misspelt(err)
	}
	e.printError(err)
	return exitCode(err)
}

// printBug says that a panic is a bug, and where it was: in this goroutine or in
// that of a task. No goroutine but a library's own can panic otherwise.
func (e *env) printBug(p any) {
	stack := debug.Stack()
	if task, ok := p.(interface{ Stack() []byte }); ok {
		stack = task.Stack()
	}
	fmt.Fprintf(e.stderr, "error[bug]: %s\n%s\nhint: this is a bug in recap; please report it with the lines above at https://github.com/recap-oci/recap/issues\n",
		safe(fmt.Sprint(p)), safeLines(string(stack)))
}

// misspelt words cobra's refusal of a command line as ours are worded.
func misspelt(err error) error {
	what, suggestions, suggested := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	wrong := recap.Errorf(recap.Usage, "usage", "%s", what)
	if suggested {
		return wrong.WithHint("did you mean recap %s?", strings.Join(strings.Fields(suggestions), " or recap "))
	}
	return wrong.WithHint("recap --help lists the commands, recap COMMAND --help their flags")
}

// answerIsNo is a verb's way to exit 1 after it has printed its answer.
var answerIsNo = recap.Errorf(recap.Negative, "", "the answer is no")

func (e *env) printError(err error) {
	if errors.Is(err, answerIsNo) {
		return
	}
	code, hint := "failed", ""
	var known *recap.Error
	if errors.As(err, &known) {
		code, hint = known.Code, known.Hint
	}
	fmt.Fprintf(e.stderr, "error[%s]: %s\n", safe(code), safeLines(err.Error()))
	if hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", safeLines(e.where.complete(hint)))
	}
}

func kindOf(err error) recap.Kind {
	var known *recap.Error
	if errors.As(err, &known) {
		return known.Kind
	}
	return ""
}

// exitCode is the table of README: one code for each kind.
func exitCode(err error) int {
	switch kindOf(err) {
	case recap.Negative:
		return 1
	case recap.Usage:
		return 2
	case recap.NotFound:
		return 3
	case recap.Denied:
		return 4
	case recap.Unavailable:
		return 5
	case recap.Integrity:
		return 6
	case recap.Untrusted:
		return 7
	case recap.Unsafe:
		return 8
	case recap.Stale:
		return 9
	case recap.Local:
		return 10
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return 5
	}
	// An error nobody classed came from the system below: local I/O.
	return 10
}
