// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// Basic costs one request and one round, Bearer two, once per repository,
// however many goroutines start at once and whatever they do.
func TestAuthenticationRequests(t *testing.T) {
	for _, tt := range []struct {
		name                        string
		token                       bool
		wantRefused, wantTokens     int
		wantRequests, wantDepth     int
		wantSecondRepositoryRefused int
	}{
		{name: "basic", wantRefused: 1, wantRequests: 17, wantDepth: 3},
		{name: "bearer", token: true, wantRefused: 1, wantTokens: 1, wantRequests: 18, wantDepth: 4, wantSecondRepositoryRefused: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: tt.token, HoldAnswers: true})
			c, _ := newTestClient(t, Options{Username: "ann", Password: "secret"})
			refused := func() (refused, tokens int) {
				for _, e := range r.Journal() {
					if e.Status == http.StatusUnauthorized {
						refused++
						if e.Authorized {
							t.Errorf("%s %s: refused with credentials", e.Method, e.Path)
						}
					}
				}
				return refused, r.Count(recaptest.Token)
			}
			for i, repository := range []string{"team/one", "team/two"} {
				r.Reset()
				dst, err := c.Create(t.Context(), Reference{Host: r.Host(), Repository: repository})
				if err != nil {
					t.Fatal(err)
				}
				var wg sync.WaitGroup
				for n := range 8 {
					data := []byte{byte(n)}
					wg.Go(func() {
						if err := dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data)); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				gotRefused, gotTokens := refused()
				if i == 1 {
					if gotRefused != tt.wantSecondRepositoryRefused || gotTokens != tt.wantTokens {
						t.Errorf("second repository: %d refused, %d tokens", gotRefused, gotTokens)
					}
					continue
				}
				if gotRefused != tt.wantRefused || gotTokens != tt.wantTokens {
					t.Errorf("%d refused, %d tokens; want %d, %d", gotRefused, gotTokens, tt.wantRefused, tt.wantTokens)
				}
				if n := len(r.Journal()); n != tt.wantRequests || r.Depth() != tt.wantDepth {
					t.Errorf("%d requests in %d rounds, want %d in %d", n, r.Depth(), tt.wantRequests, tt.wantDepth)
				}
			}
		})
	}
}

// The token that is asked for first covers all that will be done.
func TestScope(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: true, AnonymousPull: true})
	c, _ := newTestClient(t, Options{Username: "ann", Password: "secret"})
	ref := Reference{Host: r.Host(), Repository: "team/recaps"}
	dst, err := c.Create(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	desc, data := recaptest.ManifestOf(t, "one", nil)
	if _, err := dst.Exists(t.Context(), desc); err != nil {
		t.Fatal(err)
	}
	pushAll(t, dst, desc, data)
	if err := dst.Delete(t.Context(), desc); err != nil {
		t.Fatal(err)
	}
	anonymous, _ := newTestClient(t, Options{})
	src, err := anonymous.Open(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Exists(t.Context(), desc); err != nil {
		t.Fatal(err)
	}
	var scopes []string
	for _, e := range r.Journal() {
		if e.Kind == recaptest.Token {
			scopes = append(scopes, e.Query["scope"]...)
		}
	}
	want := []string{
		"repository:team/recaps:pull,push",
		"repository:team/recaps:delete,pull,push",
		"repository:team/recaps:pull",
	}
	if diff := cmp.Diff(want, scopes); diff != "" {
		t.Error(diff)
	}
}

func TestDenied(t *testing.T) {
	secured := recaptest.RegistryOptions{Username: "ann", Password: "secret"}
	token := recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: true}
	for _, tt := range []struct {
		name     string
		registry recaptest.RegistryOptions
		opts     Options
		fault    recaptest.Action
		code     string
		says     string
		requests int
	}{
		{"nobody, basic", secured, Options{}, nil, "unauthorized", "none is stored", 1},
		{"nobody, bearer", token, Options{}, nil, "unauthorized", "none is stored", 2},
		{"wrong password, basic", secured, Options{Username: "ann", Password: "wrong"}, nil, "unauthorized", `login of "ann"`, 2},
		{"wrong password, bearer", token, Options{Username: "ann", Password: "wrong"}, nil, "unauthorized", `login of "ann"`, 2},
		{"forbidden to somebody", secured, Options{Username: "ann", Password: "secret"}, recaptest.Status(403), "forbidden", `"ann"`, 1},
		{"forbidden to nobody", recaptest.RegistryOptions{}, Options{}, recaptest.Status(403), "forbidden", "anonymous", 1},
		{"no challenge", recaptest.RegistryOptions{}, Options{}, recaptest.Status(401), "unauthorized", "none is stored", 1},
		{"unknown scheme", recaptest.RegistryOptions{}, Options{}, recaptest.Respond(401, http.Header{"WWW-Authenticate": {"Negotiate"}}, ""), "unauthorized", "none is stored", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, tt.registry)
			src, fake := create(t, r, tt.opts)
			if tt.fault != nil {
				r.Inject(recaptest.Fault{Times: recaptest.Always, Action: tt.fault})
			}
			_, _, err := src.FetchReference(t.Context(), "v1")
			e := recaptest.WantError(t, err, recap.Denied, tt.code)
			if !strings.Contains(e.Error(), tt.says) || !strings.Contains(e.Hint, "recap login "+r.Host()) {
				t.Errorf("%v\nhint: %s", e, e.Hint)
			}
			if strings.Contains(e.Error(), "secret") {
				t.Errorf("a password is printed: %v", e)
			}
			if n := len(r.Journal()); n != tt.requests || len(fake.Sleeps()) != 0 {
				t.Errorf("%d requests, want %d; slept %v", n, tt.requests, fake.Sleeps())
			}
		})
	}
}

// A token that ends between POST and PUT is replaced, and the bytes are sent
// again.
func TestTokenExpiresDuringUpload(t *testing.T) {
	for _, tt := range []struct {
		name string
		seek bool
	}{
		{name: "content that seeks", seek: true},
		{name: "small stream"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: true})
			dst, _ := create(t, r, Options{Username: "ann", Password: "secret"})
			r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
				r.ExpireTokens()
				next.ServeHTTP(w, req)
			}})
			data := bytes.Repeat([]byte("x"), 100<<10)
			var err error
			if tt.seek {
				err = dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data))
			} else {
				err = dst.Push(t.Context(), recaptest.BlobOf(data), stream{bytes.NewReader(data)})
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := read(t.Context(), dst, recaptest.BlobOf(data)); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if n := r.Count(recaptest.Token); n != 2 {
				t.Errorf("%d tokens, want 2", n)
			}
		})
	}
}

// A registry that takes back every token does not make us ask for ever.
func TestTokensNeverHold(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: true})
	dst, _ := create(t, r, Options{Username: "ann", Password: "secret"})
	r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Times: recaptest.Always, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		r.ExpireTokens()
		next.ServeHTTP(w, req)
	}})
	data := []byte("hello")
	err := dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data))
	e := recaptest.WantError(t, err, recap.Denied, "unauthorized")
	if !strings.Contains(e.Hint, "recap login") {
		t.Errorf("hint %q", e.Hint)
	}
	if n := r.Count(recaptest.Upload, "POST"); n > 6 {
		t.Errorf("%d sessions were started", n)
	}
}

// Stored credentials are not sent in the clear, except to this machine or when
// they were given for this very run.
func TestCredentialsInTheClear(t *testing.T) {
	yes := true
	dir := t.TempDir()
	file := filepath.Join(dir, "config.json")
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret"})
	// A proxy is how a test reaches a host that is not loopback.
	for _, tt := range []struct {
		name, host string
		opts       Options
		wantErr    bool
	}{
		{"stored, loopback", r.Host(), Options{}, false},
		{"stored, elsewhere", "registry.example.com", Options{PlainHTTP: &yes}, true},
		{"given, elsewhere", "registry.example.com", Options{PlainHTTP: &yes, Username: "ann", Password: "secret"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.Reset()
			if err := os.WriteFile(file, []byte(`{"auths":{"`+tt.host+`":{"auth":"YW5uOnNlY3JldA=="}}}`), 0o600); err != nil {
				t.Fatal(err)
			}
			tt.opts.CredentialFiles = []string{file}
			tt.opts.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(r.URL()) }
			c, _ := newTestClient(t, tt.opts)
			src, err := c.Open(t.Context(), Reference{Host: tt.host, Repository: "a"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = src.Exists(t.Context(), recaptest.BlobOf(nil))
			if !tt.wantErr {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e := recaptest.WantError(t, err, recap.Denied, "unauthorized")
			if !strings.Contains(e.Error(), "not sent in the clear") || !strings.Contains(e.Hint, "-u USER") {
				t.Errorf("%v\nhint: %s", e, e.Hint)
			}
			for _, e := range r.Journal() {
				if e.Authorized {
					t.Errorf("credentials were sent to %s", e.Path)
				}
			}
		})
	}
}

// The registry chooses its token service; not every one is asked.
func TestRealm(t *testing.T) {
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	for _, tt := range []struct {
		name, realm string
		says        string // what names the realm
		tls         bool
	}{
		{name: "metadata service", realm: "http://169.254.169.254/latest", says: "169.254.169.254"},
		{name: "another metadata service", realm: "http://100.100.100.200/latest", says: "100.100.100.200"},
		{name: "loopback by another name", realm: strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1), says: "localhost"},
		{name: "loopback, IPv6", realm: "http://[::1]:5000/token", says: "::1"},
		{name: "private", realm: "https://10.0.0.1/token", says: "10.0.0.1"},
		{name: "in the clear", realm: elsewhere.URL, says: elsewhere.URL, tls: true},
		{name: "not the web", realm: "file:///etc/passwd", says: "file:"},
		{name: "gopher", realm: "gopher://example.com/", says: "gopher:"},
		{name: "nowhere", realm: "", says: "names no token service"},
		{name: "nowhere on the web", realm: "https:///token", says: "names no token service"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{TLS: tt.tls})
			src, fake := create(t, r, Options{Username: "ann", Password: "secret"})
			r.Inject(recaptest.Fault{Times: recaptest.Always, Action: recaptest.Respond(401, http.Header{
				"WWW-Authenticate": {`Bearer realm="` + tt.realm + `",service="x"`},
			}, "")})
			_, _, err := src.FetchReference(t.Context(), "v1")
			e := recaptest.WantError(t, err, recap.Denied, "realm-refused")
			if !strings.Contains(e.Error(), tt.says) {
				t.Errorf("%q is not named: %v", tt.says, e)
			}
			if asked || len(r.Journal()) != 1 || len(fake.Sleeps()) != 0 {
				t.Errorf("asked elsewhere: %v; %d requests", asked, len(r.Journal()))
			}
		})
	}
}

// A token service that redirects to somewhere inside is not followed, and
// never told the password.
func TestRealmRedirects(t *testing.T) {
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"http://169.254.169.254/", strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)} {
			for _, password := range []string{"basic", "identity token"} {
				r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: true})
				opts := Options{Password: "refresh"}
				if password == "basic" {
					opts = Options{Username: "ann", Password: "secret"}
				}
				src, _ := create(t, r, opts)
				r.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Token}, Times: recaptest.Always, Action: recaptest.Redirect(status, to)})
				_, _, err := src.FetchReference(t.Context(), "v1")
				if err == nil || asked {
					t.Errorf("%d to %s with %s: followed %v, %v", status, to, password, asked, err)
				}
			}
		}
	}
}

// 5xx and 429 of a token service are retried like the registry's.
func TestTokenServiceRecovers(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: true})
	src, fake := create(t, r, Options{Username: "ann", Password: "secret"})
	r.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Token}, Times: 3, Action: recaptest.Status(503)})
	if _, err := src.Exists(t.Context(), recaptest.BlobOf(nil)); err != nil {
		t.Fatal(err)
	}
	if n := len(fake.Sleeps()); n != 3 {
		t.Errorf("%d waits, want 3", n)
	}
}

// A PUT that is refused although the POST was not is worth new sessions, two
// of them.
func TestPutRefused(t *testing.T) {
	data := []byte("hello")
	for _, tt := range []struct{ times, sessions int }{{1, 2}, {2, 3}, {recaptest.Always, 3}} {
		r := recaptest.NewRegistry(t, recaptest.RegistryOptions{Username: "ann", Password: "secret", Token: true})
		dst, _ := create(t, r, Options{Username: "ann", Password: "secret"})
		r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Times: tt.times, Action: recaptest.Status(401)})
		err := dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data))
		if tt.times == recaptest.Always {
			recaptest.WantError(t, err, recap.Denied, "unauthorized")
		} else if err != nil {
			t.Errorf("refused %d times: %v", tt.times, err)
		}
		if n := r.Count(recaptest.Upload, "PUT"); n != tt.sessions {
			t.Errorf("refused %d times: %d sessions, want %d", tt.times, n, tt.sessions)
		}
	}
}
