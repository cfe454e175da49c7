// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// publish writes the signing configurations, offers the services that fail, and
// publishes the TUF repositories.
func (s *stack) publish(mux *http.ServeMux, base, dir string) error {
	valid := since(s.started)
	v1 := services{fulcio: s.Fulcio, issuer: s.PeopleIssuer, rekor: s.RekorV1, rekorVersion: 1}
	v2 := services{fulcio: s.Fulcio, issuer: s.PeopleIssuer, rekor: s.RekorV2, rekorVersion: 2, tsa: s.TSA}
	refuse, flaky := base+"/refuse", base+"/flaky"
	mux.HandleFunc("/refuse/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"code":400,"message":"refused for the test"}`, http.StatusBadRequest)
	})
	tiles, err := url.Parse(s.RekorV2)
	if err != nil {
		return err
	}
	mux.Handle("/flaky/rekor2/", http.StripPrefix("/flaky/rekor2", flakily(httputil.NewSingleHostReverseProxy(tiles))))
	for _, name := range []string{"fulcio", "tsa"} {
		mux.Handle("/flaky/"+name+"/", flakily(http.StripPrefix("/flaky", mux)))
	}

	noFulcio, noRekor, noTSA, noCT, lame := v2, v2, v2, v2, v2
	noFulcio.fulcio = refuse + "/fulcio"
	noRekor.rekor = refuse + "/rekor"
	noTSA.tsa = refuse + "/tsa/api/v1/timestamp"
	noCT.fulcio = s.FulcioNoCT
	lame.fulcio, lame.rekor, lame.tsa = flaky+"/fulcio", flaky+"/rekor2", flaky+"/tsa/api/v1/timestamp"
	s.Broken = map[string]string{}
	for name, which := range map[string]services{
		"v1": v1, "v2": v2, "tsa": {tsa: s.TSA},
		"no-fulcio": noFulcio, "no-rekor": noRekor, "no-tsa": noTSA, "no-ct": noCT, "flaky": lame,
	} {
		path := filepath.Join(dir, "signing_config."+name+".json")
		if err := writeProto(path, which.signingConfig(valid)); err != nil {
			return err
		}
		switch name {
		case "v1":
			s.SigningConfigV1 = path
		case "v2":
			s.SigningConfigV2 = path
		case "tsa":
			s.SigningConfigTSA = path
		default:
			s.Broken[strings.TrimPrefix(name, "no-")] = path
		}
	}
	return s.publishTUF(mux, base, dir, v2.signingConfig(valid))
}

// flakily answers two of three requests with 503.
func flakily(next http.Handler) http.Handler {
	var asked atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1)%3 != 0 {
			http.Error(w, "too busy, for the test", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}
