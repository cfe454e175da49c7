// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// same is a network on which everybody gives one answer.
type same struct {
	t      *testing.T
	answer []byte
	asked  atomic.Int32
}

func (s *same) RoundTrip(req *http.Request) (*http.Response, error) {
	// Requests go out side by side, so this is no place for Fatal.
	if s.asked.Add(1) > 300 {
		s.t.Errorf("%q is asked for without end", s.answer)
		return nil, errors.New("too often")
	}
	if req.Body != nil {
		defer req.Body.Close()
	}
	if req.URL.Host == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https" { // as http.Transport says
		return nil, fmt.Errorf("%q leads nowhere", req.URL)
	}
	if user, _, ok := req.BasicAuth(); ok && user == "ann" && req.URL.Scheme != "https" {
		s.t.Errorf("%q has the password sent to %s", s.answer, req.URL)
	}
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(s.answer)), req)
}

// FuzzAnswer: whatever a registry answers to whatever it is asked, challenges,
// redirects, pages, warnings and waits included, ends in an error with a kind, or
// in as many bytes as were asked for; and all that is printed is printable.
func FuzzAnswer(f *testing.F) {
	const ok, denied = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 401 Unauthorized\r\n"
	for _, seed := range []string{
		ok + "Content-Type: application/json\r\n\r\n{\"tags\":[\"v1\",\"\\u001b\"]}",
		ok + "Link: </v2/team/recaps/tags/list?last=x>; rel=\"next\"\r\n\r\n{\"tags\":[\"v1\"]}",
		ok + "Content-Type: application/vnd.oci.image.index.v1+json\r\n\r\n{\"schemaVersion\":2,\"manifests\":[]}",
		ok + "Docker-Content-Digest: sha256:x\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n\r\n{}",
		denied + "WWW-Authenticate: Bearer realm=\"https://auth.example.com/token\",service=\"s\",scope=\"repository:team/recaps:pull\"\r\n\r\n{\"token\":\"x\"}",
		denied + "WWW-Authenticate: Basic realm=\"x\"\r\n\r\n", denied + "WWW-Authenticate: Bearer realm=\"http://169.254.169.254/\"\r\n\r\n",
		denied + "WWW-Authenticate: Bearer\r\n\r\n", denied + "WWW-Authenticate: Bearer realm=\"https:///\"\r\n\r\n",
		denied + "WWW-Authenticate: Bearer realm=\"https://auth.example.com/\\\"\",,=\r\nWWW-Authenticate: Digest x=y, Basic\r\n\r\n",
		"HTTP/1.1 403 \x1b[2J\r\nContent-Type: application/json\r\n\r\n{\"errors\":[{\"code\":\"DENIED\\u001b\",\"message\":\"\\u202e\",\"detail\":{\"x\":[1]}}]}",
		"HTTP/1.1 404 x\r\nContent-Type: text/plain\r\n\r\n\x9b", "HTTP/1.1 429 x\r\nRetry-After: 99999999999999999999\r\n\r\n", "HTTP/1.1 503 x\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: x\r\n\r\n",
		"HTTP/1.1 202 Accepted\r\nLocation: /v2/team/recaps/blobs/uploads/x?y\r\n\r\n", "HTTP/1.1 202 Accepted\r\nLocation: //evil.example/x\r\n\r\n", "HTTP/1.1 201 Created\r\n\r\n",
		"HTTP/1.1 307 x\r\nLocation: https://storage.example.com/x\r\n\r\n", "HTTP/1.1 302 x\r\nLocation: \x1b\r\n\r\n", "HTTP/1.1 206 x\r\nContent-Range: bytes 9-1/x\r\nContent-Length: 2\r\n\r\nab",
		ok + "Warning: 299 - \"\\x1b[2J\"\r\nWarning: 299 x\r\n\r\n", ok + "Content-Length: 99\r\n\r\nshort", ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "\x1b",
	} {
		f.Add([]byte(seed))
	}
	// oras looks up the names of token services, and nobody is to be asked.
	system := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no network")
	}}
	f.Cleanup(func() { net.DefaultResolver = system })
	blob := recaptest.BlobOf([]byte("a blob"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		printed := func(s string) {
			for _, r := range s {
				if !recap.IsPrintable(r) && r != '\n' {
					t.Fatalf("%q prints %q", answer, s)
				}
			}
		}
		opts := Options{Username: "ann", Password: "secret", Verbose: true, OnNotice: func(n Notice) { printed(n.Host + n.Text) }}
		c, err := newClient(opts, clock.Of(recaptest.NewClock(0)), &same{t: t, answer: answer})
		if err != nil {
			t.Fatal(err)
		}
		dst, err := c.Create(t.Context(), Reference{Host: "registry.example.com", Repository: "team/recaps"})
		if err != nil {
			t.Fatal(err)
		}
		for _, verb := range []struct {
			name string
			ask  func() error
		}{
			{"resolve", func() error { _, err := dst.Resolve(t.Context(), "v1"); return err }},
			{"fetch", func() error {
				data, err := read(t.Context(), dst, blob)
				if err == nil && int64(len(data)) != blob.Size { // the digest is the reader's to check
					t.Fatalf("%q is taken for a blob of %d bytes", data, blob.Size)
				}
				return err
			}},
			{"exists", func() error { _, err := dst.Exists(t.Context(), blob); return err }},
			{"push", func() error { return dst.Push(t.Context(), blob, strings.NewReader("a blob")) }},
			{"tags", func() error { return dst.Tags(t.Context(), "", func([]string) error { return nil }) }},
			{"referrers", func() error {
				return dst.Referrers(t.Context(), blob, "", func([]ocispec.Descriptor) error { return nil })
			}},
			{"delete", func() error { return dst.Delete(t.Context(), blob) }},
		} {
			err := verb.ask()
			if err == nil {
				continue
			}
			var known *recap.Error
			if !errors.As(err, &known) {
				t.Fatalf("%q: %s: %v has no kind", answer, verb.name, err)
			}
			if printed(err.Error() + known.Hint); strings.Contains(err.Error(), "secret") {
				t.Fatalf("%q: %s: %v tells the password", answer, verb.name, err)
			}
		}
	})
}
