// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// BenchmarkAgainstOras runs recap and oras in turn at the same work and reports
// the median of the ratios of each pair: below 1, recap is quicker. make bench
// builds both and says where they are.
func BenchmarkAgainstOras(b *testing.B) {
	recap, peers := os.Getenv("RECAP"), os.Getenv("RECAP_PEERS")
	if recap == "" || peers == "" {
		b.Skip("RECAP and RECAP_PEERS are not set; make bench sets them")
	}
	oras := filepath.Join(peers, "oras")
	dir := b.TempDir()
	b.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	b.Setenv("DOCKER_CONFIG", dir)

	b.Run("start-up", func(b *testing.B) {
		pairs(b, func(int) (ours, theirs []string) {
			return []string{recap, "version"}, []string{oras, "version"}
		})
	})
	for _, latency := range []time.Duration{0, 50 * time.Millisecond} {
		b.Run(fmt.Sprintf("latency %s", latency), func(b *testing.B) {
			host := slow(b, recaptest.NewRegistry(b, recaptest.RegistryOptions{}), latency)
			images := writeW1(b, dir, 0)
			b.Run("fresh push of W1", func(b *testing.B) {
				pairs(b, func(n int) (ours, theirs []string) {
					writeW1(b, dir, n)
					return []string{recap, "push", filepath.Join(dir, "w1"), fmt.Sprintf("%s/ours/w1-%d:v1", host, n)},
						append([]string{oras, "push", "--plain-http", "--disable-path-validation", fmt.Sprintf("%s/theirs/w1-%d:v1", host, n)}, images...)
				})
			})
			b.Run("push of W1 again", func(b *testing.B) {
				writeW1(b, dir, 0)
				pairs(b, func(int) (ours, theirs []string) {
					return []string{recap, "push", filepath.Join(dir, "w1"), host + "/ours/again:v1"},
						append([]string{oras, "push", "--plain-http", "--disable-path-validation", host + "/theirs/again:v1"}, images...)
				})
			})
			b.Run("cold pull of W1", func(b *testing.B) {
				pairs(b, func(n int) (ours, theirs []string) {
					remove(b, filepath.Join(dir, "cache"), filepath.Join(dir, "ours"), filepath.Join(dir, "theirs"))
					return []string{recap, "pull", host + "/ours/again:v1", "--unverified", "-o", filepath.Join(dir, "ours")},
						[]string{oras, "pull", "--plain-http", host + "/ours/again:v1", "-o", filepath.Join(dir, "theirs")}
				})
			})
		})
	}
}

// pairs runs the two commands that work returns in turn, b.N times after one
// that doesn't count.
func pairs(b *testing.B, work func(n int) (ours, theirs []string)) {
	var ratios []float64
	for n := range b.N + 1 {
		ours, theirs := work(n)
		a, o := run1(b, ours), run1(b, theirs)
		if n > 0 {
			ratios = append(ratios, a.Seconds()/o.Seconds())
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "×oras")
}

func run1(b *testing.B, command []string) time.Duration {
	cmd := exec.Command(command[0], command[1:]...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return time.Since(start)
}

func remove(b *testing.B, paths ...string) {
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			b.Fatal(err)
		}
	}
}

// writeW1 writes a recap of 12 KB of Markdown and five images of 300 KB, each n
// another one, and returns its files as oras takes them.
func writeW1(b *testing.B, dir string, n int) []string {
	files := []string{}
	write := func(name, text string) {
		file := filepath.Join(dir, "w1", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		files = append(files, file)
	}
	var links strings.Builder
	for i := range 5 {
		write(fmt.Sprintf("media/%d.png", i), fmt.Sprintf("\x89PNG\r\n\x1a\n%d %d%s", n, i, strings.Repeat("image", 60_000)))
		fmt.Fprintf(&links, "![image %d](media/%d.png)\n", i, i)
	}
	write("index.md", fmt.Sprintf("---\ntitle: W1\nrecap:\n  event: FOSDEM 2024\n---\nNumber %d.\n", n)+links.String()+strings.Repeat("A line of text.\n", 700))
	return files
}

// slow returns the address of a registry that answers late.
func slow(b *testing.B, registry *recaptest.Registry, latency time.Duration) string {
	upstream, err := url.Parse(registry.URL())
	if err != nil {
		b.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(upstream)
		p.Out.Host = p.In.Host
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		proxy.ServeHTTP(w, r)
	}))
	b.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}
