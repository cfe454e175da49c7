// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxRetryAfter is the longest wait that a registry may ask for. Someone who
// waits at a terminal, or pays for a CI minute, decides about more.
const MaxRetryAfter = 60 * time.Second

// RetryAfter returns how long the answer asks to wait: seconds or a date,
// https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after. A date is taken
// against the answer's own Date where it has one, since clocks differ.
func RetryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0, false
	}
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	return max(at.Sub(now), 0), true
}
