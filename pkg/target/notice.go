// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import "sync"

// maxWarnings is how many different warnings are passed on; a registry could
// send one with every answer.
const maxWarnings = 10

// notifier passes notices on, one at a time.
type notifier struct {
	fn func(Notice)

	mu       sync.Mutex
	warnings map[string]bool
}

func newNotifier(fn func(Notice)) *notifier {
	return &notifier{fn: fn, warnings: map[string]bool{}}
}

func (n *notifier) send(notice Notice) {
	if n.fn == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fn(notice)
}

// warn passes on a warning that was not passed on before.
func (n *notifier) warn(host, text string) {
	if n.fn == nil {
		return
	}
	text = clean(text)
	n.mu.Lock()
	defer n.mu.Unlock()
	if key := host + " " + text; text != "" && len(n.warnings) < maxWarnings && !n.warnings[key] {
		n.warnings[key] = true
		n.fn(Notice{Kind: NoticeWarning, Host: host, Text: text})
	}
}
