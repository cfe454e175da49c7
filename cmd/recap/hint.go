// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
)

// hinted adds a hint to the *recap.Error in err, where it has none yet.
func hinted(err error, format string, args ...any) error {
	var known *recap.Error
	if errors.As(err, &known) && known.Hint == "" {
		_ = known.WithHint(format, args...)
	}
	return err
}

// rehinted gives the *recap.Error of this kind in err another hint: the one it
// has is for another caller.
func rehinted(err error, kind recap.Kind, format string, args ...any) error {
	var known *recap.Error
	if errors.As(err, &known) && known.Kind == kind {
		_ = known.WithHint(format, args...)
	}
	return err
}

// rehintedCode is rehinted for one code.
func rehintedCode(err error, code, format string, args ...any) error {
	var known *recap.Error
	if errors.As(err, &known) && known.Code == code {
		_ = known.WithHint(format, args...)
	}
	return err
}

// alternatively adds to the hint of the *recap.Error in err what else can be done.
func alternatively(err error, hint string) error {
	var known *recap.Error
	if errors.As(err, &known) && !strings.Contains(known.Hint, hint) {
		if known.Hint != "" {
			hint = known.Hint + "; or " + hint
		}
		_ = known.WithHint("%s", hint)
	}
	return err
}

// whereabouts is what a run looked at, and how it got there. Rooms know neither
// what was typed nor the flags: their hints say "recap list REF", and become here
// the line that leads to the same place.
type whereabouts struct {
	mu    sync.Mutex
	flags map[string][]string // by host
	refs  map[string]bool     // as typed; true: of what is there
}

// reach remembers by which flags a host is reached.
func (w *whereabouts) reach(host string, flags []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.flags == nil {
		w.flags = map[string][]string{}
	}
	w.flags[host] = flags
}

// meant remembers a reference that a verb was called with, and whether it names
// something that is there already.
func (w *whereabouts) meant(ref target.Reference, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refs == nil {
		w.refs = map[string]bool{}
	}
	w.refs[ref.String()] = w.refs[ref.String()] || there
}

// only returns the one reference that there can be talk of, if there is one.
func (w *whereabouts) only() string {
	for ref, there := range w.refs {
		if len(w.refs) == 1 && there {
			return ref
		}
	}
	return "REF"
}

// repository returns that of the one reference that there is, or of the one that
// something was to be put to.
func (w *whereabouts) repository() string {
	name, several := "REF", false
	for typed, there := range w.refs {
		ref, err := target.ParseReference(typed)
		if err != nil || there && len(w.refs) > 1 {
			continue
		}
		several = several || name != "REF"
		name = ref.Name()
	}
	if several {
		return "REF"
	}
	return name
}

// complete makes the commands in text such as work when they are typed: REF is
// what was looked at, if that was one thing, and what lies in a registry is
// followed by the flags that lead there.
func (w *whereabouts) complete(text string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	words := strings.Split(text, " ")
	for i := 0; i+2 < len(words); i++ {
		if words[i] != "recap" {
			continue
		}
		switch verb, at := words[i+1], i+2; verb {
		case "copy", "diff": // which have two ends
			words[at] = w.word(verb, words[at], "--from-")
			if at+1 < len(words) {
				words[at+1] = w.word(verb, words[at+1], "--to-")
			}
		case "policy", "trust": // of two words
			if at+1 < len(words) {
				words[at+1] = w.word(verb, words[at+1], "--")
			}
		default:
			words[at] = w.word(verb, words[at], "--")
		}
	}
	return strings.Join(words, " ")
}

// word completes what stands where a command has its reference or host.
func (w *whereabouts) word(verb, word, flagged string) string {
	bare := strings.TrimRight(word, ",;:.")
	end := word[len(bare):]
	if bare == "REF" {
		bare = shellWord(w.only())
	} else if tag, ok := strings.CutPrefix(bare, "REF:"); ok { // another one, of where it goes
		bare = shellWord(w.repository() + ":" + tag)
	}
	host := strings.Trim(bare, "'")
	if verb != "login" && verb != "logout" {
		ref, err := target.ParseReference(host)
		if err != nil || ref.IsLayout() {
			return bare + end
		}
		host = ref.Host
	}
	for _, flag := range w.flags[host] {
		bare += " " + flagged + flag
	}
	return bare + end
}

// given returns the flags that say how a registry is reached, as they were given
// and without their prefix: name=value in the words of a shell.
func (r *registryFlags) given() []string {
	var list []string
	if r.flags != nil && r.flags.Changed(r.prefix+"plain-http") {
		list = append(list, "plain-http"+map[bool]string{false: "=" + strconv.FormatBool(false)}[r.plainHTTP])
	}
	if r.insecure {
		list = append(list, "insecure")
	}
	for _, f := range []struct{ name, value string }{
		{"ca-file", r.caFile}, {"cert-file", r.certFile}, {"key-file", r.keyFile},
		{"registry-config", r.config}, {"username", r.username},
	} {
		if f.value != "" {
			list = append(list, f.name+" "+shellWord(f.value))
		}
	}
	if r.passwordStdin {
		list = append(list, "password-stdin")
	}
	return list
}
