// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
)

// FuzzAnswers has one service of an instance answer anything: there is a
// bundle, or an error that a person can read.
func FuzzAnswers(f *testing.F) {
	hosts := []string{"fulcio.test", "rekor1.test", "rekor2.test", "tsa.test"}
	recorded := newFakeSigstore(f)
	for i, answer := range []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) {
			recorded.certify(w, fakeToken(f, nil), recorded.key.Public())
		},
		func(w http.ResponseWriter, _ *http.Request) { recorded.enter1(w, []byte("sig"), 201) },
		func(w http.ResponseWriter, _ *http.Request) { recorded.enter2(w, []byte("sig")) },
		func(w http.ResponseWriter, _ *http.Request) { recorded.stamp(w, make([]byte, 32)) },
	} {
		recorder := httptest.NewRecorder()
		answer(recorder, nil)
		f.Add(byte(i), recorder.Code, recorder.Body.Bytes())
		f.Add(byte(i), 409, []byte(`{"message":"exists"}`))
	}
	f.Add(byte(1), 201, []byte(`{"a":{"verification":{"inclusionProof":null}},"a":null}`))
	f.Add(byte(3), 200, []byte("\x30\x80\x30\x03\x02\x01\x00"))
	// What is the same each time, on the disk or of some cost, is made once.
	v1, v2, token := v1Only(f), v2AndTSA(f), fakeToken(f, map[string]any{"exp": time.Now().Add(1000 * time.Hour).Unix()})
	f.Fuzz(func(t *testing.T, which byte, code int, body []byte) {
		if code < 200 || code > 499 || code == 408 || code == 425 || code == 429 || code == 499 {
			return // what is asked again has tests of its own
		}
		host := hosts[int(which)%len(hosts)]
		recorded.t = t
		clear(recorded.log)
		recorded.fault = func(h string, _ int) http.HandlerFunc {
			if h != host {
				return nil
			}
			return says(code, string(body))
		}
		config := v2
		if host == "rekor1.test" {
			config = v1
		}
		raw, err := recorded.keyless(config, token, nil).Sign(t.Context(), []byte(about(root)))
		if err == nil {
			parseWire(t, raw)
			return
		}
		if _, ok := errors.AsType[*recap.Error](err); !ok || raw != nil {
			t.Errorf("got error %v, which has no kind", err)
		}
	})
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
			Transport: oneService{func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/device":
					says(200, device)(w, r)
				case "/token":
					says(200, token)(w, r)
				default:
					says(200, discovery)(w, r)
				}
			}},
		})
		if err == nil {
			t.Error("got a token")
		}
	})
}
