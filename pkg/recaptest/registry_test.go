// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// call makes one request and returns status and body.
func call(t *testing.T, c *http.Client, method, url, body string, header ...string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp, string(got), err
}

// push stores a blob by POST and PUT and returns its digest.
func push(t *testing.T, r *Registry, body string) string {
	t.Helper()
	resp, _, err := call(t, http.DefaultClient, "POST", r.URL()+"/v2/a/blobs/uploads/", "")
	if err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("POST: %v, %v", resp, err)
	}
	at, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(body)))
	q := at.Query()
	q.Set("digest", digest)
	at.RawQuery = q.Encode()
	resp, _, err = call(t, http.DefaultClient, "PUT", at.String(), body, "Content-Type", "application/octet-stream")
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("PUT: %v, %v", resp, err)
	}
	return digest
}

func TestJournal(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	digest := push(t, r, "hello")
	_, got, err := call(t, http.DefaultClient, "GET", r.URL()+"/v2/a/blobs/"+digest, "")
	if err != nil || got != "hello" {
		t.Fatalf("got %q, %v", got, err)
	}
	type line struct {
		Kind    Kind
		Method  string
		Status  int
		In, Out int64
	}
	var lines []line
	for _, e := range r.Journal() {
		lines = append(lines, line{e.Kind, e.Method, e.Status, e.In, e.Out})
	}
	want := []line{{Upload, "POST", 202, 0, 0}, {Upload, "PUT", 201, 5, 0}, {Blob, "GET", 200, 0, 5}}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"POST upload": 1, "PUT upload": 1, "GET blob": 1}, r.Counts()); diff != "" {
		t.Error(diff)
	}
	r.Reset()
	if n := len(r.Journal()); n != 0 {
		t.Errorf("%d requests after Reset", n)
	}
}

func TestKeptInDirectory(t *testing.T) {
	dir := t.TempDir()
	r := NewRegistry(t, RegistryOptions{Dir: dir})
	digest := push(t, r, "hello")
	if _, err := os.Stat(filepath.Join(dir, "a", "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))); err != nil {
		t.Error(err)
	}
}

// The depth is what the client's code says, however long it takes between two
// rounds.
func TestDepth(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{HoldAnswers: true})
	dir := t.TempDir()
	for _, width := range []int{1, 7, 20, 3} {
		var wg sync.WaitGroup
		for i := range width {
			wg.Go(func() {
				sum := bytes.Repeat([]byte{byte(i)}, 32)
				for range 20_000 { // work, and a wait for the disk, before asking
					h := sha256.Sum256(sum)
					sum = h[:]
				}
				f, err := os.Create(filepath.Join(dir, fmt.Sprint(width, "-", i)))
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				if _, err := f.Write(sum); err != nil {
					t.Error(err)
				}
				if err := f.Sync(); err != nil {
					t.Error(err)
				}
				if _, _, err := call(t, http.DefaultClient, "GET", r.URL()+"/v2/", ""); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if got := r.Depth(); got != 4 {
		t.Errorf("depth %d, want 4", got)
	}
	perRound := map[int]int{}
	for _, e := range r.Journal() {
		perRound[e.Round]++
	}
	if diff := cmp.Diff(map[int]int{1: 1, 2: 7, 3: 20, 4: 3}, perRound); diff != "" {
		t.Error(diff)
	}
}

// A client that needs two answers at once to go on is not kept waiting.
func TestDepthOfEntangledRequests(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{HoldAnswers: true})
	digest := push(t, r, strings.Repeat("x", 8<<20))
	resp, err := http.Get(r.URL() + "/v2/a/blobs/" + digest)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, _, err := call(t, http.DefaultClient, "GET", r.URL()+"/v2/", ""); err != nil {
		t.Fatal(err)
	}
}

func TestBasic(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{Username: "ann", Password: "secret"})
	for _, tt := range []struct {
		name, header string
		want         int
	}{
		{"nobody", "", 401},
		{"wrong", "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:wrong")), 401},
		{"right", "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:secret")), 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, _, err := call(t, http.DefaultClient, "GET", r.URL()+"/v2/", "", "Authorization", tt.header)
			if err != nil || resp.StatusCode != tt.want {
				t.Fatalf("got %v, %v; want %d", resp, err, tt.want)
			}
			if tt.want == 401 && resp.Header.Get("WWW-Authenticate") == "" {
				t.Error("no challenge")
			}
		})
	}
}

func TestToken(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{Username: "ann", Password: "secret", Token: true, AnonymousPull: true})
	token := func(scope string, known bool) string {
		t.Helper()
		req, err := http.NewRequest("GET", r.URL()+"/token?scope="+url.QueryEscape(scope), nil)
		if err != nil {
			t.Fatal(err)
		}
		if known {
			req.SetBasicAuth("ann", "secret")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var answer struct{ Token string }
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return answer.Token
	}
	try := func(method, token string) int {
		t.Helper()
		path := "/v2/a/tags/list"
		if method == "POST" {
			path = "/v2/a/blobs/uploads/"
		}
		resp, _, err := call(t, http.DefaultClient, method, r.URL()+path, "", "Authorization", "Bearer "+token)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	both := token("repository:a:pull,push", true)
	if got := try("POST", both); got != 202 {
		t.Errorf("push with a token for it: %d", got)
	}
	if got := try("POST", token("repository:a:pull,push", false)); got != 401 {
		t.Errorf("push with an anonymous token: %d", got)
	}
	if got := try("POST", token("repository:b:pull,push", true)); got != 401 {
		t.Errorf("push with another repository's token: %d", got)
	}
	if got := try("GET", token("repository:a:pull", false)); got != 200 {
		t.Errorf("pull with an anonymous token: %d", got)
	}
	r.ExpireTokens()
	if got := try("POST", both); got != 401 {
		t.Errorf("push with an expired token: %d", got)
	}
}

func TestTLS(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{TLS: true})
	pem, err := os.ReadFile(r.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer c.CloseIdleConnections()
	if _, _, err := call(t, c, "GET", r.URL()+"/v2/", ""); err != nil {
		t.Error(err)
	}
	if _, _, err := call(t, http.DefaultClient, "GET", r.URL()+"/v2/", ""); err == nil {
		t.Error("a stranger's certificate was accepted")
	}
}

// errAny stands for an error that each system spells in its own way.
var errAny = errors.New("any error")

func TestActions(t *testing.T) {
	const body = "hello, world"
	for _, tt := range []struct {
		name       string
		action     Action
		wantStatus int
		wantBody   string
		wantErr    error
		wantHeader string // of X-Test
	}{
		{name: "status", action: Status(503), wantStatus: 503},
		{name: "retry after", action: RetryAfter(429, "7"), wantStatus: 429},
		{name: "respond", action: Respond(200, http.Header{"x-test": {"a"}}, "lie"), wantStatus: 200, wantBody: "lie", wantHeader: "a"},
		{name: "set header", action: SetHeader("X-Test", "b"), wantStatus: 200, wantBody: body, wantHeader: "b"},
		{name: "truncate", action: Truncate(5), wantStatus: 200, wantBody: "hello", wantErr: io.ErrUnexpectedEOF},
		{name: "flip", action: Flip(1), wantStatus: 200, wantBody: "hdllo, world"},
		{name: "drop", action: Drop(), wantErr: io.EOF},
		{name: "reset", action: Reset(), wantErr: errAny},
		{name: "lose the answer", action: LoseAnswer(), wantErr: errAny},
		{name: "redirect", action: Redirect(307, "/v2/"), wantStatus: 200, wantBody: "{}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := NewRegistry(t, RegistryOptions{})
			digest := push(t, r, body)
			r.Inject(Fault{Match: Match{Method: "GET", Kind: Blob}, Times: Always, Action: tt.action})
			resp, got, err := call(t, http.DefaultClient, "GET", r.URL()+"/v2/a/blobs/"+digest, "")
			if anyErr := errors.Is(tt.wantErr, errAny); anyErr && err == nil || !anyErr && !errors.Is(err, tt.wantErr) {
				t.Fatalf("err %v, want %v", err, tt.wantErr)
			}
			if got != tt.wantBody && err == nil {
				t.Errorf("body %q, want %q", got, tt.wantBody)
			}
			if resp != nil && (resp.StatusCode != tt.wantStatus || resp.Header.Get("X-Test") != tt.wantHeader) {
				t.Errorf("status %d, X-Test %q", resp.StatusCode, resp.Header.Get("X-Test"))
			}
			if r.Faulted() == 0 {
				t.Error("no fault")
			}
		})
	}
}

func TestServe(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	manifest := func(tag string) string {
		config := push(t, r, "{}")
		body := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},"layers":[],"annotations":{"a":%q}}`, config, tag)
		resp, _, err := call(t, http.DefaultClient, "PUT", r.URL()+"/v2/a/manifests/"+tag, body, "Content-Type", "application/vnd.oci.image.manifest.v1+json")
		if err != nil || resp.StatusCode != 201 {
			t.Fatalf("PUT %s: %v, %v", tag, resp, err)
		}
		return body
	}
	one, two := manifest("one"), manifest("two")
	r.Inject(Fault{Match: Match{Path: "/v2/*/manifests/one"}, Nth: 2, Action: Serve("two")})
	for i, want := range []string{one, two, one} {
		if _, got, err := call(t, http.DefaultClient, "GET", r.URL()+"/v2/a/manifests/one", "", "Accept", "application/vnd.oci.image.manifest.v1+json"); err != nil || got != want {
			t.Errorf("answer %d: %s, %v", i, got, err)
		}
	}
}

func TestFaultSchedule(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	r.Inject(
		Fault{Match: Match{Kind: Ping}, Nth: 2, Times: 2, Action: Status(503)},
		Fault{Match: Match{Func: func(r *http.Request) bool { return r.URL.Query().Has("x") }}, Times: Always, Action: Status(418)},
	)
	var got []int
	for _, path := range []string{"/v2/", "/v2/", "/v2/", "/v2/", "/v2/?x"} {
		resp, _, err := call(t, http.DefaultClient, "GET", r.URL()+path, "")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, resp.StatusCode)
	}
	if diff := cmp.Diff([]int{200, 503, 503, 200, 418}, got); diff != "" {
		t.Error(diff)
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"/v2/", "/v2/", true},
		{"/v2/", "/v2/a", false},
		{"/v2/*/blobs/*", "/v2/a/b/blobs/sha256:0", true},
		{"/v2/*/blobs/*", "/v2/a/b/manifests/sha256:0", false},
		{"*", "", true},
		{"a*a", "a", false},
		{"a*b*c", "axbyc", true},
		{"a*b*c", "acb", false},
	} {
		if got := glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("glob(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}
