// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hugo_test builds the site of this directory where Hugo is installed.
package hugo_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	jsonLD = regexp.MustCompile(`(?s)<script type="application/ld\+json">(.*?)</script>`)
	// element matches a start tag with its attributes, quoted ones whole.
	element   = regexp.MustCompile(`<([a-zA-Z][a-zA-Z0-9]*)((?:[^"'>]|"[^"]*"|'[^']*')*)>`)
	attribute = regexp.MustCompile(`([a-zA-Z-]+)(?:="([^"]*)")?`)
)

// TestRecaps asks of each page that its JSON-LD says what the front matter says.
func TestRecaps(t *testing.T) {
	site := build(t, "../recaps", "--panicOnWarning")
	tests := []struct {
		slug       string
		place      string
		attendance map[string]float64 // bound or value
		sessions   int                // and co-located events
		contains   []string
	}{
		{"kubecon-eu-2023-back-in-business", "Amsterdam", map[string]float64{"minValue": 10000}, 5, []string{"Nnenna Ndukwe", "<audio controls", "58 %"}},
		{"kubecon-eu-2024-ablock", "Paris", map[string]float64{"minValue": 13000}, 13, []string{"Hilliary Lipsig", "Los Angeles", "/recap/event/place/venue"}},
		{"kubecon-eu-2024-cloudsmith", "Paris", map[string]float64{"minValue": 12000}, 13, []string{"TestifySec", "223", "Runtime security and eBPF"}},
		{"kubecon-eu-2024-newcomer", "Paris", map[string]float64{"value": 12000}, 10, []string{"Alejandro Martínez", "2000 USD per month", "and others"}},
		{"kubecon-na-2024-wrap-up", "Salt Lake City", map[string]float64{"minValue": 9000}, 7, []string{"Capital One", "20K to 30K", "media/attendance.svg"}},
	}
	for _, tt := range tests {
		t.Run(tt.slug, func(t *testing.T) {
			page := read(t, filepath.Join(site, "recaps", tt.slug, "index.html"))
			graph := linkedData(t, page)
			event := find(t, graph, "Event", nil)
			location, _ := event["location"].(map[string]any)
			address, _ := location["address"].(map[string]any)
			if got := address["addressLocality"]; got != tt.place {
				t.Errorf("place is %v, want %s", got, tt.place)
			}
			if subs, _ := event["subEvent"].([]any); len(subs) != tt.sessions {
				t.Errorf("%d sessions and co-located events, want %d", len(subs), tt.sessions)
			}
			attendance := find(t, graph, "Observation", func(o map[string]any) bool {
				property, _ := o["measuredProperty"].(map[string]any)
				return property["name"] == "attendance"
			})
			for _, bound := range []string{"value", "minValue", "maxValue"} {
				got, given := attendance[bound].(float64)
				if want, wanted := tt.attendance[bound]; given != wanted || got != want {
					t.Errorf("attendance: %s is %v, want %v", bound, attendance[bound], tt.attendance)
				}
			}
			for _, want := range tt.contains {
				if !strings.Contains(page, want) {
					t.Errorf("the page does not show %q", want)
				}
			}
			checkHTML(t, page, 1)
		})
	}

	home := read(t, filepath.Join(site, "index.html"))
	checkHTML(t, home, 0)
	if got := strings.Count(home, "Building Container Images the Modern Way"); got != 2 {
		t.Errorf("the talk that two recaps recommend stands %d times on the first page, want 2", got)
	}
}

// TestHostileFrontMatter builds a recap whose every value tries to leave its place.
func TestHostileFrontMatter(t *testing.T) {
	site := build(t, "testdata")
	page := read(t, filepath.Join(site, "recaps", "hostile", "index.html"))
	checkHTML(t, page, 1)
	article := find(t, linkedData(t, page), "Article", nil)
	if want := "</title><script>alert(1)</script>"; article["headline"] != want {
		t.Errorf("headline is %q, want %q", article["headline"], want)
	}
	if _, ok := article["license"]; ok {
		t.Errorf("a licence that is no identifier became an address: %v", article["license"])
	}
	checkHTML(t, read(t, filepath.Join(site, "index.html")), 0)
}

// build runs Hugo over the recaps at content and returns the directory of the site.
func build(t *testing.T, content string, flags ...string) string {
	t.Helper()
	hugo, err := exec.LookPath("hugo")
	if err != nil {
		t.Skip("no hugo on this machine")
	}
	// A copy, because Hugo writes beside its configuration.
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	recaps, err := filepath.Abs(content)
	if err != nil {
		t.Fatal(err)
	}
	config := read(t, "hugo.toml")
	mount := `source = "../recaps"`
	if strings.Count(config, mount) != 1 {
		t.Fatalf("hugo.toml does not mount the recaps with %s", mount)
	}
	config = strings.Replace(config, mount, "source = "+strconv.Quote(filepath.ToSlash(recaps)), 1)
	if err := os.WriteFile(filepath.Join(dir, "hugo.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "public")
	cmd := exec.CommandContext(t.Context(), hugo, append(flags, "--source", dir, "--destination", out)...)
	if report, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("hugo: %v\n%s", err, report)
	}
	return out
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// checkHTML looks for elements and attributes that can only come from a value
// of the front matter that left its place.
func checkHTML(t *testing.T, page string, scripts int) {
	t.Helper()
	found := 0
	for _, tag := range element.FindAllStringSubmatch(page, -1) {
		if tag[1] == "script" {
			found++
		}
		for _, a := range attribute.FindAllStringSubmatch(tag[2], -1) {
			if strings.HasPrefix(strings.ToLower(a[1]), "on") && a[2] != "" || strings.HasPrefix(strings.ToLower(a[2]), "javascript:") {
				t.Errorf("active content in %s", tag[0])
			}
		}
	}
	if found != scripts {
		t.Errorf("%d script elements, want %d", found, scripts)
	}
	for _, bad := range []string{"<img src=x", "<svg", "<b>", "<i>", "map["} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

// linkedData returns the nodes of a page's JSON-LD.
func linkedData(t *testing.T, page string) []map[string]any {
	t.Helper()
	m := jsonLD.FindStringSubmatch(page)
	if m == nil {
		t.Fatal("no JSON-LD in the page")
	}
	var document struct {
		Context string           `json:"@context"`
		Graph   []map[string]any `json:"@graph"`
	}
	if err := json.Unmarshal([]byte(m[1]), &document); err != nil {
		t.Fatalf("JSON-LD: %v", err)
	}
	if document.Context != "https://schema.org" {
		t.Errorf("context is %q", document.Context)
	}
	return document.Graph
}

// find returns the first node of a type that match accepts.
func find(t *testing.T, graph []map[string]any, kind string, match func(map[string]any) bool) map[string]any {
	t.Helper()
	for _, node := range graph {
		if node["@type"] == kind && (match == nil || match(node)) {
			return node
		}
	}
	t.Fatalf("no such %s in the JSON-LD", kind)
	return nil
}
