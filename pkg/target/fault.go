// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/recap-oci/recap/pkg/recap"
)

// fault is why an attempt failed, and what can be done about it.
type fault struct {
	err    *recap.Error // nil when the error is not ours to describe
	raw    error
	again  bool          // another attempt may succeed
	few    bool          // but few attempts will do: nobody is listening
	unsure bool          // the registry may have done what it was asked
	wait   time.Duration // that the registry asks for
}

func (f *fault) attempts() int {
	if f.few {
		return 3
	}
	return maxAttempts
}

// reason is the cause alone, for notices.
func (f *fault) reason() string {
	if f.err != nil {
		return f.err.Error()
	}
	return f.raw.Error()
}

// final returns the error for the caller.
func (f *fault) final(op operation, attempts int) error {
	if f.err == nil {
		return f.raw
	}
	text := fmt.Errorf("%s: %w", op.what, f.err.Err)
	if attempts > 1 {
		text = fmt.Errorf("%w (%d attempts)", text, attempts)
	}
	return &recap.Error{Kind: f.err.Kind, Code: f.err.Code, Hint: f.err.Hint, Err: text}
}

// diagnose finds out what the error of an attempt means.
func (h *host) diagnose(ctx context.Context, op operation, err error) *fault {
	if ctx.Err() != nil {
		return &fault{raw: fmt.Errorf("%s: %w", op.what, context.Cause(ctx))}
	}
	var refused *refusal
	if errors.As(err, &refused) {
		return h.diagnoseStatus(op, refused)
	}
	var own *recap.Error
	if errors.As(err, &own) {
		// A redirect that is not followed, a helper that hangs, an answer that
		// is too large. Some of them say what was being done themselves.
		if strings.HasPrefix(own.Error(), op.what) {
			return &fault{raw: own}
		}
		return &fault{err: own}
	}
	if _, source := errors.AsType[*sourceError](err); source {
		return &fault{raw: err}
	}
	if f := h.diagnoseAuth(err); f != nil {
		return f
	}
	if f := h.diagnoseTLS(err); f != nil {
		return f
	}
	return h.diagnoseNetwork(err)
}

// diagnoseAuth explains the errors of oras's auth.Client. It has no types for
// most of them.
func (h *host) diagnoseAuth(err error) *fault {
	if errors.Is(err, auth.ErrBasicCredentialNotFound) {
		return &fault{err: h.unauthorized(nil)}
	}
	if token, ok := errors.AsType[*errcode.ErrorResponse](err); ok { // of the token service
		r := &refusal{status: token.StatusCode, errors: token.Errors}
		if r.status == http.StatusTooManyRequests || r.status >= http.StatusInternalServerError {
			return &fault{again: true, err: recap.Errorf(recap.Unavailable, "registry-unavailable",
				"the registry's token service answers %s", r)}
		}
		return &fault{err: h.unauthorized(r)}
	}
	if _, transport := errors.AsType[*url.Error](err); transport {
		return nil
	}
	if strings.HasSuffix(err.Error(), "empty token returned") {
		return &fault{err: recap.Errorf(recap.Denied, "unauthorized", "the registry's token service gives no token").
			WithHint("run recap login %s", h.name)}
	}
	if strings.Contains(err.Error(), "bearer realm") {
		_, why, _ := strings.Cut(err.Error(), "bearer realm")
		return &fault{err: recap.Errorf(recap.Denied, "realm-refused", "the registry names a token service that is not asked: bearer realm%s", clean(why)).
			WithHint("a token service has to be at the registry's own name, at a public address, or in the private network where the registry is, and on https if the registry is")}
	}
	return nil
}

// unauthorized says who was turned away.
func (h *host) unauthorized(r *refusal) *recap.Error {
	reason := ""
	if r != nil && len(r.errors) > 0 {
		reason = ": " + r.message()
	}
	if why := h.login.withheldReason(); why != "" {
		return recap.Errorf(recap.Denied, "unauthorized", "the registry wants a login, and %s%s", why, reason).
			WithHint("use TLS, or give -u USER --password-stdin to send a password in the clear")
	}
	if user, ok := h.login.user(); ok {
		return recap.Errorf(recap.Denied, "unauthorized", "the registry does not accept the login of %s%s", quote(user), reason).
			WithHint("run recap login %s", h.name)
	}
	return recap.Errorf(recap.Denied, "unauthorized", "the registry wants a login and none is stored%s", reason).
		WithHint("run recap login %s", h.name)
}

// forbidden says who may not do it.
func (h *host) forbidden(r *refusal) *recap.Error {
	who, hint := "an anonymous user", "run recap login "+h.name
	if user, ok := h.login.user(); ok {
		who, hint = quote(user), "ask the registry's operator for access, or run recap login "+h.name+" as someone who has it"
	}
	return recap.Errorf(recap.Denied, "forbidden", "the registry does not allow it to %s: %s", who, r).WithHint("%s", hint)
}

// diagnoseTLS explains why no trust was found in the peer. It never proposes
// to do without.
func (h *host) diagnoseTLS(err error) *fault {
	failed := func(format string, args ...any) *fault {
		return &fault{err: recap.Errorf(recap.Unavailable, "tls", format, args...)}
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(bad.UnverifiedCertificates) > 0 {
		cert := bad.UnverifiedCertificates[0]
		shown := fmt.Sprintf("its certificate for %s, issued by %s, valid until %s",
			quote(cert.Subject.String()), quote(cert.Issuer.String()), cert.NotAfter.UTC().Format(time.RFC3339))
		if _, ok := errors.AsType[x509.UnknownAuthorityError](bad.Err); ok {
			f := failed("the registry is not trusted: nobody known signed %s", shown)
			f.err.Hint = "if this is your own authority, name its certificate: --ca-file FILE"
			return f
		}
		if _, ok := errors.AsType[x509.HostnameError](bad.Err); ok {
			names := append([]string(nil), cert.DNSNames...)
			for _, ip := range cert.IPAddresses {
				names = append(names, ip.String())
			}
			return failed("the registry shows a certificate that is not for %s but for %s: %s", h.base.Hostname(), quote(strings.Join(names, ", ")), shown)
		}
		if invalid, ok := errors.AsType[x509.CertificateInvalidError](bad.Err); ok && invalid.Reason == x509.Expired {
			f := failed("the registry shows a certificate that is expired or not valid yet: %s", shown)
			f.err.Hint = "your clock says " + h.clock.now().UTC().Format(time.RFC3339)
			return f
		}
		return failed("the registry is not trusted: %s: %s", shown, clean(bad.Err.Error()))
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		f := failed("the registry does not speak TLS")
		f.err.Hint = "if it is meant to speak plain HTTP, say so: --plain-http"
		return f
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return failed("the registry ends the TLS handshake: %s", clean(root(err).Error()))
	}
	if strings.HasPrefix(root(err).Error(), "http: server gave HTTP response to HTTPS client") {
		f := failed("the registry does not speak TLS")
		f.err.Hint = "if it is meant to speak plain HTTP, say so: --plain-http"
		return f
	}
	if strings.HasPrefix(root(err).Error(), "tls: ") {
		return failed("%s", clean(root(err).Error()))
	}
	return nil
}

// diagnoseNetwork explains everything that kept an answer from coming.
func (h *host) diagnoseNetwork(err error) *fault {
	failed := func(code, format string, args ...any) *fault {
		return &fault{again: true, err: recap.Errorf(recap.Unavailable, code, format, args...)}
	}
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) { // nobody else's fault
		return &fault{err: recap.Errorf(recap.Local, "too-many-open-files", "no connection can be opened: %s", clean(root(err).Error())).
			WithHint("raise the limit with: ulimit -n 4096")}
	}
	if errors.Is(err, errStalled) {
		f := failed("stalled", "the registry has been silent for too long")
		f.unsure = true
		return f
	}
	if errors.Is(err, errUnanswered) {
		f := failed("stalled", "the registry has got everything and has not answered for %s", max(maxPatience, h.silence))
		f.unsure, f.again = true, false // it is at it, or never will be
		return f
	}
	if errors.Is(err, errInternal) {
		f := failed("redirect-refused", "the registry points at %w", errInternal)
		f.again = false
		return f
	}
	if p, ok := errors.AsType[*proxyError](err); ok {
		f := failed("proxy", "%w", p)
		f.again = p.status >= http.StatusInternalServerError
		f.err.Hint = "see HTTPS_PROXY and NO_PROXY"
		return f
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		f := failed("proxy", "the proxy can't be reached: %s", clean(root(op.Err).Error()))
		f.few, f.err.Hint = true, "see HTTPS_PROXY and NO_PROXY"
		return f
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			f := failed("dns", "there is no host named %s", quote(dns.Name))
			f.again, f.err.Hint = false, "check the reference: the host comes first, HOST/REPOSITORY:TAG"
			return f
		}
		return failed("dns", "looking up %s: %s", quote(dns.Name), clean(dns.Err))
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		f := failed("unreachable", "nobody listens at %s", h.base.Host)
		f.few = true
		return f
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		f := failed("unreachable", "%s can't be reached: %s", h.base.Host, clean(root(err).Error()))
		f.few = true
		return f
	}
	reason := clean(root(err).Error())
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		reason = "the other side closed it"
	}
	if b, ok := errors.AsType[*behindProxyError](err); ok {
		f := failed("proxy", "proxy %s makes no connection to %s: %s", quote(b.proxy), h.base.Host, reason)
		f.few, f.err.Hint = true, "see HTTPS_PROXY and NO_PROXY"
		return f
	}
	f := failed("connection", "the connection broke: %s", reason)
	f.unsure = true
	return f
}

// marked is an error that can also be tested for as another, whose text says
// nothing new.
type marked struct {
	error
	as error
}

func (e marked) Unwrap() []error { return []error{e.error, e.as} }

// root returns the innermost error, which has no address with a signed query
// in its text.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// clean makes text from elsewhere fit for one line on a terminal.
func clean(s string) string {
	return recap.Printable(shorten(strings.Join(strings.Fields(s), " "), 500))
}
