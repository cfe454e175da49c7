// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

// FuzzAnswers has one service of an instance answer anything: there is a
// bundle, or an error that a person can read.
func FuzzAnswers(f *testing.F) {
	hosts := []string{"fulcio.test", "rekor1.test", "rekor2.test", "tsa.test"}
	recorded := newFakeSigstore(f)
	for i, answer := range []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) {
			recorded.certify(w, sigstoretest.Token(f, nil), recorded.key.Public())
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
	v1, v2, token := v1Only(f), v2AndTSA(f), sigstoretest.Token(f, map[string]any{"exp": time.Now().Add(1000 * time.Hour).Unix()})
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
			return sigstoretest.Says(code, string(body))
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
