// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// tokenService is one under another name than the registry's, "localhost".
type tokenService struct {
	*httptest.Server
	ca string

	mu    sync.Mutex
	asked []*http.Request
}

func newTokenService(t *testing.T, answer http.HandlerFunc) *tokenService {
	t.Helper()
	s := &tokenService{}
	ca := recaptest.NewCA(t)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		_ = r.ParseForm()
		s.asked = append(s.asked, r)
		s.mu.Unlock()
		answer(w, r)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, recaptest.Leaf{Names: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})}}
	s.StartTLS()
	t.Cleanup(s.Close)
	s.ca = ca.File
	return s
}

func (s *tokenService) realm(scheme string) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return scheme + "://localhost:" + port + "/jwt/auth?kind=registry"
}

func (s *tokenService) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// guarded makes a registry demand the token "good" of a token service.
func guarded(realm string) recaptest.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Header.Get("Authorization") == "Bearer good" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Www-Authenticate", `Bearer realm="`+realm+`",service="container_registry",scope="repository:team/recaps:pull"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func giveToken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"token":"good","access_token":"good"}`))
}

// A forge in a private network has its token service there too, under another
// name: https to https it is asked.
func TestPrivateRealm(t *testing.T) {
	service := newTokenService(t, giveToken)
	for name, opts := range map[string]Options{
		"password":       {Username: "ann", Password: "secret"},
		"identity token": {Password: "refresh"},
		"anonymous":      {},
	} {
		t.Run(name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{TLS: true})
			opts.CAFile = concat(t, r.CAFile(), service.ca)
			dst, _ := create(t, r, opts)
			r.Inject(recaptest.Fault{Times: recaptest.Always, Action: guarded(service.realm("https"))})
			before := len(service.requests())
			desc, data := recaptest.ManifestOf(t, "one", nil)
			pushAll(t, dst, desc, data)
			if _, _, err := dst.FetchReference(t.Context(), desc.Digest.String()); err != nil {
				t.Error(err)
			}
			asked := service.requests()[before:]
			if len(asked) == 0 {
				t.Fatal("the token service was not asked")
			}
			first := asked[0]
			if first.URL.Path != "/jwt/auth" || first.Form.Get("kind") != "registry" || first.Form.Get("service") != "container_registry" ||
				!strings.HasPrefix(first.Host, "localhost:") {
				t.Errorf("it was asked for %s%s, %v", first.Host, first.URL, first.Form)
			}
			user, password, _ := first.BasicAuth()
			if name == "password" && (user != "ann" || password != "secret") || name == "identity token" && first.Form.Get("refresh_token") != "refresh" {
				t.Errorf("it was not told who asks: %q, %v", user, first.Form)
			}
			for _, e := range r.Journal() {
				if strings.HasPrefix(e.Header.Get("Authorization"), "Basic") || !strings.HasPrefix(e.Path, "/v2/") {
					t.Errorf("the registry was asked for %s with %q", e.Path, e.Header.Get("Authorization"))
				}
			}
		})
	}
}

// What is not so is refused, and nobody is told anything.
func TestPrivateRealmRefused(t *testing.T) {
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, location, http.StatusTemporaryRedirect)
		}
	}
	elsewhere := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	for _, tt := range []struct {
		name     string
		plain    bool // the registry speaks HTTP
		scheme   string
		realm    string // instead of the token service
		answer   http.HandlerFunc
		requests int
	}{
		{name: "registry without TLS", plain: true, scheme: "https"},
		{name: "token service without TLS", scheme: "http"},
		{name: "metadata service", realm: "https://169.254.169.254/latest"},
		{name: "another metadata service", realm: "https://100.100.100.200/latest"},
		{name: "with a user name", realm: "https://ann@169.254.169.254/"},
		{name: "redirect", scheme: "https", answer: to(elsewhere.URL()), requests: 1},
		{name: "redirect to itself", scheme: "https", answer: to("/jwt/other"), requests: 1},
		{name: "redirect to the registry", scheme: "https", answer: to("https://127.0.0.1/v2/"), requests: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.answer == nil {
				tt.answer = giveToken
			}
			service := newTokenService(t, tt.answer)
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{TLS: !tt.plain})
			opts := Options{Username: "ann", Password: "secret"}
			if !tt.plain {
				opts.CAFile = concat(t, r.CAFile(), service.ca)
			}
			src, _ := create(t, r, opts)
			if tt.plain { // create trusts the CA of a registry with TLS
				plain := true
				opts.PlainHTTP = &plain
				opts.CAFile = service.ca
				src, _ = create(t, r, opts)
			}
			realm := tt.realm
			if realm == "" {
				realm = service.realm(tt.scheme)
			}
			r.Inject(recaptest.Fault{Times: recaptest.Always, Action: guarded(realm)})
			_, _, err := src.FetchReference(t.Context(), "v1")
			recaptest.WantError(t, err, recap.Denied, "realm-refused")
			if n := len(service.requests()); n != tt.requests {
				t.Errorf("the token service was asked %d times", n)
			}
			if n := len(r.Journal()) + len(elsewhere.Journal()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}
