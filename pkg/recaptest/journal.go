// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Kind is the part of the distribution API that a request is for.
type Kind string

// The kinds of requests.
const (
	Ping      Kind = "ping"
	Token     Kind = "token"
	Manifest  Kind = "manifest"
	Blob      Kind = "blob"
	Upload    Kind = "upload" // POST opens one, PUT ends it
	Mount     Kind = "mount"
	Tags      Kind = "tags"
	Referrers Kind = "referrers"
	Other     Kind = "other"
)

// Request is a line of the journal.
type Request struct {
	Kind       Kind
	Method     string
	Path       string
	Query      url.Values
	Header     http.Header // as it arrived, secrets included
	Authorized bool        // it carried an Authorization header
	Status     int         // 0 while unanswered, or when the connection was cut before
	In, Out    int64       // bytes of the bodies so far
	Round      int         // 1 for the first; 0 without HoldAnswers
	Faulted    bool        // a fault answered it
}

// Classify names what a request is for.
func Classify(method string, u *url.URL) Kind {
	rest, ok := strings.CutPrefix(u.Path, "/v2/")
	switch {
	case u.Path == "/v2", ok && rest == "":
		return Ping
	case u.Path == tokenPath:
		return Token
	case !ok:
		return Other
	case strings.Contains(rest, "/blobs/uploads"):
		if method == http.MethodPost && u.Query().Has("mount") {
			return Mount
		}
		return Upload
	case strings.Contains(rest, "/blobs/"):
		return Blob
	case strings.Contains(rest, "/manifests/"):
		return Manifest
	case strings.Contains(rest, "/referrers/"):
		return Referrers
	case strings.HasSuffix(rest, "/tags/list"):
		return Tags
	}
	return Other
}

// Journal returns what was asked since the start or the last Reset, in the
// order of arrival. A request is in it before its answer can be.
func (r *Registry) Journal() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Request, len(r.journal))
	for i, e := range r.journal {
		out[i] = *e
	}
	return out
}

// Count returns how many requests of this kind there were, with one of these
// methods if any is given. Requests answered 401 are counted.
func (r *Registry) Count(kind Kind, methods ...string) int {
	n := 0
	for _, e := range r.Journal() {
		if e.Kind == kind && (len(methods) == 0 || slices.Contains(methods, e.Method)) {
			n++
		}
	}
	return n
}

// Counts returns how often each method and kind was asked for, under names
// such as "PUT manifest".
func (r *Registry) Counts() map[string]int {
	counts := map[string]int{}
	for _, e := range r.Journal() {
		counts[e.Method+" "+string(e.Kind)]++
	}
	return counts
}

func (r *Registry) begin(req *http.Request) *Request {
	entry := &Request{
		Kind:       Classify(req.Method, req.URL),
		Method:     req.Method,
		Path:       req.URL.Path,
		Query:      req.URL.Query(),
		Header:     req.Header.Clone(),
		Authorized: req.Header.Get("Authorization") != "",
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.journal = append(r.journal, entry)
	return entry
}

// watchedBody counts what the client sends.
type watchedBody struct {
	io.ReadCloser
	registry *Registry
	entry    *Request
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.registry.rounds.moved()
	b.registry.mu.Lock()
	b.entry.In += int64(n)
	b.registry.mu.Unlock()
	return n, err
}

// watchedWriter notes status and bytes before the client can see them.
type watchedWriter struct {
	http.ResponseWriter
	registry *Registry
	entry    *Request
}

func (w *watchedWriter) WriteHeader(status int) {
	w.registry.rounds.moved()
	w.registry.mu.Lock()
	if w.entry.Status == 0 {
		w.entry.Status = status
	}
	w.registry.mu.Unlock()
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.registry.rounds.moved()
	w.registry.mu.Lock()
	if w.entry.Status == 0 {
		w.entry.Status = http.StatusOK
	}
	w.entry.Out += int64(len(p))
	w.registry.mu.Unlock()
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach Hijack and Flush.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
