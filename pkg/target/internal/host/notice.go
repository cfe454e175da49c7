// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"sync"
	"time"

	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// maxWarnings is how many different warnings are passed on; a registry could
// send one with every answer.
const maxWarnings = 10

// Notices passes on, one at a time, what a person may want to know.
type Notices struct {
	retry   func(host, text string, wait time.Duration)
	warning func(host, text string)

	mu       sync.Mutex
	warnings map[string]bool
}

// NewNotices returns Notices that are told to retry, of a request that will be
// repeated after wait, and to warning.
func NewNotices(retry func(host, text string, wait time.Duration), warning func(host, text string)) *Notices {
	return &Notices{retry: retry, warning: warning, warnings: map[string]bool{}}
}

// Retry passes on that a request failed and will be repeated after wait. Its
// text is fit to print.
func (n *Notices) Retry(host, text string, wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.retry(host, text, wait)
}

// Warn passes on a warning that was not passed on before.
func (n *Notices) Warn(host, text string) {
	text = printable.Line(text)
	n.mu.Lock()
	defer n.mu.Unlock()
	if key := host + " " + text; text != "" && len(n.warnings) < maxWarnings && !n.warnings[key] {
		n.warnings[key] = true
		n.warning(host, text)
	}
}
