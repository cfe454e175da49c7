// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"log"
	"os"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/recap"
)

// screen writes to what a person looks at. Verbs escape each field that is
// somebody else's; what one of them, or a library, forgets is escaped here, so
// that the only escape sequences a terminal gets are recap's own colours.
type screen struct {
	file    *os.File
	colours bool // let them pass

	mu   sync.Mutex
	held []byte // the start of a character whose rest was not written yet
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := slices.Concat(s.held, p)
	text, held := whole(text)
	s.held = bytes.Clone(held)
	if _, err := s.file.Write(s.escape(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Fd is for whoever asks how wide the terminal is.
func (s *screen) Fd() uintptr { return s.file.Fd() }

// flush writes what waits for the rest of a character in vain.
func (s *screen) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held) > 0 {
		_, _ = s.file.Write(s.escape(s.held)) // nobody is left to tell
		s.held = nil
	}
}

// whole splits off a character that text breaks off in.
func whole(text []byte) (whole, rest []byte) {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if from := len(text) - i; utf8.RuneStart(text[from]) {
			if !utf8.FullRune(text[from:]) {
				return text[:from], text[from:]
			}
			break
		}
	}
	return text, nil
}

func (s *screen) escape(text []byte) []byte {
	var out []byte
	for len(text) > 0 {
		n := bytes.IndexByte(text, 0x1b)
		if !s.colours || n < 0 {
			return append(out, recap.PrintableText(string(text))...)
		}
		own := ownColour(text[n:])
		if own == 0 {
			n++ // the escape character is escaped with the text before it
		}
		out = append(out, recap.PrintableText(string(text[:n]))...)
		out = append(out, text[n:n+own]...)
		text = text[n+own:]
	}
	return out
}

// ownColour returns how long the escape sequence is that text starts with, if
// recap writes such a one.
func ownColour(text []byte) int {
	for _, style := range []string{"0", styleHeading, styleStrong, styleEmphasis, styleCode, styleAside} {
		if sequence := "\x1b[" + style + "m"; bytes.HasPrefix(text, []byte(sequence)) {
			return len(sequence)
		}
	}
	return 0
}

// patienceWithStrays is how long the end waits for a program that was started
// and still holds what it took for the terminal.
const patienceWithStrays = 100 * time.Millisecond

// catchStrays takes what libraries, and programs they start, write to the
// standard streams by themselves through the screen as well: a credential
// helper's complaint, the log of a package. None of it is the answer, so none
// of it is mixed with it. The caller calls the returned function at the end of
// the process.
func catchStrays(to *screen) (done func()) {
	r, w, err := os.Pipe()
	if err != nil {
		return func() {} // no descriptors are left: what comes will fail by itself
	}
	os.Stdout, os.Stderr = w, w
	log.SetOutput(w)
	copied := make(chan struct{})
	go func() {
		_, _ = io.Copy(to, r)
		close(copied)
	}()
	return func() {
		_ = w.Close() // whoever still writes has come too late
		select {
		case <-copied:
		case <-time.After(patienceWithStrays):
		}
		to.flush()
	}
}
