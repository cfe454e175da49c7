// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
	"github.com/recap-oci/recap/pkg/target/internal/transport"
)

// Operation is one thing to ask of a registry, as often as it takes.
type Operation struct {
	What   string // "fetching manifest v1 of host/repo", for errors
	Method string
	URL    *url.URL
	Header http.Header
	Body   *Body    // nil for none
	Scopes []string // that a token should cover
	Accept []int    // statuses that are an answer; all others are errors

	Limit   int64 // read the whole body within the attempt, up to this; 0: leave it to the caller
	Once    bool  // the caller repeats it
	Known   bool  // something lists it: that it isn't there is not believed at once
	Patient bool  // the answer may take as long as it takes
	Stay    bool  // a redirect to another host is the answer

	// Landed is asked when it is unknown whether the registry did what it was
	// asked; true ends the operation well, without an answer.
	Landed func(ctx context.Context) bool
}

// Answer is a response whose body is either open or, with Operation.Limit,
// read.
type Answer struct {
	*http.Response
	Data []byte
}

// MaxAttempts is how often an operation is tried.
const MaxAttempts = 5

// Do performs op until it is answered, refused, or the budget is spent. The
// answer is nil when op.Landed said that nothing is left to do.
func (h *Host) Do(ctx context.Context, op Operation) (*Answer, error) {
	h.budget.start(h.clock.Now())
	for attempt := 1; ; attempt++ {
		resp, err := h.Try(ctx, op)
		if err == nil {
			return resp, nil
		}
		fault := h.Diagnose(ctx, op, err)
		if op.Known && attempt == 1 && fault.err != nil && errors.Is(fault.err, recap.NotFound) {
			fault.Again = true // one of several servers may not have caught up
		}
		if fault.Unsure && op.Landed != nil && op.Landed(ctx) {
			return nil, nil
		}
		if !fault.Again || op.Once || op.Body != nil && !op.Body.Replays() {
			return nil, fault.Final(op, attempt)
		}
		if err := h.Backoff(ctx, op, fault, attempt); err != nil {
			return nil, err
		}
	}
}

// Try makes one attempt. What its error means, Diagnose says.
func (h *Host) Try(ctx context.Context, op Operation) (*Answer, error) {
	ctx = auth.WithScopesForHost(ctx, h.base.Host, op.Scopes...)
	if op.Patient {
		ctx = transport.Patient(ctx)
	}
	if op.Stay {
		ctx = transport.Stay(ctx)
	}
	ctx, leave, err := h.pass(ctx, op.Scopes)
	if err != nil {
		return nil, err
	}
	defer leave()
	req, err := http.NewRequestWithContext(ctx, op.Method, op.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	for key, values := range op.Header {
		req.Header[key] = slices.Clone(values)
	}
	if op.Body != nil {
		if err := op.Body.attach(req); err != nil {
			return nil, err
		}
	}
	asked := h.clock.Now()
	resp, err := h.auth.Do(req)
	if op.Body != nil {
		if source := op.Body.failure(); source != nil {
			if err == nil {
				_ = resp.Body.Close()
			}
			return nil, source
		}
	}
	if err != nil {
		return nil, err
	}
	h.answered(op, resp, h.clock.Now().Sub(asked))
	h.warn(resp.Header)
	if !slices.Contains(op.Accept, resp.StatusCode) {
		defer func() { _ = resp.Body.Close() }()
		return nil, newRefusal(resp, h.clock.Now())
	}
	if op.Limit == 0 {
		return &Answer{Response: resp}, nil
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.ContentLength > op.Limit {
		return nil, TooLarge(op.What, op.Limit)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, op.Limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > op.Limit {
		return nil, TooLarge(op.What, op.Limit)
	}
	return &Answer{Response: resp, Data: data}, nil
}

// answered tells how long an answer to op took, and by whom it is. Of a redirect
// that is the host alone: the rest of its address lets in who has it.
func (h *Host) answered(op Operation, resp *http.Response, took time.Duration) {
	by := ""
	if resp.Request != nil && resp.Request.URL.Host != h.base.Host {
		by = " by " + printable.Line(resp.Request.URL.Host)
	}
	h.notices.Detail(h.name, "%s: %s answered %s%s after %s", op.What, op.Method, printable.Line(resp.Status), by, took.Round(time.Millisecond))
}

// pass lets the first request of a scope through and holds the others until it
// is known how to authenticate, if it is likely that they must.
func (h *Host) pass(ctx context.Context, scopes []string) (context.Context, func(), error) {
	scheme, err := h.auth.Cache.GetScheme(ctx, h.base.Host)
	known := err == nil
	if known && scheme == auth.SchemeBasic || !known && !h.login.likely(ctx) {
		return ctx, func() {}, nil
	}
	return h.gates.Pass(ctx, strings.Join(scopes, " "))
}

// TooLarge is the error for more than the limit of something.
func TooLarge(what string, limit int64) error {
	return recap.Errorf(recap.Unsafe, "too-large", "%s: the answer is larger than %d bytes", what, limit)
}
