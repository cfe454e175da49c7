// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"context"
	"crypto/elliptic"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

func stalls(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func breaks(http.ResponseWriter, *http.Request) { panic("unplugged") }

// TestServiceRecovers has each service fail in each way that passes: nobody
// notices, but for being told what is waited for.
func TestServiceRecovers(t *testing.T) {
	faults := []struct {
		name   string
		answer http.HandlerFunc
		reason string
		least  time.Duration // lost to three of them
		within time.Duration
	}{
		{"internal error", sigstoretest.Status(500, "try again"), "500 Internal Server Error: try again", 0, 5 * time.Second},
		{"overloaded", sigstoretest.Status(503, "busy"), "503 Service Unavailable: busy", 0, 5 * time.Second},
		{"somebody else went away", sigstoretest.Status(499, "context canceled"), "499: context canceled", 0, 5 * time.Second},
		{"a gateway's page", sigstoretest.Says(502, "<html>Bad gateway</html>"), "502 Bad Gateway", 0, 5 * time.Second},
		{"limited, and says for how long", sigstoretest.Status(429, "slow down", "Retry-After", "9"), "429 Too Many Requests: slow down", 27 * time.Second, 30 * time.Second},
		{"busy until a time", sigstoretest.Status(503, "busy", "Retry-After", "Sat, 01 Jan 2000 00:00:20 GMT", "Date", "Sat, 01 Jan 2000 00:00:10 GMT"), "503 Service Unavailable: busy", 30 * time.Second, 35 * time.Second},
		{"connection lost", breaks, "connection lost", 0, 5 * time.Second},
		{"stalls", stalls, "no answer in time", 90 * time.Second, 100 * time.Second},
	}
	for _, host := range []string{"fulcio.test", "rekor1.test", "rekor2.test", "tsa.test"} {
		for _, fault := range faults {
			t.Run(host+": "+fault.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fake := newFakeSigstore(t)
					fake.fault = func(h string, n int) http.HandlerFunc {
						if h == host && n <= 3 {
							return fault.answer
						}
						return nil
					}
					config := v2AndTSA(t)
					if host == "rekor1.test" {
						config = v1Only(t)
					}
					var notices []sigstore.Notice
					signer := fake.keyless(config, sigstoretest.Token(t, nil), func(opts *sigstore.KeylessOptions) {
						opts.OnNotice = func(n sigstore.Notice) { notices = append(notices, n) }
					})
					start := time.Now()
					if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
						t.Fatal(sigstoretest.Text(err))
					}
					if lost := time.Since(start); lost < fault.least || lost > fault.within {
						t.Errorf("lost %s, want between %s and %s", lost, fault.least, fault.within)
					}
					var again []sigstore.Notice
					for _, n := range notices {
						if !strings.Contains(n.Address, host) || n.Service == "" || n.Left <= 0 {
							t.Errorf("got notice %+v", n)
						}
						if n.Again {
							again = append(again, n)
						}
					}
					if len(again) != 3 || !strings.Contains(again[0].Reason, fault.reason) || again[2].Attempt != 3 || again[0].Wait <= 0 {
						t.Errorf("got notices %+v, want three with %q", again, fault.reason)
					}
				})
			})
		}
	}
}

// TestServiceFailsForGood has each service fail in ways that don't pass: there
// is an error that says whose fault it is, and nobody is asked twice.
func TestServiceFailsForGood(t *testing.T) {
	tests := []struct {
		host, name string
		answer     func(fake *fakeSigstore) http.HandlerFunc
		kind       recap.Kind
		code       string
		texts      []string
	}{
		{"fulcio.test", "refuses the token", constant(sigstoretest.Status(401, "token is not for us")), recap.Denied, "token-refused", []string{"token is not for us", "issuer"}},
		{"fulcio.test", "refuses the request", constant(sigstoretest.Status(400, "no")), recap.Denied, "token-refused", []string{"400"}},
		{"fulcio.test", "is not there", constant(sigstoretest.Says(404, "404 page not found")), recap.Usage, "bad-service", []string{"no certificate authority at", "signing configuration"}},
		{"fulcio.test", "is not implemented", constant(sigstoretest.Status(501, "one day")), recap.Usage, "bad-service", []string{"501"}},
		{"fulcio.test", "no JSON", constant(sigstoretest.Says(200, "<html>Welcome</html>")), recap.Unavailable, "bad-answer", []string{"no certificate"}},
		{"fulcio.test", "no certificate", constant(sigstoretest.Says(200, "{}")), recap.Unavailable, "bad-answer", []string{"no certificate"}},
		{"fulcio.test", "no PEM", constant(sigstoretest.Says(200, `{"signedCertificateEmbeddedSct":{"chain":{"certificates":["junk"]}}}`)), recap.Unavailable, "bad-answer", []string{"no certificate in PEM"}},
		{"fulcio.test", "a PEM block of junk", constant(sigstoretest.Says(200, `{"signedCertificateEmbeddedSct":{"chain":{"certificates":["-----BEGIN CERTIFICATE-----\nanVuaw==\n-----END CERTIFICATE-----\n"]}}}`)), recap.Unavailable, "bad-answer", []string{"its certificate is none"}},
		{"fulcio.test", "a certificate of another key", func(fake *fakeSigstore) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				fake.certify(w, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), newECDSA(fake.t, elliptic.P256()).Public())
			}
		}, recap.Unavailable, "bad-answer", []string{"another key"}},
		{"fulcio.test", "an endless answer", constant(sigstoretest.Says(200, strings.Repeat(" ", 1<<20+1))), recap.Unavailable, "bad-answer", []string{"more than"}},
		{"rekor1.test", "refuses", constant(sigstoretest.Status(400, "invalid entry")), recap.Denied, "service-refused", []string{"transparency log", "invalid entry"}},
		{"rekor1.test", "no JSON", constant(sigstoretest.Says(201, "thanks")), recap.Unavailable, "bad-answer", []string{"no log entry"}},
		{"rekor1.test", "no entry", constant(sigstoretest.Says(201, "{}")), recap.Unavailable, "bad-answer", []string{"0 log entries"}},
		{"rekor1.test", "an entry of nothing", constant(sigstoretest.Says(201, `{"00":{}}`)), recap.Unavailable, "bad-answer", []string{"log entry"}},
		{"rekor1.test", "an entry of another signature", func(fake *fakeSigstore) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { fake.enter1(w, []byte("another"), 201) }
		}, recap.Unavailable, "bad-answer", []string{"something else"}},
		{"rekor1.test", "a conflict with another signature", func(fake *fakeSigstore) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { fake.enter1(w, []byte("another"), 409) }
		}, recap.Unavailable, "bad-answer", []string{"something else"}},
		{"rekor1.test", "a conflict with nothing", constant(sigstoretest.Status(409, "exists")), recap.Unavailable, "log-conflict", []string{"already"}},
		{"rekor1.test", "a conflict with a path", constant(sigstoretest.Status(409, "exists", "Location", "/api/v1/log/entries/..%2f..%2fsecret")), recap.Unavailable, "log-conflict", []string{"already"}},
		{"rekor1.test", "bad hex", func(fake *fakeSigstore) http.HandlerFunc {
			return edited(fake.rekor1, strings.Repeat("ab", 32), "not hexadecimal")
		}, recap.Unavailable, "bad-answer", []string{"log id"}},
		{"rekor1.test", "bad root hash", func(fake *fakeSigstore) http.HandlerFunc {
			return edited(fake.rekor1, strings.Repeat("cd", 32), "not hexadecimal")
		}, recap.Unavailable, "bad-answer", []string{"root hash"}},
		{"rekor1.test", "bad proof", func(fake *fakeSigstore) http.HandlerFunc {
			return edited(fake.rekor1, strings.Repeat("00", 32), "not hexadecimal")
		}, recap.Unavailable, "bad-answer", []string{"inclusion proof"}},
		{"rekor1.test", "no proof", func(fake *fakeSigstore) http.HandlerFunc { return edited(fake.rekor1, `fake\n1\n`, "") }, recap.Unavailable, "bad-answer", []string{"no proof"}},
		{"rekor2.test", "refuses", constant(sigstoretest.Status(400, "invalid hashedrekord")), recap.Denied, "service-refused", []string{"invalid hashedrekord"}},
		{"rekor2.test", "no JSON", constant(sigstoretest.Says(201, "thanks")), recap.Unavailable, "bad-answer", []string{"no log entry"}},
		{"rekor2.test", "unknown fields", constant(sigstoretest.Says(201, `{"surprise":1}`)), recap.Unavailable, "bad-answer", []string{"no log entry"}},
		{"rekor2.test", "an entry of nothing", constant(sigstoretest.Says(201, `{}`)), recap.Unavailable, "bad-answer", []string{"log entry"}},
		{"rekor2.test", "an entry of another signature", func(fake *fakeSigstore) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { fake.enter2(w, []byte("another")) }
		}, recap.Unavailable, "bad-answer", []string{"something else"}},
		{"rekor2.test", "no proof", func(fake *fakeSigstore) http.HandlerFunc { return edited(fake.rekor2, `"envelope":"fake\n"`, "") }, recap.Unavailable, "bad-answer", []string{"no proof"}},
		{"tsa.test", "refuses", constant(sigstoretest.Status(400, "bad request")), recap.Denied, "service-refused", []string{"timestamp authority"}},
		{"tsa.test", "no ASN.1", constant(sigstoretest.Says(201, "noon")), recap.Unavailable, "bad-answer", []string{"no timestamp"}},
		{"tsa.test", "refusal inside", constant(sigstoretest.Says(200, "\x30\x05\x30\x03\x02\x01\x02")), recap.Unavailable, "bad-answer", []string{"rejected"}},
		{"tsa.test", "empty", constant(sigstoretest.Says(200, "")), recap.Unavailable, "bad-answer", []string{"no timestamp"}},
		{"tsa.test", "overlapping parts", constant(sigstoretest.Says(200, string(overlapping(20)))), recap.Unavailable, "bad-answer", []string{"not in DER"}},
		{"tsa.test", "a timestamp of something else", func(fake *fakeSigstore) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { fake.stamp(w, make([]byte, 32)) }
		}, recap.Unavailable, "bad-answer", []string{"something else"}},
	}
	for _, test := range tests {
		t.Run(test.host+": "+test.name, func(t *testing.T) {
			fake := newFakeSigstore(t)
			answer := test.answer(fake)
			fake.fault = func(host string, n int) http.HandlerFunc {
				if host == test.host && (n == 1 || test.code == "log-conflict") {
					return answer
				}
				return nil
			}
			config := v2AndTSA(t)
			if test.host == "rekor1.test" {
				config = v1Only(t)
			}
			raw, err := fake.keyless(config, sigstoretest.Token(t, nil), nil).Sign(t.Context(), []byte(about(root)))
			sigstoretest.WantError(t, err, test.kind, test.code, test.texts...)
			if raw != nil {
				t.Errorf("got a bundle beside the error: %s", raw)
			}
			if !strings.Contains(err.Error(), "https://"+test.host) {
				t.Errorf("error %q doesn't say who is at fault", err)
			}
		})
	}
}

func constant(handler http.HandlerFunc) func(*fakeSigstore) http.HandlerFunc {
	return func(*fakeSigstore) http.HandlerFunc { return handler }
}

// edited changes a text in an answer.
func edited(handler http.HandlerFunc, old, replacement string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		handler(recorder, r)
		w.WriteHeader(recorder.Code)
		_, _ = io.WriteString(w, strings.ReplaceAll(recorder.Body.String(), old, replacement))
	}
}

// A service that stays away costs the budget, once for all that is signed.
func TestBudget(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		code   string
	}{
		{"unavailable", sigstoretest.Status(503, "busy"), "service-unavailable"},
		{"asks to wait for longer than there is", sigstoretest.Status(429, "tomorrow", "Retry-After", "86400"), "service-unavailable"},
		{"stalls", stalls, "stalled"},
	} {
		for _, host := range []string{"fulcio.test", "rekor2.test", "tsa.test"} {
			t.Run(host+": "+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fake := newFakeSigstore(t)
					fake.fault = func(h string, _ int) http.HandlerFunc {
						if h == host {
							return test.answer
						}
						return nil
					}
					signer := fake.keyless(v2AndTSA(t), sigstoretest.Token(t, nil), nil)
					start := time.Now()
					_, err := signer.Sign(t.Context(), []byte(about(root)))
					sigstoretest.WantError(t, err, recap.Unavailable, test.code, "https://"+host, "nothing was signed")
					if lost := time.Since(start); lost > 2*time.Minute+5*time.Second {
						t.Errorf("lost %s, more than the budget", lost)
					}

					start = time.Now()
					if _, err := signer.Sign(t.Context(), []byte(about(root))); !errors.Is(err, recap.Unavailable) {
						t.Errorf("got error %v, want %v", err, recap.Unavailable)
					}
					if lost := time.Since(start); lost > time.Minute && test.code != "service-unavailable" || lost > 2*time.Minute {
						t.Errorf("lost %s more", lost)
					}
				})
			})
		}
	}
}

// Whoever waits can stop waiting, whatever is waited for.
func TestCancelWhileWaiting(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
	}{{"for an answer", stalls}, {"to ask again", sigstoretest.Status(503, "busy", "Retry-After", "60")}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := newFakeSigstore(t)
				fake.fault = func(host string, _ int) http.HandlerFunc {
					if host == "rekor2.test" {
						return test.answer
					}
					return nil
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(3*time.Second, cancel)
				start := time.Now()
				_, err := fake.keyless(v2AndTSA(t), sigstoretest.Token(t, nil), nil).Sign(ctx, []byte(about(root)))
				if !errors.Is(err, context.Canceled) || !strings.Contains(sigstoretest.Text(err), "https://rekor2.test") {
					t.Errorf("got error %q, want %v", sigstoretest.Text(err), context.Canceled)
				}
				if took := time.Since(start); took != 3*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// Of several services of which any will do, the next one is asked at once.
func TestAnyServiceWillDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSigstore(t)
		fake.fault = func(host string, _ int) http.HandlerFunc {
			if host == "tsa.test" || host == "fulcio.test" {
				return sigstoretest.Status(503, "busy")
			}
			return nil
		}
		config := signingConfig(t, map[string]any{
			"caUrls":  []string{"fulcio.test", "fulcio2.test"},
			"tsaUrls": []string{"tsa.test", "tsa2.test"}, "tsaConfig": anyOf(),
		})
		var notices []string
		signer := fake.keyless(config, sigstoretest.Token(t, nil), func(opts *sigstore.KeylessOptions) {
			opts.OnNotice = func(n sigstore.Notice) { notices = append(notices, n.String()) }
		})
		start := time.Now()
		if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
			t.Fatal(sigstoretest.Text(err))
		}
		want := []string{
			"the certificate authority at https://fulcio.test/api/v2/signingCert: 503 Service Unavailable: busy; asking another",
			"the timestamp authority at https://tsa.test: 503 Service Unavailable: busy; asking another",
		}
		if time.Since(start) > 0 || !slices.Equal(notices, want) {
			t.Errorf("after %s got notices %q, want %q", time.Since(start), notices, want)
		}
	})
}

// What keeps silent for long is said, before it is given up.
func TestNoticeOfSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSigstore(t)
		fake.fault = func(host string, _ int) http.HandlerFunc {
			if host != "rekor2.test" {
				return nil
			}
			return func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(20 * time.Second)
				fake.rekor2(w, r)
			}
		}
		var mu sync.Mutex
		var notices []string
		signer := fake.keyless(v2AndTSA(t), sigstoretest.Token(t, nil), func(opts *sigstore.KeylessOptions) {
			opts.OnNotice = func(n sigstore.Notice) {
				mu.Lock()
				defer mu.Unlock()
				notices = append(notices, n.String())
			}
		})
		if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
			t.Fatal(sigstoretest.Text(err))
		}
		want := []string{"waiting for the transparency log at https://rekor2.test/api/v2/log/entries: no answer yet"}
		if !slices.Equal(notices, want) {
			t.Errorf("got notices %q, want %q", notices, want)
		}
	})
}

// A token goes nowhere but to the authority, and comes back in no error.
func TestTokenStaysSecret(t *testing.T) {
	raw := sigstoretest.Token(t, nil)
	payload := strings.Split(raw, ".")[1]
	for _, echo := range []string{raw, "header." + payload + ".sig", strings.Split(raw, ".")[2]} {
		fake := newFakeSigstore(t)
		fake.fault = func(string, int) http.HandlerFunc { return sigstoretest.Status(400, "what is "+echo+"?") }
		_, err := fake.keyless(v1Only(t), raw, nil).Sign(t.Context(), []byte(about(root)))
		sigstoretest.WantError(t, err, recap.Denied, "token-refused", "(token)")
		for _, part := range strings.Split(raw, ".")[1:] {
			if strings.Contains(sigstoretest.Text(err), part) {
				t.Errorf("the token is in the error %q", sigstoretest.Text(err))
			}
		}
	}
	t.Run("redirect", func(t *testing.T) {
		fake := newFakeSigstore(t)
		fake.fault = func(host string, _ int) http.HandlerFunc {
			if host == "fulcio.test" {
				return sigstoretest.Status(http.StatusTemporaryRedirect, "over there", "Location", "https://elsewhere.test/api?secret=1")
			}
			return nil
		}
		_, err := fake.keyless(v1Only(t), raw, nil).Sign(t.Context(), []byte(about(root)))
		sigstoretest.WantError(t, err, recap.Usage, "bad-service", "https://elsewhere.test/api", "signing configuration")
		if fake.count("elsewhere.test") != 0 || strings.Contains(sigstoretest.Text(err), "secret") {
			t.Errorf("got calls %v, error %q", fake.calls, sigstoretest.Text(err))
		}
	})
	t.Run("in the clear", func(t *testing.T) {
		fake := newFakeSigstore(t)
		path := sigstoretest.File(t, `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{"url":"http://fulcio.test","majorApiVersion":1}],"rekorTlogUrls":[{"url":"https://rekor1.test","majorApiVersion":1}]}`)
		_, err := fake.keyless(path, raw, nil).Sign(t.Context(), []byte(about(root)))
		sigstoretest.WantError(t, err, recap.Usage, "insecure-service", "http://fulcio.test", "https")
		if fake.count("fulcio.test") != 0 {
			t.Error("the token was sent")
		}
	})
}

// What a refusal may come from is said.
func TestTokenRefusedHint(t *testing.T) {
	for _, test := range []struct {
		name   string
		claims map[string]any
		hint   string
	}{
		{"expired", map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, "the token expired at"},
		{"for somebody else", map[string]any{"aud": []string{"vault"}}, `the token is for "vault"`},
		{"for whom the caller asked for", map[string]any{"aud": "some body & co"}, `"some body & co"`},
		{"of an unknown issuer", nil, `"https://issuer.test"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := newFakeSigstore(t)
			fake.fault = func(string, int) http.HandlerFunc { return sigstoretest.Status(401, "no") }
			_, err := fake.keyless(v1Only(t), sigstoretest.Token(t, test.claims), nil).Sign(t.Context(), []byte(about(root)))
			sigstoretest.WantError(t, err, recap.Denied, "token-refused", test.hint)
		})
	}
}

// TestUnreachable needs real sockets: nobody listens, or speaks something else.
func TestUnreachable(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of our refusal
	secure.StartTLS()
	defer secure.Close()
	for _, test := range []struct{ name, address, code string }{
		{"nobody listens", "http://127.0.0.1:1", "unreachable"},
		{"no TLS", "https://" + strings.TrimPrefix(plain.URL, "http://"), "tls"},
		{"an unknown authority", secure.URL, "tls"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := sigstoretest.File(t, `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{"url":`+strconv.Quote(test.address)+`,"majorApiVersion":1}],"rekorTlogUrls":[{"url":"https://rekor1.test","majorApiVersion":1}]}`)
			signer, err := sigstore.NewKeylessSigner(sigstore.KeylessOptions{SigningConfig: path, Token: sigstoretest.TokenSource(sigstoretest.Token(t, nil)), Budget: time.Nanosecond})
			if err != nil {
				t.Fatal(err)
			}
			_, err = signer.Sign(t.Context(), []byte(about(root)))
			sigstoretest.WantError(t, err, recap.Unavailable, test.code, test.address)
		})
	}
}
