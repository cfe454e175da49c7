// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package service asks the services of a Sigstore instance, and identity
// providers: again until a budget is spent, never where a redirect points, and
// no further than an answer's first mebibyte. Start at [New].
package service

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

const (
	defaultBudget  = 2 * time.Minute
	attemptTimeout = 30 * time.Second // of one request, until its answer was read
	minTimeout     = 5 * time.Second  // of one request, however little is left of the budget
	quietFor       = 5 * time.Second  // before somebody is told that an answer is awaited
	firstWait      = 500 * time.Millisecond
	longestWait    = 15 * time.Second
	maxAnswer      = 1 << 20 // bytes; a certificate chain, a log entry or a token has a few KiB
)

// Caller asks the services of a Sigstore instance, and identity providers. A
// service that fails is asked again, until the time that was lost in all
// exceeds the budget. It is safe for concurrent use.
type Caller struct {
	Clock // by which it waits

	client   http.Client
	onNotice func(Notice)

	mu   sync.Mutex // guards left, and calls of onNotice
	left time.Duration
}

// Options are the options of a [Caller].
type Options struct {
	Transport http.RoundTripper // default: net/http's
	OnNotice  func(Notice)      // told what is waited for; nil: nobody is
	Budget    time.Duration     // that may be lost to services that fail; default: two minutes
	Clock     Clock             // default: the system's
}

// New returns a caller.
func New(opts Options) *Caller {
	if opts.Budget <= 0 {
		opts.Budget = defaultBudget
	}
	return &Caller{
		client: http.Client{
			Transport: opts.Transport,
			// A redirect would carry a token, or what is to be signed, to whom
			// nobody named.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		onNotice: opts.OnNotice,
		Clock:    ClockOr(opts.Clock),
		left:     opts.Budget,
	}
}

// Request is what a service is asked.
type Request struct {
	Service string   // in words: "the certificate authority"
	URLs    []string // of which any will do; the next one is asked when one fails
	Method  string
	Header  map[string]string
	Body    []byte
	Redact  func(string) string // takes secrets out of what a service says; nil: there are none
	Pass    []int               // status codes of failure that the caller wants to see
}

// Answer is what a service said.
type Answer struct {
	URL    string // who said it
	Status int
	Header http.Header
	Body   []byte
}

// Ask returns the answer of the first service that gives one: with a status
// of success, or one that r passes.
func (c *Caller) Ask(ctx context.Context, r Request) (Answer, error) {
	for attempt := 1; ; attempt++ {
		address := r.URLs[(attempt-1)%len(r.URLs)]
		started := c.Now()
		got, trouble := c.once(ctx, r, address, attempt)
		switch {
		case trouble == nil:
			return got, nil
		case ctx.Err() != nil:
			return Answer{}, fmt.Errorf("asking %s at %s: %w", r.Service, PlainAddress(address), context.Cause(ctx))
		case !trouble.again:
			return Answer{}, trouble.err
		}
		left := c.spend(c.Now().Sub(started))

		// Somebody else, who wasn't asked yet, may answer at once.
		wait := time.Duration(0)
		if attempt >= len(r.URLs) {
			wait = max(min(firstWait<<min(attempt-len(r.URLs), 10), longestWait), trouble.wait)
		}
		if wait >= left || trouble.few && attempt >= 3 {
			return Answer{}, trouble.err
		}
		c.notify(Notice{Service: r.Service, Address: PlainAddress(address), Reason: trouble.reason, Wait: wait, Left: left, Attempt: attempt, Again: true})
		if err := c.Sleep(ctx, wait); err != nil {
			return Answer{}, fmt.Errorf("asking %s at %s: %w", r.Service, PlainAddress(address), err)
		}
		c.spend(wait)
	}
}

// once asks one service one time.
func (c *Caller) once(ctx context.Context, r Request, address string, attempt int) (Answer, *trouble) {
	ctx, cancel := context.WithTimeout(ctx, max(min(attemptTimeout, c.spend(0)), minTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, address, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, &trouble{err: recap.Errorf(recap.Usage, "bad-service", "the address of %s makes no sense: %q", r.Service, PlainAddress(address))}
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", "recap")

	told := make(chan struct{})
	quiet := c.AfterFunc(quietFor, func() {
		defer close(told)
		c.notify(Notice{Service: r.Service, Address: PlainAddress(address), Reason: "no answer yet", Left: c.spend(0), Attempt: attempt})
	})
	defer func() {
		if !quiet.Stop() {
			<-told // nobody hears of a request that is over
		}
	}()
	resp, err := c.client.Do(req)
	if err != nil {
		return Answer{}, r.noAnswer(address, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Answer{}, r.noAnswer(address, err)
	}
	got := Answer{URL: address, Status: resp.StatusCode, Header: resp.Header, Body: body}
	if trouble := r.diagnose(got, c.Now()); trouble != nil {
		return Answer{}, trouble
	}
	if len(body) > maxAnswer {
		return Answer{}, &trouble{err: recap.Errorf(recap.Unavailable, "bad-answer", "%s at %s answers with more than %d bytes", r.Service, PlainAddress(address), maxAnswer)}
	}
	return got, nil
}

// spend takes d from the budget and returns what is left.
func (c *Caller) spend(d time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = max(c.left-d, 0)
	return c.left
}

func (c *Caller) notify(n Notice) {
	if c.onNotice == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onNotice(n)
}

// AcceptJSON returns the header of a request that is answered in JSON.
func AcceptJSON() map[string]string { return map[string]string{"Accept": "application/json"} }
