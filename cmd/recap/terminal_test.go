// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// ownColours are the escape sequences that may reach a terminal.
var ownColours = regexp.MustCompile(`\x1b\[(0|1|2|3|33|1;36)m`)

// unseen are the characters that a terminal acts on, or that nobody sees. It is
// written out here, so that the test doesn't ask the code that it tests. The
// joiner is not among them: see TestPrintable.
var unseen = regexp.MustCompile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\x{ad}\\x{34f}\\x{61c}\\x{115f}\\x{1160}\\x{17b4}\\x{17b5}\\x{180e}" +
	"\\x{200b}\\x{200c}\\x{200e}\\x{200f}\\x{2028}-\\x{202e}\\x{2060}-\\x{206f}\\x{3164}\\x{feff}\\x{ffa0}\\x{fff0}-\\x{fffb}\\x{e000}-\\x{f8ff}\\x{e0000}-\\x{e007f}]")

// leaked says what in an output a terminal would act on or not show.
func leaked(output string) string {
	output = ownColours.ReplaceAllString(output, "")
	for i, r := range output {
		if _, size := utf8.DecodeRuneInString(output[i:]); r == utf8.RuneError && size == 1 || unseen.MatchString(string(r)) {
			return fmt.Sprintf("%U near %+q", r, output[max(0, i-60):min(len(output), i+60)])
		}
	}
	return ""
}

func TestLeakedFindsWhatTerminalsActOn(t *testing.T) {
	for _, bad := range []string{"\x1b[2J", "\x1b[31m", "\a", "\r", "\b", "\x7f", "\u009b", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff", "\U000e0041", "\u2028", "\x1b"} {
		if leaked("a "+bad+" b") == "" {
			t.Errorf("%+q goes unnoticed", bad)
		}
	}
	for _, good := range []string{"a\n\tb", "\x1b[1;36mA\x1b[0m", "é 東京 👩\u200d👧 ❤\ufe0f", `\x1b[2J`} {
		if what := leaked(good); what != "" {
			t.Errorf("%+q: %s", good, what)
		}
	}
}

func TestScreen(t *testing.T) {
	for _, tt := range []struct {
		name    string
		colours bool
		writes  []string
		want    string
	}{
		{"text", true, []string{"a\n\tb é 東京\n"}, "a\n\tb é 東京\n"},
		{"own colours", true, []string{"\x1b[1;36mA\x1b[0m \x1b[3mb\x1b[0m"}, "\x1b[1;36mA\x1b[0m \x1b[3mb\x1b[0m"},
		{"own colours where there are none", false, []string{"\x1b[1mA\x1b[0m"}, `\x1b[1mA\x1b[0m`},
		{"others' colours", true, []string{"\x1b[8mhidden\x1b[1;5m\x1b[38;5;1m"}, `\x1b[8mhidden\x1b[1;5m\x1b[38;5;1m`},
		{"clears", true, []string{"a\x1b[2Jb\x1b"}, `a\x1b[2Jb\x1b`},
		{"an address that leads elsewhere", true, []string{"\x1b]8;;https://evil.example\x1b\\good\x1b]8;;\x1b\\"}, `\x1b]8;;https://evil.example\x1b\good\x1b]8;;\x1b\`},
		{"overwrites", true, []string{"NOT verified\rverified"}, `NOT verified\x0dverified`},
		{"a character in two writes", true, []string{"\xe6\x9d", "\xb1京\n"}, "東京\n"},
		{"a control in two writes", true, []string{"a\xc2", "\x9b2J"}, `a\x9b2J`},
		{"an escape in two writes", true, []string{"a\x1b", "[2J"}, `a\x1b[2J`},
		{"breaks off", true, []string{"a\xe6\x9d"}, `a\xe6\x9d`},
		{"no text at all", true, []string{"\xff\xfe\x80"}, `\xff\xfe\x80`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			s := &screen{file: f, colours: tt.colours}
			for _, w := range tt.writes {
				if n, err := s.Write([]byte(w)); err != nil || n != len(w) {
					t.Errorf("Write(%q) = %d, %v", w, n, err)
				}
			}
			s.flush()
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			if _, err := s.Write([]byte("x")); err == nil {
				t.Error("a write that fails goes unnoticed")
			}
		})
	}
}

func TestFieldsAreCut(t *testing.T) {
	long := strings.Repeat("é", maxLine)
	if got := safe(long); len(got) > maxLine+40 || !strings.HasSuffix(got, fmt.Sprintf("é… (%d bytes)", len(long))) || !utf8.ValidString(got) {
		t.Errorf("a title of %d bytes is written as %d: …%q", len(long), len(got), got[len(got)-40:])
	}
	if got := safeLines("a\n" + long); len(got) > maxLine+40 || !strings.HasPrefix(got, "a\n  é") {
		t.Errorf("a message of %d bytes is written as %d", len(long), len(got))
	}
	if line := strings.Repeat("x", maxLine); safe(line) != line {
		t.Error("what just fits is cut")
	}
	if got := safe(strings.Repeat("\x80", maxLine+1)); leaked(got) != "" {
		t.Errorf("%s", leaked(got))
	}
}

// FuzzScreen: whatever is written, in whatever pieces, a terminal gets text and
// recap's own colours.
func FuzzScreen(f *testing.F) {
	f.Add([]byte("a\x1b[1mb\x1b[0m\xe6\x9d\xb1\x1b[2J"), uint8(8))
	f.Add([]byte("\x1b[1;36m\x1b[1;36;5m\xc2\x9b"), uint8(1))
	path := filepath.Join(f.TempDir(), "out")
	f.Fuzz(func(t *testing.T, text []byte, piece uint8) {
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		s := &screen{file: out, colours: true}
		for rest := text; len(rest) > 0; {
			n := min(int(piece)+1, len(rest))
			if _, err := s.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		s.flush()
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if what := leaked(string(got)); what != "" {
			t.Fatalf("%q in pieces of %d: %s", text, piece, what)
		}
	})
}

// What libraries and programs write by themselves is no part of the answer, and
// is escaped.
func TestStraysAreCaught(t *testing.T) {
	path := filepath.Join(t.TempDir(), "terminal")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stdout, stderr := os.Stdout, os.Stderr
	defer func() {
		os.Stdout, os.Stderr = stdout, stderr
		log.SetOutput(stderr)
	}()
	done := catchStrays(&screen{file: f})
	fmt.Print("a\x1b[2J ")
	fmt.Fprint(os.Stderr, "b\a ")
	log.New(log.Writer(), "", 0).Print("c\u009b")
	fmt.Print("d\xe6")
	done()
	got, err := os.ReadFile(path)
	if want := `a\x1b[2J b\x07 c\x9b` + "\n" + `d\xe6`; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}
