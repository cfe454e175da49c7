// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

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

// caller asks the services of a Sigstore instance, and identity providers. A
// service that fails is asked again, until the time that was lost in all
// exceeds the budget. It is safe for concurrent use.
type caller struct {
	client   http.Client
	onNotice func(Notice)

	mu   sync.Mutex // guards left, and calls of onNotice
	left time.Duration
}

func newCaller(transport http.RoundTripper, onNotice func(Notice), budget time.Duration) *caller {
	if budget <= 0 {
		budget = defaultBudget
	}
	return &caller{
		client: http.Client{
			Transport: transport,
			// A redirect would carry a token, or what is to be signed, to whom
			// nobody named.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		onNotice: onNotice,
		left:     budget,
	}
}

// request is what a service is asked.
type request struct {
	service string   // in words: "the certificate authority"
	urls    []string // of which any will do; the next one is asked when one fails
	method  string
	header  map[string]string
	body    []byte
	redact  func(string) string // takes secrets out of what a service says; nil: there are none
	pass    []int               // status codes of failure that the caller wants to see
}

// answer is what a service said.
type answer struct {
	url    string // who said it
	status int
	header http.Header
	body   []byte
}

// ask returns the answer of the first service that gives one: with a status
// of success, or one that r passes.
func (c *caller) ask(ctx context.Context, r request) (answer, error) {
	for attempt := 1; ; attempt++ {
		address := r.urls[(attempt-1)%len(r.urls)]
		started := time.Now()
		got, trouble := c.once(ctx, r, address, attempt)
		switch {
		case trouble == nil:
			return got, nil
		case ctx.Err() != nil:
			return answer{}, fmt.Errorf("asking %s at %s: %w", r.service, plainAddress(address), context.Cause(ctx))
		case !trouble.again:
			return answer{}, trouble.err
		}
		left := c.spend(time.Since(started))

		// Somebody else, who wasn't asked yet, may answer at once.
		wait := time.Duration(0)
		if attempt >= len(r.urls) {
			wait = max(min(firstWait<<min(attempt-len(r.urls), 10), longestWait), trouble.wait)
		}
		if wait >= left || trouble.few && attempt >= 3 {
			return answer{}, trouble.err
		}
		c.notify(Notice{Service: r.service, Address: plainAddress(address), Reason: trouble.reason, Wait: wait, Left: left, Attempt: attempt, Again: true})
		if err := sleep(ctx, wait); err != nil {
			return answer{}, fmt.Errorf("asking %s at %s: %w", r.service, plainAddress(address), err)
		}
		c.spend(wait)
	}
}

// once asks one service one time.
func (c *caller) once(ctx context.Context, r request, address string, attempt int) (answer, *trouble) {
	ctx, cancel := context.WithTimeout(ctx, max(min(attemptTimeout, c.spend(0)), minTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, &trouble{err: recap.Errorf(recap.Usage, "bad-service", "the address of %s makes no sense: %q", r.service, plainAddress(address))}
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", "recap")

	told := make(chan struct{})
	quiet := time.AfterFunc(quietFor, func() {
		defer close(told)
		c.notify(Notice{Service: r.service, Address: plainAddress(address), Reason: "no answer yet", Left: c.spend(0), Attempt: attempt})
	})
	defer func() {
		if !quiet.Stop() {
			<-told // nobody hears of a request that is over
		}
	}()
	resp, err := c.client.Do(req)
	if err != nil {
		return answer{}, r.noAnswer(address, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, r.noAnswer(address, err)
	}
	got := answer{url: address, status: resp.StatusCode, header: resp.Header, body: body}
	if trouble := r.diagnose(got); trouble != nil {
		return answer{}, trouble
	}
	if len(body) > maxAnswer {
		return answer{}, &trouble{err: recap.Errorf(recap.Unavailable, "bad-answer", "%s at %s answers with more than %d bytes", r.service, plainAddress(address), maxAnswer)}
	}
	return got, nil
}

// spend takes d from the budget and returns what is left.
func (c *caller) spend(d time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = max(c.left-d, 0)
	return c.left
}

func (c *caller) notify(n Notice) {
	if c.onNotice == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onNotice(n)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
