// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
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
	detail  func(host, text string) // nil: nobody wants to know

	mu       sync.Mutex
	warnings map[string]bool
}

// NewNotices returns Notices that are told to retry, of a request that will be
// repeated after wait, to warning, and to detail unless that is nil.
func NewNotices(retry func(host, text string, wait time.Duration), warning, detail func(host, text string)) *Notices {
	return &Notices{retry: retry, warning: warning, detail: detail, warnings: map[string]bool{}}
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

// Detail passes on what only somebody wants to know who looks for a cause. Its
// text is fit to print.
func (n *Notices) Detail(host, format string, args ...any) {
	if n.detail == nil {
		return
	}
	text := fmt.Sprintf(format, args...)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.detail(host, text)
}
