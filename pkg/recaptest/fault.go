// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"net/http"
	"strings"
)

// Fault makes the registry misbehave. The first that matches a request and is
// due acts on it, in the order they were injected.
type Fault struct {
	Match  Match
	Nth    int // the first matching request it acts on; 0 and 1: the first
	Times  int // on how many from there; 0: one; Always: all
	Action Action
}

// Always is for [Fault.Times].
const Always = -1

// Match picks requests. Fields left empty match all.
type Match struct {
	Method string
	Kind   Kind
	Path   string // of the URL; * stands for any characters, / included
	Func   func(*http.Request) bool
}

// script is a fault and how often it matched.
type script struct {
	Fault
	seen int
}

// Inject adds faults; Reset takes them away.
func (r *Registry) Inject(faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range faults {
		if f.Action == nil {
			panic("recaptest: fault without an action")
		}
		r.faults = append(r.faults, &script{Fault: f})
	}
}

// Faulted returns how many requests a fault acted on.
func (r *Registry) Faulted() int {
	n := 0
	for _, e := range r.Journal() {
		if e.Faulted {
			n++
		}
	}
	return n
}

// fault returns what is to be done to req, or nil.
func (r *Registry) fault(req *http.Request, entry *Request) Action {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.faults {
		if s.Match.matches(req) && s.due() {
			entry.Faulted = true
			return s.Action
		}
	}
	return nil
}

func (s *script) due() bool {
	s.seen++
	first, times := max(s.Nth, 1), s.Times
	if times == 0 {
		times = 1
	}
	return s.seen >= first && (times == Always || s.seen < first+times)
}

func (m Match) matches(req *http.Request) bool {
	return (m.Method == "" || m.Method == req.Method) &&
		(m.Kind == "" || m.Kind == Classify(req.Method, req.URL)) &&
		(m.Path == "" || glob(m.Path, req.URL.Path)) &&
		(m.Func == nil || m.Func(req))
}

// glob matches s against a pattern in which * stands for any characters.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}
