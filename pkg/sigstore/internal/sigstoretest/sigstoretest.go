// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sigstoretest is what the tests of several rooms of pkg/sigstore need: how
// errors are looked at, and services that answer without a network.
package sigstoretest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
)

// Text returns what a person reads: error and hint.
func Text(err error) string {
	var e *recap.Error
	if errors.As(err, &e) {
		return e.Error() + " | " + e.Hint
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// WantError checks an error's kind, code, and texts in error or hint, and that
// it is one line.
func WantError(t testing.TB, err error, kind recap.Kind, code string, texts ...string) {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("got error %q (%+v), want %s of kind %s", Text(err), e, code, kind)
	}
	for _, want := range texts {
		if !strings.Contains(Text(err), want) {
			t.Errorf("got error %q, want %q in it", Text(err), want)
		}
	}
	if strings.Contains(Text(err), "\n") {
		t.Errorf("error of several lines: %q", Text(err))
	}
}

// Check ends the test at an error.
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Refuse is a network that must not be used: case 37.
type Refuse struct{ T testing.TB }

// RoundTrip implements http.RoundTripper.
func (r Refuse) RoundTrip(request *http.Request) (*http.Response, error) {
	r.T.Errorf("asked %s", request.URL)
	return nil, errors.New("there is no network")
}

// Status answers with a status, and a text in JSON as the services have it.
func Status(code int, message string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		http.Error(w, `{"code":13,"message":"`+message+`"}`, code)
	}
}

// Says answers with a status and a body.
func Says(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// TokenSource returns a source of always the same token.
func TokenSource(raw string) func(context.Context) (oidc.Token, error) {
	return func(context.Context) (oidc.Token, error) { return oidc.NewToken(raw, "a test") }
}

// Merged puts over into base, and returns it.
func Merged(base, over map[string]any) map[string]any {
	for name, value := range over {
		base[name] = value
	}
	return base
}

// File writes a file and returns its path.
func File(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// OneService is a transport on which everybody is one handler.
type OneService struct{ Handler http.HandlerFunc }

// RoundTrip implements http.RoundTripper.
func (s OneService) RoundTrip(req *http.Request) (*http.Response, error) {
	return Answered(s.Handler, req)
}

// Answered returns what handler answers, without a network. A handler that
// panics is a connection that is lost.
func Answered(handler http.HandlerFunc, req *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("connection lost: %v", p)
			}
		}()
		handler(recorder, req)
		done <- nil
	}()
	select {
	case err := <-done:
		if err != nil {
			return nil, err
		}
		return recorder.Result(), nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// Token returns a token with the claims given besides the usual ones.
func Token(t testing.TB, claims map[string]any) string {
	t.Helper()
	all := map[string]any{
		"iss": "https://issuer.test", "sub": "somebody", "aud": "sigstore",
		"exp": time.Now().Add(time.Hour).Unix(), "email": "somebody@example.com", "email_verified": true,
	}
	for name, value := range claims {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(payload) + "." + encode([]byte("a signature"))
}

// NewEd25519 returns a new key.
func NewEd25519(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// AnswerJSON answers with body in JSON.
func AnswerJSON(t testing.TB, w http.ResponseWriter, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw)
}
