// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

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
	"github.com/recap-oci/recap/pkg/target/internal/printable"
	"github.com/recap-oci/recap/pkg/target/internal/transport"
)

// Fault is why an attempt failed, and what can be done about it.
type Fault struct {
	err    *recap.Error // nil when the error is not ours to describe
	raw    error
	Again  bool          // another attempt may succeed
	few    bool          // but few attempts will do: nobody is listening
	Unsure bool          // the registry may have done what it was asked
	wait   time.Duration // that the registry asks for
}

func (f *Fault) attempts() int {
	if f.few {
		return 3
	}
	return MaxAttempts
}

// reason is the cause alone, for notices.
func (f *Fault) reason() string {
	if f.err != nil {
		return f.err.Error()
	}
	return f.raw.Error()
}

// Final returns the error for the caller.
func (f *Fault) Final(op Operation, attempts int) error {
	if f.err == nil {
		return f.raw
	}
	text := fmt.Errorf("%s: %w", op.What, f.err.Err)
	if attempts > 1 {
		text = fmt.Errorf("%w (%d attempts)", text, attempts)
	}
	return &recap.Error{Kind: f.err.Kind, Code: f.err.Code, Hint: f.err.Hint, Err: text}
}

// Diagnose finds out what the error of an attempt means.
func (h *Host) Diagnose(ctx context.Context, op Operation, err error) *Fault {
	if ctx.Err() != nil {
		return &Fault{raw: fmt.Errorf("%s: %w", op.What, context.Cause(ctx))}
	}
	var refused *Refusal
	if errors.As(err, &refused) {
		return h.diagnoseStatus(op, refused)
	}
	var own *recap.Error
	if errors.As(err, &own) {
		// A redirect that is not followed, a helper that hangs, an answer that
		// is too large. Some of them say what was being done themselves.
		if strings.HasPrefix(own.Error(), op.What) {
			return &Fault{raw: own}
		}
		return &Fault{err: own}
	}
	if _, source := errors.AsType[*sourceError](err); source {
		return &Fault{raw: err}
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
func (h *Host) diagnoseAuth(err error) *Fault {
	if errors.Is(err, auth.ErrBasicCredentialNotFound) {
		return &Fault{err: h.unauthorized(nil)}
	}
	if token, ok := errors.AsType[*errcode.ErrorResponse](err); ok { // of the token service
		r := &Refusal{Status: token.StatusCode, errors: token.Errors}
		if r.Status == http.StatusTooManyRequests || r.Status >= http.StatusInternalServerError {
			return &Fault{Again: true, err: recap.Errorf(recap.Unavailable, "registry-unavailable",
				"the registry's token service answers %s", r)}
		}
		return &Fault{err: h.unauthorized(r)}
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return nil
	}
	if strings.HasSuffix(err.Error(), "empty token returned") {
		return &Fault{err: recap.Errorf(recap.Denied, "unauthorized", "the registry's token service gives no token").
			WithHint("run recap login %s", h.name)}
	}
	if strings.Contains(err.Error(), "bearer realm") {
		_, why, _ := strings.Cut(err.Error(), "bearer realm")
		return &Fault{err: recap.Errorf(recap.Denied, "realm-refused", "the registry names a token service that is not asked: bearer realm%s", printable.Line(why)).
			WithHint("a token service has to be at the registry's own name, at a public address, or in the private network where the registry is, and on https if the registry is")}
	}
	return nil
}

// unauthorized says who was turned away.
func (h *Host) unauthorized(r *Refusal) *recap.Error {
	reason := ""
	if r != nil && len(r.errors) > 0 {
		reason = ": " + r.message()
	}
	if why := h.login.withheldReason(); why != "" {
		return recap.Errorf(recap.Denied, "unauthorized", "the registry wants a login, and %s%s", why, reason).
			WithHint("use TLS, or give -u USER --password-stdin to send a password in the clear")
	}
	if user, ok := h.login.user(); ok {
		return recap.Errorf(recap.Denied, "unauthorized", "the registry does not accept the login of %s%s", printable.Quote(user), reason).
			WithHint("run recap login %s", h.name)
	}
	return recap.Errorf(recap.Denied, "unauthorized", "the registry wants a login and none is stored%s", reason).
		WithHint("run recap login %s", h.name)
}

// forbidden says who may not do it.
func (h *Host) forbidden(r *Refusal) *recap.Error {
	who, hint := "an anonymous user", "run recap login "+h.name
	if user, ok := h.login.user(); ok {
		who, hint = printable.Quote(user), "ask the registry's operator for access, or run recap login "+h.name+" as someone who has it"
	}
	return recap.Errorf(recap.Denied, "forbidden", "the registry does not allow it to %s: %s", who, r).WithHint("%s", hint)
}

// diagnoseTLS explains why no trust was found in the peer. It never proposes
// to do without.
func (h *Host) diagnoseTLS(err error) *Fault {
	failed := func(format string, args ...any) *Fault {
		return &Fault{err: recap.Errorf(recap.Unavailable, "tls", format, args...)}
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(bad.UnverifiedCertificates) > 0 {
		cert := bad.UnverifiedCertificates[0]
		shown := fmt.Sprintf("its certificate for %s, issued by %s, valid until %s",
			printable.Quote(cert.Subject.String()), printable.Quote(cert.Issuer.String()), cert.NotAfter.UTC().Format(time.RFC3339))
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
			return failed("the registry shows a certificate that is not for %s but for %s: %s", h.base.Hostname(), printable.Quote(strings.Join(names, ", ")), shown)
		}
		if invalid, ok := errors.AsType[x509.CertificateInvalidError](bad.Err); ok && invalid.Reason == x509.Expired {
			f := failed("the registry shows a certificate that is expired or not valid yet: %s", shown)
			f.err.Hint = "your clock says " + h.clock.Now().UTC().Format(time.RFC3339)
			return f
		}
		return failed("the registry is not trusted: %s: %s", shown, printable.Line(bad.Err.Error()))
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		f := failed("the registry does not speak TLS")
		f.err.Hint = "if it is meant to speak plain HTTP, say so: --plain-http"
		return f
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return failed("the registry ends the TLS handshake: %s", printable.Line(root(err).Error()))
	}
	if strings.HasPrefix(root(err).Error(), "http: server gave HTTP response to HTTPS client") {
		f := failed("the registry does not speak TLS")
		f.err.Hint = "if it is meant to speak plain HTTP, say so: --plain-http"
		return f
	}
	if strings.HasPrefix(root(err).Error(), "tls: ") {
		return failed("%s", printable.Line(root(err).Error()))
	}
	return nil
}

// diagnoseNetwork explains everything that kept an answer from coming.
func (h *Host) diagnoseNetwork(err error) *Fault {
	failed := func(code, format string, args ...any) *Fault {
		return &Fault{Again: true, err: recap.Errorf(recap.Unavailable, code, format, args...)}
	}
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) { // nobody else's fault
		return &Fault{err: recap.Errorf(recap.Local, "too-many-open-files", "no connection can be opened: %s", printable.Line(root(err).Error())).
			WithHint("raise the limit with: ulimit -n 4096")}
	}
	if errors.Is(err, transport.ErrStalled) {
		f := failed("stalled", "the registry has been silent for too long")
		f.Unsure = true
		return f
	}
	if errors.Is(err, transport.ErrUnanswered) {
		f := failed("stalled", "the registry has got everything and has not answered for %s", max(transport.MaxPatience, h.silence))
		f.Unsure, f.Again = true, false // it is at it, or never will be
		return f
	}
	if errors.Is(err, transport.ErrInternal) {
		f := failed("redirect-refused", "the registry points at %w", transport.ErrInternal)
		f.Again = false
		return f
	}
	if p, ok := errors.AsType[*transport.ProxyError](err); ok {
		f := failed("proxy", "%w", p)
		f.Again = p.Status >= http.StatusInternalServerError
		f.err.Hint = "see HTTPS_PROXY and NO_PROXY"
		return f
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		f := failed("proxy", "the proxy can't be reached: %s", printable.Line(root(op.Err).Error()))
		f.few, f.err.Hint = true, "see HTTPS_PROXY and NO_PROXY"
		return f
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			f := failed("dns", "there is no host named %s", printable.Quote(dns.Name))
			f.Again, f.err.Hint = false, "check the reference: the host comes first, HOST/REPOSITORY:TAG"
			return f
		}
		return failed("dns", "looking up %s: %s", printable.Quote(dns.Name), printable.Line(dns.Err))
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		f := failed("unreachable", "nobody listens at %s", h.base.Host)
		f.few, f.err.Hint = true, "check host and port, and that the registry runs; then run the same command again"
		return f
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		f := failed("unreachable", "%s can't be reached: %s", h.base.Host, printable.Line(root(err).Error()))
		f.few, f.err.Hint = true, "check host and network; then run the same command again"
		return f
	}
	reason := printable.Line(root(err).Error())
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		reason = "the other side closed it"
	}
	if b, ok := errors.AsType[*transport.BehindProxyError](err); ok {
		f := failed("proxy", "proxy %s makes no connection to %s: %s", printable.Quote(b.Proxy), h.base.Host, reason)
		f.few, f.err.Hint = true, "see HTTPS_PROXY and NO_PROXY"
		return f
	}
	f := failed("connection", "the connection broke: %s", reason)
	f.Unsure = true
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
