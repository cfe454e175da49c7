// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
)

// trouble is why a service gave no answer.
type trouble struct {
	err    *recap.Error
	reason string        // for a notice: err without the service's name
	again  bool          // asking again may help
	few    bool          // but not often: the address may well be wrong
	wait   time.Duration // that the service asks for
}

// LaterHint says what to do when a service stays away.
const LaterHint = "nothing was signed: try again later, or sign with a key: --key"

// failed returns a trouble that may pass.
func (r Request) failed(code, address, format string, args ...any) *trouble {
	reason := fmt.Sprintf(format, args...)
	return &trouble{
		err:    recap.Errorf(recap.Unavailable, code, "%s at %s: %s", r.Service, PlainAddress(address), reason).WithHint(LaterHint),
		reason: reason,
		again:  true,
	}
}

// noAnswer explains what kept an answer from coming.
func (r Request) noAnswer(address string, err error) *trouble {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // which names the whole address, secrets included
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		t := r.failed("tls", address, "its certificate is not trusted: %s", phrase.Short(bad.Err.Error()))
		t.again, t.err.Hint = false, "if this is your own instance, install its authority in the system's certificates"
		return t
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || strings.HasPrefix(err.Error(), "http: server gave HTTP response to HTTPS client") {
		t := r.failed("tls", address, "it does not speak TLS")
		t.again, t.err.Hint = false, "correct its address in the signing configuration"
		return t
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		t := r.failed("dns", address, "looking up %q: %s", dns.Name, phrase.Short(dns.Err))
		t.few = dns.IsNotFound
		return t
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return r.failed("stalled", address, "no answer in time")
	case errors.Is(err, syscall.ECONNREFUSED):
		return r.failed("unreachable", address, "nobody listens there")
	default:
		return r.failed("connection", address, "%s", phrase.Short(err.Error()))
	}
}

// statusCanceled is what Rekor v2 answers everybody who waits when any one of
// them goes away: Tessera v1.0 hands that one's error on. It says nothing about
// the request.
const statusCanceled = 499

// diagnose returns nil for an answer that is one.
func (r Request) diagnose(got Answer, now time.Time) *trouble {
	if got.Status >= 200 && got.Status < 300 || slices.Contains(r.Pass, got.Status) {
		return nil
	}
	said := r.message(got)
	refused := func(kind recap.Kind, code, format string, args ...any) *trouble {
		return &trouble{err: recap.Errorf(kind, code, format, args...)}
	}
	address := PlainAddress(got.URL)
	switch {
	case got.Status >= 300 && got.Status < 400:
		t := refused(recap.Usage, "bad-service", "%s at %s points elsewhere, at %q, which is not followed", r.Service, address, PlainAddress(got.Header.Get("Location")))
		t.err.Hint = "if that is right, write that address into the signing configuration"
		return t
	case slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented, http.StatusHTTPVersionNotSupported}, got.Status):
		t := refused(recap.Usage, "bad-service", "there is no %s at %s: %s", strings.TrimPrefix(r.Service, "the "), address, said)
		t.err.Hint = "correct its address in the signing configuration"
		return t
	case slices.Contains([]int{http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly, statusCanceled}, got.Status) || got.Status >= 500:
		t := r.failed("service-unavailable", got.URL, "%s", said)
		t.wait = retryAfter(got.Header, now)
		return t
	default:
		return refused(recap.Denied, "service-refused", "%s at %s refuses: %s", r.Service, address, said)
	}
}

// message returns what a service says in its answer, in one short line.
func (r Request) message(got Answer) string {
	status := strconv.Itoa(got.Status)
	if text := http.StatusText(got.Status); text != "" {
		status += " " + text
	}
	body := got.Body[:min(len(got.Body), recap.MaxErrorBody)]
	var parsed struct {
		Message     string `json:"message"`
		Error       any    `json:"error"`
		Description string `json:"error_description"`
	}
	said := ""
	switch err := json.Unmarshal(body, &parsed); {
	case err == nil && parsed.Message != "":
		said = parsed.Message
	case err == nil && parsed.Description != "":
		said = parsed.Description
	case err == nil && parsed.Error != nil:
		said = fmt.Sprint(parsed.Error)
	case err != nil && !strings.HasPrefix(strings.TrimSpace(string(body)), "<"):
		said = string(body)
	}
	if r.Redact != nil {
		said = r.Redact(said)
	}
	if said = phrase.Short(said); said == "" {
		return status
	}
	return status + ": " + said
}

// retryAfter returns how long an answer asks to wait: seconds or a date,
// https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date // since clocks differ
	}
	return max(at.Sub(now), 0)
}

// PlainAddress returns an address without what may be secret in it.
func PlainAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" { // which is all that follows a scheme without slashes
		return "(an address that makes no sense)"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// Confidential refuses an address that a secret must not be sent to: one
// where everybody on the way could read it.
func Confidential(service, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return recap.Errorf(recap.Usage, "bad-service", "the address of %s makes no sense: %q", service, PlainAddress(address))
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return recap.Errorf(recap.Usage, "insecure-service", "%s at %s would be sent a secret that everybody on the way could read", service, PlainAddress(address)).
		WithHint("use its https address")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// BadAnswer is the error of an answer that says success and makes no sense.
func BadAnswer(service, address, format string, args ...any) error {
	return recap.Errorf(recap.Unavailable, "bad-answer", "%s at %s: %w", service, PlainAddress(address), fmt.Errorf(format, args...)).
		WithHint(LaterHint)
}
