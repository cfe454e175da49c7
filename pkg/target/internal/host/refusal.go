// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
	"github.com/recap-oci/recap/pkg/target/internal/transport"
)

// Refusal is an answer with a status that was not hoped for.
type Refusal struct {
	Status  int
	errors  errcode.Errors
	wait    time.Duration // Retry-After
	hasWait bool
	text    string // a body that is plain text
	notTLS  bool   // it was a web server's complaint that it had been asked in the clear
}

// newRefusal reads at most recap.MaxErrorBody of the answer.
func newRefusal(resp *http.Response, now time.Time) *Refusal {
	r := &Refusal{Status: resp.StatusCode}
	r.wait, r.hasWait = transport.RetryAfter(resp, now)
	data, err := io.ReadAll(io.LimitReader(resp.Body, recap.MaxErrorBody))
	if err != nil {
		return r // the status says enough
	}
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	kind := resp.Header.Get("Content-Type")
	switch {
	case json.Unmarshal(data, &body) == nil:
		r.errors = body.Errors
	case kind == "", strings.HasPrefix(kind, "text/plain"):
		r.text = string(data)
	}
	// Go's words, and nginx's.
	r.notTLS = bytes.Contains(data, []byte("HTTP request to an HTTPS server")) || bytes.Contains(data, []byte("HTTP request was sent to HTTPS port"))
	return r
}

// Error is the status and what the registry says about it, fit to print.
func (r *Refusal) Error() string {
	s := fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status))
	if m := r.message(); m != "" {
		s += " (" + m + ")"
	}
	return strings.TrimSpace(s)
}

// message is what the registry says, without details, which may hold anything.
func (r *Refusal) message() string {
	var all []string
	for _, e := range r.errors {
		text := e.Code
		if e.Message != "" {
			text += ": " + e.Message
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return printable.Line(r.text)
	}
	return printable.Line(strings.Join(all, "; "))
}

// detail is what the registry says in details that are one sentence.
func (r *Refusal) detail() string {
	var all []string
	for _, e := range r.errors {
		if text, ok := e.Detail.(string); ok && text != "" {
			all = append(all, text)
		}
	}
	return printable.Line(strings.Join(all, "; "))
}

// has reports whether the registry gave one of these error codes.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
func (r *Refusal) has(codes ...string) bool {
	return slices.ContainsFunc(r.errors, func(e errcode.Error) bool { return slices.Contains(codes, e.Code) })
}

// refusesType reports whether the registry rejected what kind of thing a
// manifest is. There is no code for it: allow-lists of types answer with
// MANIFEST_INVALID, UNSUPPORTED or DENIED, and a sentence, which GitLab's has in
// the detail.
func (r *Refusal) refusesType() bool {
	if r.Status == http.StatusUnsupportedMediaType {
		return true
	}
	if !r.has(errcode.ErrorCodeManifestInvalid, errcode.ErrorCodeUnsupported, errcode.ErrorCodeDenied) {
		return false
	}
	text := strings.ToLower(r.message() + " " + r.detail())
	for _, word := range []string{"media type", "mediatype", "media-type", "artifacttype", "artifact type", "config type", "unsupported"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// diagnoseStatus explains a status.
func (h *Host) diagnoseStatus(op Operation, r *Refusal) *Fault {
	fail := func(kind recap.Kind, code, format string, args ...any) *Fault {
		return &Fault{err: recap.Errorf(kind, code, format, args...)}
	}
	writes := op.Method == http.MethodPut || op.Method == http.MethodPost
	switch {
	case r.Status == http.StatusUnauthorized:
		return &Fault{err: h.unauthorized(r)}
	case writes && r.has(errcode.ErrorCodeManifestBlobUnknown):
		f := fail(recap.NotFound, "child-missing", "the registry lacks what the manifest lists: %s", r)
		f.err.Err = marked{f.err.Err, errdef.ErrNotFound}
		return f
	case r.has(errcode.ErrorCodeDigestInvalid):
		return fail(recap.Integrity, "digest-mismatch", "the registry finds another digest: %s", r)
	case r.has(errcode.ErrorCodeSizeInvalid):
		return fail(recap.Integrity, "size-mismatch", "the registry finds another size: %s", r)
	case writes && r.refusesType():
		f := fail(recap.Integrity, "registry-refuses-type", "the registry does not take this type of artifact: %s", r)
		if detail := r.detail(); detail != "" {
			f = fail(recap.Integrity, "registry-refuses-type", "the registry does not take this type of artifact: %s: %s", r, detail)
		}
		f.err.Hint = "push it to a registry that takes OCI artifacts, or build a layout: recap build PATH -o LAYOUT" // whoever knows the manifest knows more
		return f
	case r.Status == http.StatusForbidden:
		return &Fault{err: h.forbidden(r)}
	case r.Status == http.StatusNotFound:
		if m := r.message(); m != "" {
			return fail(recap.NotFound, "not-found", "%w (%s)", errdef.ErrNotFound, m)
		}
		return fail(recap.NotFound, "not-found", "%w", errdef.ErrNotFound)
	case r.Status == http.StatusRequestEntityTooLarge:
		return fail(recap.Unsafe, "registry-limit", "the registry takes nothing that large: %s", r)
	case op.Method == http.MethodDelete && (r.Status == http.StatusMethodNotAllowed || r.has(errcode.ErrorCodeUnsupported)):
		f := fail(recap.Denied, "delete-unsupported", "the registry does not delete: %s", r)
		f.err.Err = marked{f.err.Err, errdef.ErrUnsupported}
		f.err.Hint = "ask the registry's operator to allow deletion"
		return f
	case r.Status == http.StatusTooManyRequests:
		f := fail(recap.Unavailable, "rate-limited", "the registry has had too many requests: %s", r)
		f.Again, f.wait = true, r.wait
		return f
	case r.Status == http.StatusRequestTimeout, r.Status == http.StatusInternalServerError, r.Status == http.StatusBadGateway,
		r.Status == http.StatusServiceUnavailable, r.Status == http.StatusGatewayTimeout:
		f := fail(recap.Unavailable, "registry-unavailable", "the registry answers %s", r)
		f.Again, f.wait = true, r.wait
		f.Unsure = r.Status != http.StatusServiceUnavailable
		return f
	case r.Status == http.StatusBadRequest && h.base.Scheme == "http" && r.notTLS:
		f := fail(recap.Unavailable, "tls", "the registry speaks TLS and was asked in the clear")
		f.err.Hint = "type --plain-http=false, and --ca-file FILE for an authority of your own"
		return f
	case r.Status >= http.StatusInternalServerError, r.Status < http.StatusBadRequest:
		return fail(recap.Unavailable, "unexpected-answer", "the registry answers %s", r)
	}
	return fail(recap.Integrity, "registry-refuses", "the registry refuses: %s", r)
}
