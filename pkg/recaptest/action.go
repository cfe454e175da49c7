// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
)

// Action answers a request in place of next, which is the honest registry.
// The request's context ends when the client or the test does.
type Action func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Respond takes the request's body and answers with this, whatever the truth:
// a status that a gateway invents, a blob said to be stored that isn't.
func Respond(status int, header http.Header, body string) Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		for key, values := range header {
			w.Header()[http.CanonicalHeaderKey(key)] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Status answers with a status and an empty body.
func Status(status int) Action { return Respond(status, nil, "") }

// RetryAfter answers with a status and a Retry-After header.
func RetryAfter(status int, value string) Action {
	return Respond(status, http.Header{"Retry-After": {value}}, "")
}

// Redirect sends the client elsewhere.
func Redirect(status int, location string) Action {
	return Respond(status, http.Header{"Location": {location}}, "")
}

// SetHeader gives the honest answer with this header replaced, or with the
// header gone when value is empty.
func SetHeader(key, value string) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&headerWriter{ResponseWriter: w, edit: func(h http.Header) {
			if value == "" {
				h.Del(key)
			} else {
				h.Set(key, value)
			}
		}}, r)
	}
}

// Truncate gives the honest answer and cuts the connection after n bytes of
// its body.
func Truncate(n int64) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&bodyWriter{ResponseWriter: w, edit: func(offset int64, p []byte) ([]byte, bool) {
			if offset+int64(len(p)) <= n {
				return p, false
			}
			return p[:max(n-offset, 0)], true
		}}, r)
	}
}

// Flip gives the honest answer with the lowest bit of the body's n-th byte,
// from 0, turned over.
func Flip(n int64) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&bodyWriter{ResponseWriter: w, edit: func(offset int64, p []byte) ([]byte, bool) {
			if n >= offset && n < offset+int64(len(p)) {
				p = append([]byte(nil), p...)
				p[n-offset] ^= 1
			}
			return p, false
		}}, r)
	}
}

// Stall gives n bytes of the honest answer's body and then nothing until the
// client gives up. With n < 0 not even the status comes.
func Stall(n int64) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if n < 0 {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(&bodyWriter{ResponseWriter: w, edit: func(offset int64, p []byte) ([]byte, bool) {
			if offset+int64(len(p)) <= n {
				return p, false
			}
			return p[:max(n-offset, 0)], true
		}, end: func() { <-r.Context().Done() }}, r)
	}
}

// Drop closes the connection without an answer.
func Drop() Action {
	return func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
}

// Reset makes the connection end in a TCP reset, without an answer.
func Reset() Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { reset(w) }
}

// LoseAnswer lets the registry do what it was asked and resets the connection
// in place of the answer.
func LoseAnswer() Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&silentWriter{header: http.Header{}}, r)
		reset(w)
	}
}

// Serve answers a request for one manifest with the manifest that reference,
// a tag or digest of the same repository, names.
func Serve(reference string) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		other := r.Clone(r.Context())
		other.URL.Path = r.URL.Path[:strings.LastIndexByte(r.URL.Path, '/')+1] + reference
		other.URL.RawPath = ""
		next.ServeHTTP(w, other)
	}
}

func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	under := conn
	if t, ok := conn.(*tls.Conn); ok {
		under = t.NetConn()
	}
	if t, ok := under.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = under.Close()
}

// headerWriter edits the headers just before they go out.
type headerWriter struct {
	http.ResponseWriter
	edit func(http.Header)
	sent bool
}

func (w *headerWriter) WriteHeader(status int) {
	if !w.sent {
		w.sent = true
		w.edit(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *headerWriter) Write(p []byte) (int, error) {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// bodyWriter edits the body on its way; cut ends the connection after what
// edit returned.
type bodyWriter struct {
	http.ResponseWriter
	edit   func(offset int64, p []byte) (out []byte, cut bool)
	end    func() // what to wait for before the connection is cut
	offset int64
}

func (w *bodyWriter) Write(p []byte) (int, error) {
	out, cut := w.edit(w.offset, p)
	w.offset += int64(len(p))
	if _, err := w.ResponseWriter.Write(out); err != nil {
		return 0, err
	}
	if cut {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		if w.end != nil {
			w.end()
		}
		panic(http.ErrAbortHandler)
	}
	return len(p), nil
}

// silentWriter takes an answer that nobody will see.
type silentWriter struct{ header http.Header }

func (w *silentWriter) Header() http.Header         { return w.header }
func (w *silentWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *silentWriter) WriteHeader(int)             {}
