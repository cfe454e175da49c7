// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
)

// fakeIssuer is an identity provider, and the person who logs in there.
type fakeIssuer struct {
	t         *testing.T
	url       string
	discovery map[string]any    // replaces what it says about itself
	claims    map[string]any    // replaces what it says about the person
	device    map[string]any    // replaces what it says of a code
	refusals  []string          // errors of the token endpoint, before the token
	back      map[string]string // replaces what the browser comes back with

	asked url.Values // the last question of the page, or for a code
	polls int
	token http.HandlerFunc // replaces the token endpoint
}

func (f *fakeIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		sigstoretest.AnswerJSON(f.t, w, sigstoretest.Merged(map[string]any{
			"issuer": f.url, "authorization_endpoint": f.url + "/auth?keep=1", "token_endpoint": f.url + "/token",
			"device_authorization_endpoint": f.url + "/device", "code_challenge_methods_supported": []string{"S256", "plain"},
		}, f.discovery))
	case "/device":
		if err := r.ParseForm(); err != nil {
			f.t.Error(err)
		}
		f.asked = r.PostForm
		sigstoretest.AnswerJSON(f.t, w, sigstoretest.Merged(map[string]any{
			"device_code": "the-device-code", "user_code": "ABCD-EFGH", "verification_uri": f.url + "/enter", "interval": 2, "expires_in": 60,
		}, f.device))
	case "/token":
		f.polls++
		if f.token != nil {
			f.token(w, r)
			return
		}
		f.give(w, r)
	default:
		f.t.Errorf("request to %s", r.URL)
	}
}

// give checks that who asks for the token is who asked for the code.
func (f *fakeIssuer) give(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		f.t.Error(err)
	}
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if got := base64.RawURLEncoding.EncodeToString(sum[:]); got != f.asked.Get("code_challenge") || f.asked.Get("code_challenge_method") != "S256" {
		f.t.Errorf("the verifier doesn't fit the challenge: %v, %v", r.PostForm, f.asked)
	}
	if r.PostForm.Get("code") != "the-code" && r.PostForm.Get("device_code") != "the-device-code" || r.PostForm.Get("client_id") != f.asked.Get("client_id") {
		f.t.Errorf("asked for a token with %v", r.PostForm)
	}
	if r.PostForm.Get("redirect_uri") != f.asked.Get("redirect_uri") {
		f.t.Errorf("redirects to %q and %q", f.asked.Get("redirect_uri"), r.PostForm.Get("redirect_uri"))
	}
	if len(f.refusals) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		sigstoretest.AnswerJSON(f.t, w, map[string]any{"error": f.refusals[0]})
		f.refusals = f.refusals[1:]
		return
	}
	sigstoretest.AnswerJSON(f.t, w, map[string]any{"access_token": "x", "id_token": sigstoretest.Token(f.t, sigstoretest.Merged(map[string]any{
		"iss": f.url, "aud": f.asked.Get("client_id"), "nonce": f.asked.Get("nonce"),
	}, f.claims))})
}

// browse is what a browser does on the page of a provider: it is sent back to
// where the page was told to.
func (f *fakeIssuer) browse(ctx context.Context, page string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	f.asked = u.Query()
	if f.asked.Get("keep") != "1" || f.asked.Get("response_type") != "code" || f.asked.Get("scope") != "openid email" || f.asked.Get("nonce") == "" {
		f.t.Errorf("the page is %s", page)
	}
	redirect, err := url.Parse(f.asked.Get("redirect_uri"))
	if err != nil {
		return err
	}
	answer := url.Values{"code": {"the-code"}, "state": {f.asked.Get("state")}}
	for name, value := range f.back {
		answer.Set(name, value)
		if value == "" {
			answer.Del(name)
		}
	}
	// Somebody else on this machine, who doesn't know the state, comes first.
	for _, stranger := range []string{"/", "/auth/callback", "/auth/callback?code=evil&state=", "/auth/callback?code=evil&state=guess", "/auth/callback?error=access_denied"} {
		if code, _ := f.visit(ctx, "http://"+redirect.Host+stranger); code != http.StatusNotFound {
			f.t.Errorf("%s is answered %d", stranger, code)
		}
	}
	redirect.RawQuery = answer.Encode()
	code, said := f.visit(ctx, redirect.String())
	if code != http.StatusOK || !strings.Contains(said, "recap knows") && !strings.Contains(said, "login failed") {
		f.t.Errorf("the browser was told %d: %s", code, said)
	}
	return nil
}

func (f *fakeIssuer) visit(ctx context.Context, address string) (int, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(address, "localhost", "127.0.0.1", 1), nil)
	if err != nil {
		f.t.Error(err)
		return 0, ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Error(err)
	}
	return resp.StatusCode, string(body)
}

func startIssuer(t *testing.T) *fakeIssuer {
	issuer := &fakeIssuer{t: t}
	server := httptest.NewServer(issuer)
	t.Cleanup(server.Close)
	issuer.url = server.URL
	return issuer
}

func TestInteractiveBrowser(t *testing.T) {
	issuer := startIssuer(t)
	var shown []oidc.Prompt
	token, err := oidc.FindToken(t.Context(), oidc.TokenOptions{Interactive: &oidc.Interactive{
		Issuer: issuer.url, Open: issuer.browse, Show: func(p oidc.Prompt) { shown = append(shown, p) },
	}})
	if err != nil {
		t.Fatal(sigstoretest.Text(err))
	}
	if _, subject, ok := token.Identity(); !ok || subject != "somebody@example.com" || token.Source() != issuer.url {
		t.Errorf("got %v, %q", token, subject)
	}
	if len(shown) != 1 || !strings.HasPrefix(shown[0].URL, issuer.url+"/auth?") || shown[0].Code != "" {
		t.Errorf("the person was shown %+v", shown)
	}
	if redirect := issuer.asked.Get("redirect_uri"); !strings.HasPrefix(redirect, "http://localhost:") || issuer.asked.Get("client_id") != "sigstore" {
		t.Errorf("asked %v", issuer.asked)
	}
}

func TestInteractiveBrowserRefuses(t *testing.T) {
	tests := []struct {
		name string
		edit func(f *fakeIssuer)
		kind recap.Kind
		code string
		text string
	}{
		{"the person refuses", func(f *fakeIssuer) { f.back = map[string]string{"code": "", "error": "access_denied"} }, recap.Denied, "login-refused", "refused"},
		{"another failure", func(f *fakeIssuer) { f.back = map[string]string{"code": "", "error": "server_error"} }, recap.Denied, "login-refused", "server_error"},
		{"no code", func(f *fakeIssuer) { f.back = map[string]string{"code": ""} }, recap.Denied, "login-refused", "no code"},
		{"the code is refused", func(f *fakeIssuer) { f.refusals = []string{"invalid_grant"} }, recap.Denied, "login-refused", "invalid_grant"},
		{"a token for another login", func(f *fakeIssuer) { f.claims = map[string]any{"nonce": "another"} }, recap.Unavailable, "bad-answer", "another question"},
		{"a token without nonce", func(f *fakeIssuer) { f.claims = map[string]any{"nonce": nil} }, recap.Unavailable, "bad-answer", "another question"},
		{"a token for another client", func(f *fakeIssuer) { f.claims = map[string]any{"aud": "somebody"} }, recap.Unavailable, "bad-answer", `not for "sigstore"`},
		{"a token of another issuer", func(f *fakeIssuer) { f.claims = map[string]any{"iss": "https://evil.test"} }, recap.Unavailable, "bad-answer", "another issuer"},
		{"no token", func(f *fakeIssuer) { f.token = sigstoretest.Says(200, "{}") }, recap.Unavailable, "bad-answer", "no identity token"},
		{"a token that is none", func(f *fakeIssuer) { f.token = sigstoretest.Says(200, `{"id_token":"x"}`) }, recap.Usage, "bad-token", "JSON Web Token"},
		{"another provider answers", func(f *fakeIssuer) { f.discovery = map[string]any{"issuer": "https://evil.test"} }, recap.Unavailable, "bad-answer", "evil.test"},
		{"a token endpoint in the clear", func(f *fakeIssuer) { f.discovery = map[string]any{"token_endpoint": "http://evil.test/token"} }, recap.Usage, "insecure-service", "evil.test"},
		{"a page in the clear", func(f *fakeIssuer) { f.discovery = map[string]any{"authorization_endpoint": "http://evil.test"} }, recap.Usage, "insecure-service", "evil.test"},
		{"a page that is a command", func(f *fakeIssuer) { f.discovery = map[string]any{"authorization_endpoint": "file:///bin/sh"} }, recap.Usage, "bad-service", "makes no sense"},
		{"no page", func(f *fakeIssuer) { f.discovery = map[string]any{"authorization_endpoint": ""} }, recap.Usage, "bad-service", "makes no sense"},
		{"no PKCE", func(f *fakeIssuer) {
			f.discovery = map[string]any{"code_challenge_methods_supported": []string{"plain"}}
		}, recap.Unavailable, "bad-answer", "PKCE"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			issuer := startIssuer(t)
			test.edit(issuer)
			_, err := oidc.FindToken(t.Context(), oidc.TokenOptions{Interactive: &oidc.Interactive{
				Issuer: issuer.url, Open: issuer.browse, Show: func(oidc.Prompt) {},
			}})
			sigstoretest.WantError(t, err, test.kind, test.code, test.text)
			if strings.Contains(sigstoretest.Text(err), "the-code") {
				t.Errorf("error %q shows the code", sigstoretest.Text(err))
			}
		})
	}
}

// A person who doesn't come back can be given up, and the socket is closed.
func TestInteractiveBrowserCancelled(t *testing.T) {
	issuer := startIssuer(t)
	issuer.discovery = map[string]any{"device_authorization_endpoint": ""}
	ctx, cancel := context.WithCancel(t.Context())
	var page string
	_, err := oidc.FindToken(ctx, oidc.TokenOptions{Interactive: &oidc.Interactive{
		Issuer: issuer.url,
		Open:   func(context.Context, string) error { return errors.New("no browser") },
		Show:   func(p oidc.Prompt) { page = p.URL; cancel() },
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want %v", err, context.Canceled)
	}
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(strings.Replace(u.Query().Get("redirect_uri"), "localhost", "127.0.0.1", 1))
	if err != nil {
		return
	}
	defer resp.Body.Close()
	// Somebody else may have got the port by now.
	if said, err := io.ReadAll(resp.Body); err != nil || strings.Contains(string(said), "This is not a page.") {
		t.Errorf("the socket is still open: %q, %v", said, err)
	}
}

// byCode logs in with a code, on a clock of the test's.
func byCode(t *testing.T, edit func(*fakeIssuer)) (issuer *fakeIssuer, token oidc.Token, shown []oidc.Prompt, err error) {
	issuer = &fakeIssuer{t: t, url: "https://issuer.test"}
	edit(issuer)
	token, err = oidc.FindToken(t.Context(), oidc.TokenOptions{
		Transport:   sigstoretest.OneService{Handler: issuer.ServeHTTP},
		Interactive: &oidc.Interactive{Issuer: issuer.url, ClientID: "recap", Show: func(p oidc.Prompt) { shown = append(shown, p) }},
	})
	return issuer, token, shown, err
}

func TestInteractiveCode(t *testing.T) {
	tests := []struct {
		name  string
		edit  func(f *fakeIssuer)
		page  string
		polls int
		took  time.Duration
	}{
		{"at once", func(*fakeIssuer) {}, "https://issuer.test/enter", 1, 2 * time.Second},
		{"after a while", func(f *fakeIssuer) { f.refusals = []string{"authorization_pending", "authorization_pending"} }, "https://issuer.test/enter", 3, 6 * time.Second},
		{"slower", func(f *fakeIssuer) { f.refusals = []string{"slow_down", "authorization_pending"} }, "https://issuer.test/enter", 3, 16 * time.Second},
		{"a page with the code in it", func(f *fakeIssuer) {
			f.device = map[string]any{"verification_uri_complete": "https://issuer.test/enter?code=1"}
		}, "https://issuer.test/enter?code=1", 1, 2 * time.Second},
		{"without an interval", func(f *fakeIssuer) { f.device = map[string]any{"interval": 0} }, "https://issuer.test/enter", 1, 5 * time.Second},
		{"with an interval that makes no sense", func(f *fakeIssuer) { f.device = map[string]any{"interval": 1 << 40} }, "https://issuer.test/enter", 1, 5 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				issuer, token, shown, err := byCode(t, test.edit)
				if err != nil {
					t.Fatal(sigstoretest.Text(err))
				}
				if token.Issuer() != issuer.url || issuer.asked.Get("client_id") != "recap" {
					t.Errorf("got %v for %v", token, issuer.asked)
				}
				if len(shown) != 1 || shown[0].Code != "ABCD-EFGH" || shown[0].URL != test.page || !shown[0].Expiry.Equal(start.Add(time.Minute)) {
					t.Errorf("the person was shown %+v", shown)
				}
				if took := time.Since(start); issuer.polls != test.polls || took != test.took {
					t.Errorf("asked %d times in %s, want %d in %s", issuer.polls, took, test.polls, test.took)
				}
			})
		})
	}
}

func TestInteractiveCodeRefuses(t *testing.T) {
	pending := func(n int) (list []string) {
		for range n {
			list = append(list, "authorization_pending")
		}
		return list
	}
	tests := []struct {
		name string
		edit func(f *fakeIssuer)
		kind recap.Kind
		code string
	}{
		{"the person refuses", func(f *fakeIssuer) { f.refusals = []string{"authorization_pending", "access_denied"} }, recap.Denied, "login-refused"},
		{"the provider gives up", func(f *fakeIssuer) { f.refusals = []string{"expired_token"} }, recap.Denied, "login-expired"},
		{"nobody comes", func(f *fakeIssuer) { f.refusals = pending(1000) }, recap.Denied, "login-expired"},
		{"nobody comes, and the code never expires", func(f *fakeIssuer) {
			f.refusals, f.device = pending(1000), map[string]any{"expires_in": 1 << 40}
		}, recap.Denied, "login-expired"},
		{"another error", func(f *fakeIssuer) { f.refusals = []string{"invalid_client"} }, recap.Denied, "login-refused"},
		{"no code", func(f *fakeIssuer) { f.device = map[string]any{"user_code": ""} }, recap.Unavailable, "bad-answer"},
		{"a code that is a number", func(f *fakeIssuer) { f.device = map[string]any{"device_code": 7} }, recap.Unavailable, "bad-answer"},
		{"a token for another client", func(f *fakeIssuer) { f.claims = map[string]any{"aud": "sigstore"} }, recap.Unavailable, "bad-answer"},
		{"codes in the clear", func(f *fakeIssuer) {
			f.discovery = map[string]any{"device_authorization_endpoint": "http://issuer.test/device"}
		}, recap.Usage, "insecure-service"},
		{"a token endpoint that is overloaded", func(f *fakeIssuer) { f.token = sigstoretest.Status(503, "busy") }, recap.Unavailable, "service-unavailable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, _, _, err := byCode(t, test.edit)
				sigstoretest.WantError(t, err, test.kind, test.code, "//issuer.test")
				if took := time.Since(start); took > 16*time.Minute {
					t.Errorf("it took %s", took)
				}
				if strings.Contains(sigstoretest.Text(err), "the-device-code") {
					t.Errorf("error %q shows the code", sigstoretest.Text(err))
				}
			})
		})
	}
}

// Without a browser that opens, there is the code.
func TestInteractiveFallsBackToCode(t *testing.T) {
	issuer := startIssuer(t)
	issuer.device = map[string]any{"interval": 1}
	var shown []oidc.Prompt
	_, err := oidc.FindToken(t.Context(), oidc.TokenOptions{Interactive: &oidc.Interactive{
		Issuer: issuer.url, Open: func(context.Context, string) error { return errors.New("no browser") },
		Show: func(p oidc.Prompt) { shown = append(shown, p) },
	}})
	if err != nil {
		t.Fatal(sigstoretest.Text(err))
	}
	if len(shown) != 1 || shown[0].Code == "" {
		t.Errorf("the person was shown %+v", shown)
	}
}

func TestOpenBrowserRefuses(t *testing.T) {
	for _, address := range []string{"", "file:///etc/passwd", "-e", "javascript:alert(1)"} {
		if err := oidc.OpenBrowser(t.Context(), address); err == nil {
			t.Errorf("%q was opened", address)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if err := oidc.OpenBrowser(t.Context(), "https://issuer.test"); err == nil {
		t.Error("a browser was opened without one")
	}
}

// FuzzProvider has an identity provider answer anything.
func FuzzProvider(f *testing.F) {
	const issuer = "https://issuer.test"
	good := `{"issuer":"` + issuer + `","authorization_endpoint":"` + issuer + `/auth","token_endpoint":"` + issuer + `/token","device_authorization_endpoint":"` + issuer + `/device"}`
	f.Add(good, `{"device_code":"d","user_code":"u","verification_uri":"x","interval":1,"expires_in":1}`, `{"error":"access_denied"}`)
	f.Add(good, `{"device_code":"d","user_code":"u","verification_uri":"x"}`, `{"id_token":"a.b.c"}`)
	f.Add(`{"issuer":"`+issuer+`","token_endpoint":"::"}`, "", "")
	f.Fuzz(func(t *testing.T, discovery, device, token string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond) // it waits before it asks for the token
		defer cancel()
		_, err := oidc.FindToken(ctx, oidc.TokenOptions{
			Interactive: &oidc.Interactive{Issuer: issuer, Show: func(oidc.Prompt) {}},
			Transport: sigstoretest.OneService{Handler: func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/device":
					sigstoretest.Says(200, device)(w, r)
				case "/token":
					sigstoretest.Says(200, token)(w, r)
				default:
					sigstoretest.Says(200, discovery)(w, r)
				}
			}},
		})
		if err == nil {
			t.Error("got a token")
		}
	})
}
