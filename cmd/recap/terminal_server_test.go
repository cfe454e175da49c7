// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// headerPoison is poison without what ends a header line.
var headerPoison = strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(poison)

// hostileHeader is every header that a client looks at or shows.
func hostileHeader(host string) http.Header {
	return http.Header{
		"Warning":               {`299 - "` + strings.ReplaceAll(headerPoison, `\`, "") + `"`, `299 - "\x1b[2J\u202e"`, headerPoison},
		"Www-Authenticate":      {`Bearer realm="http://` + host + `/` + headerPoison + `",service="` + headerPoison + `",scope="` + headerPoison + `"`, headerPoison + ` realm="x"`},
		"Docker-Content-Digest": {"sha256:" + headerPoison},
		"Content-Type":          {"application/json; charset=" + headerPoison},
		"Retry-After":           {headerPoison},
		"Link":                  {"</v2/" + headerPoison + ">; rel=\"next\""},
		"Location":              {"/v2/" + headerPoison},
		"Content-Range":         {headerPoison},
		"Oci-Subject":           {headerPoison},
		"Oci-Filters-Applied":   {headerPoison},
		"Server":                {headerPoison},
		"Etag":                  {headerPoison},
		"Date":                  {headerPoison},
	}
}

// registryVerbs is everything that asks a registry, by what it is told.
func registryVerbs(d *desk, host string) [][]string {
	ref, other, key, pub := host+"/days/pack:1.0.0", host+"/days/other", d.path("recap.key"), d.path("recap.pub")
	return [][]string{
		{"list", host + "/days/pack"}, {"list", ref}, {"list", host + "/days/pack", "--digests"}, {"inspect", ref},
		{"verify", ref, "--key", pub, "--explain", "--no-state"}, {"pull", ref, "--key", pub, "--force", "-o", d.path("pulled")}, {"show", ref, "rich", "--unverified"},
		{"diff", ref, ref, "--unverified"}, {"status", d.path("stale")},
		{"push", d.path("team"), other + ":1.0.0", "--sign", "--key", key}, {"copy", ref, "oci-layout://" + d.path("copied") + ":1.0.0"}, {"copy", ref, other + ":2.0.0"},
		{"tag", ref, "again"}, {"sign", ref, "--key", key}, {"delete", other + ":1.0.0", "--force"},
		{"login", host, "-u", "me", "--password-stdin"}, {"policy", "init", ref, "--key", pub, "--dry-run"},
	}
}

// Whatever a registry answers, to whatever it is asked, in whatever header or
// body, is escaped.
func TestTerminalRegistry(t *testing.T) {
	for _, opts := range []recaptest.RegistryOptions{{}, {Token: true, Username: "me", Password: "no\n", AnonymousPull: true}, {NoReferrers: true}} {
		d, _ := packWorld(t)
		registry := recaptest.NewRegistry(t, opts)
		host := registry.Host()
		if opts.Token {
			d.write("docker/config.json", fmt.Sprintf(`{"auths": {%q: {"username": "me", "password": %q}}}`, host, "no\n"))
		}
		d.must("push", d.path("team"), host+"/days/pack:1.0.0", "--sign", "--key", d.path("recap.key"))
		d.must("pull", host+"/days/pack:1.0.0", "--key", d.path("recap.pub"), "-o", d.path("stale"))
		body, err := json.Marshal(map[string]any{
			"errors": []any{map[string]any{"code": "DENIED" + poison, "message": "no" + poison, "detail": map[string]any{"x" + poison: poison}}},
			"name":   poison, "tags": []string{"a" + poison, "1.0.0" + poison, "2.0.0"}, "token": poison, "access_token": "x" + poison,
			"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []any{map[string]any{"mediaType": poison, "digest": "sha256:" + poison, "size": 1, "artifactType": poison}},
		})
		if err != nil {
			t.Fatal(err)
		}
		kinds := []recaptest.Kind{recaptest.Manifest, recaptest.Referrers, recaptest.Tags, recaptest.Blob, recaptest.Upload, recaptest.Mount}
		statuses := []int{http.StatusOK, http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest, http.StatusTooManyRequests}
		if opts.Token {
			kinds = []recaptest.Kind{recaptest.Token, recaptest.Ping}
		} else if opts.NoReferrers {
			kinds, statuses = []recaptest.Kind{recaptest.Referrers, recaptest.Manifest}, []int{http.StatusOK, http.StatusInternalServerError, http.StatusTemporaryRedirect, http.StatusNotFound, http.StatusRequestEntityTooLarge}
		}
		hit := 0
		for _, kind := range kinds {
			for i, status := range statuses {
				answer := string(body)
				if i%2 == 1 {
					answer = poison + "<html>" + poison
				}
				header := hostileHeader(host)
				for _, args := range registryVerbs(d, host) {
					registry.Reset()
					registry.Inject(recaptest.Fault{Match: recaptest.Match{Kind: kind}, Times: recaptest.Always, Action: recaptest.Respond(status, header, answer)})
					d.clean(fmt.Sprintf("%s answered %d", kind, status), args...)
					hit += registry.Faulted()
				}
			}
			// The truth, with headers nobody asked for.
			for name, values := range hostileHeader(host) {
				if name == "Content-Type" && kind != recaptest.Manifest {
					continue
				}
				args := registryVerbs(d, host)
				registry.Reset()
				registry.Inject(recaptest.Fault{Match: recaptest.Match{Kind: kind}, Times: recaptest.Always, Action: recaptest.SetHeader(name, values[0])})
				for _, args := range args[:7] {
					d.clean(fmt.Sprintf("%s with a hostile %s", kind, name), args...)
				}
			}
		}
		if hit < 100 {
			t.Errorf("%d hostile answers are too few to say anything", hit)
		}
	}
}

// What isn't HTTP, or hardly, is escaped as well.
func TestTerminalProtocol(t *testing.T) {
	d, _ := packWorld(t)
	log.SetOutput(io.Discard) // net/http's; the command's own goes to the screen
	defer log.SetOutput(os.Stderr)
	for name, answer := range map[string]string{
		"status line":        "HTTP/1.1 500 " + headerPoison + "\r\nContent-Length: 0\r\n\r\n",
		"refusal":            "HTTP/1.1 403 " + headerPoison + "\r\nContent-Length: 0\r\n\r\n",
		"protocol":           headerPoison + "/1.1 200 OK\r\n\r\n",
		"status":             "HTTP/1.1 " + headerPoison + "\r\n\r\n",
		"header name":        "HTTP/1.1 200 OK\r\n" + headerPoison + ": x\r\n\r\n",
		"header line":        "HTTP/1.1 200 OK\r\n" + headerPoison + "\r\n\r\n",
		"length":             "HTTP/1.1 200 OK\r\nContent-Length: " + headerPoison + "\r\n\r\n",
		"transfer encoding":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + headerPoison + "\r\n\r\n",
		"chunk":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + headerPoison + "\r\n",
		"content encoding":   "HTTP/1.1 200 OK\r\nContent-Encoding: " + headerPoison + "\r\nContent-Length: 2\r\n\r\n{}",
		"more than asked":    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" + poison,
		"address":            "HTTP/1.1 302 Found\r\nLocation: http://" + headerPoison + "/\r\nContent-Length: 0\r\n\r\n",
		"scheme":             "HTTP/1.1 302 Found\r\nLocation: " + headerPoison + "://x/\r\nContent-Length: 0\r\n\r\n",
		"no certificate":     "\x15\x03\x01\x00\x02\x02\x28",
		"nothing but poison": poison,
	} {
		host := answersAlways(t, answer)
		for _, args := range registryVerbs(d, host) {
			d.clean(name, args...)
		}
		d.clean(name, "list", host+"/days/pack", "--plain-http=false")
	}
}

// answersAlways is a server that gives one answer, whatever it is asked.
func answersAlways(t *testing.T, answer string) (host string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = http.ReadRequest(bufio.NewReader(c)) // or whatever it is
				_, _ = c.Write([]byte(answer))
			}()
		}
	}()
	return l.Addr().String()
}
