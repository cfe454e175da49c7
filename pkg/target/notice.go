// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"time"

	"github.com/recap-oci/recap/pkg/target/internal/host"
)

// Notice is something a person may want to know while work goes on. Its texts
// are safe to print.
type Notice struct {
	Kind NoticeKind
	Host string
	Text string
	Wait time.Duration // of a retry: until the next attempt
}

// NoticeKind classes notices.
type NoticeKind string

// The kinds of notices.
const (
	NoticeRetry   NoticeKind = "retry"   // a request failed and will be repeated
	NoticeWarning NoticeKind = "warning" // the registry, or this package, warns
	NoticeDetail  NoticeKind = "detail"  // a request was answered, or done without; with [Options.Verbose] only
)

// notices returns what hosts tell, for o.OnNotice.
func (o Options) notices() *host.Notices {
	tell := o.OnNotice
	if tell == nil {
		tell = func(Notice) {}
	}
	var detail func(name, text string)
	if o.Verbose {
		detail = func(name, text string) { tell(Notice{Kind: NoticeDetail, Host: name, Text: text}) }
	}
	return host.NewNotices(
		func(name, text string, wait time.Duration) {
			tell(Notice{Kind: NoticeRetry, Host: name, Text: text, Wait: wait})
		},
		func(name, text string) { tell(Notice{Kind: NoticeWarning, Host: name, Text: text}) },
		detail,
	)
}
