// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"net/http"
	"net/url"
	"time"
)

// defaultTimeout is how long a peer may be silent.
const defaultTimeout = 30 * time.Second

// Options says how a [Client] reaches registries. The zero value is anonymous,
// over TLS with the system's roots, and over HTTP to loopback hosts.
type Options struct {
	// PlainHTTP is nil for HTTP to loopback hosts and TLS to all others, true
	// for HTTP to every host, false for TLS to every host. With a CAFile, nil
	// means false.
	PlainHTTP *bool

	// InsecureUnsafe accepts any certificate. Whoever sits between then reads
	// the credentials; digests and signatures still hold.
	InsecureUnsafe bool

	CAFile   string // PEM roots trusted beside the system's
	CertFile string // PEM certificate shown to registries that ask for one
	KeyFile  string // PEM key of CertFile

	// Username and Password are for every host this Client opens; give each
	// end of a copy its own Client. When Username is empty and Password is
	// not, the password is an identity token.
	Username, Password string

	// CredentialFiles are docker's config.json and podman's auth.json files,
	// asked in this order; Login and Logout change the first. Files that don't
	// exist are empty. See [CredentialFiles].
	CredentialFiles []string

	// UserAgent is "recap" when empty.
	UserAgent string

	// Concurrency is the most requests in flight to one host, in each
	// direction; 64 when zero. The brake starts lower and finds out how many
	// the host bears.
	Concurrency int

	// Timeout is how long a peer may be silent, 30 seconds when zero: from the
	// end of a request to the first byte of its answer, and between two bytes
	// of a body. A slow peer that keeps moving is never cut off, and what was
	// sent completely may be thought about for ten minutes, or for Timeout if
	// that is longer.
	Timeout time.Duration

	// Clock is the system's when nil.
	Clock Clock

	// Budget is what retries are taken from. The Clients of one command share
	// one; nil is one of this Client's own.
	Budget *Budget

	// Proxy chooses the proxy of a request; nil is http.ProxyFromEnvironment.
	Proxy func(*http.Request) (*url.URL, error)

	// OnNotice is told what is worth a line on stderr: retries, warnings of
	// the registry, a password stored in the clear. It is called from many
	// goroutines, one at a time. Nil drops notices.
	OnNotice func(Notice)

	// Verbose tells OnNotice of each answer, too, and of what a registry can't do
	// and is done in another way: for who looks for a cause.
	Verbose bool
}
