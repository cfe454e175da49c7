// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/target"
)

// poison is text that acts on a terminal in each way that THREATS of this kind
// know, hides, and begins a line of its own.
const poison = "\x1b[2J\x1b]52;c;ZXZpbA==\a\x1b]8;;https://evil.example\x1b\\\b\x00\x7f\u009b31m\u202e\u2066\u200b\u200d\ufeff\u2028\U000e0041\r\nforged: line"

// goTemplate prints all of an answer, as it is.
const goTemplate = "go-template={{.}}"

// desk runs the command in this process, so that nothing stands between a verb
// and the test: no screen, but the settings of somebody at a terminal.
type desk struct {
	t    *testing.T
	dir  string
	vars map[string]string
}

func newDesk(t *testing.T) *desk {
	dir := t.TempDir()
	d := &desk{t: t, dir: dir, vars: map[string]string{"COSIGN_PASSWORD": ""}}
	for name, sub := range map[string]string{"XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "state", "DOCKER_CONFIG": "docker"} {
		d.vars[name] = filepath.Join(dir, sub)
	}
	private, public, err := newKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	d.write("recap.key", string(private))
	d.write("recap.pub", string(public))
	return d
}

// path returns a path of the desk.
func (d *desk) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

func (d *desk) write(name, text string) string {
	d.t.Helper()
	path := d.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func (d *desk) read(name string) []byte {
	d.t.Helper()
	data, err := os.ReadFile(d.path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return data
}

// try runs the command and returns its exit code and what it printed.
func (d *desk) try(args ...string) (code int, stdout, stderr string) {
	var out, errs printout
	e := &env{
		stdin:  strings.NewReader("no\n"),
		stdout: &answer{w: &out},
		stderr: &errs,
		lookup: func(name string) (string, bool) { value, ok := d.vars[name]; return value, ok },
		now:    time.Now,
		clock:  hurried{},
		budget: &target.Budget{},
		ttyIn:  true,
		ttyOut: true,
		ttyErr: false, // bars are drawn by others
	}
	code = e.main(d.t.Context(), args)
	return code, out.String(), errs.String()
}

// printout takes what is printed, also by what the command left running when it
// had its answer: a look at the tags that nobody waits for any more.
type printout struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printout) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(data)
}

func (p *printout) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// must runs a command that has to succeed.
func (d *desk) must(args ...string) string {
	d.t.Helper()
	code, stdout, stderr := d.try(args...)
	if code != 0 {
		d.t.Fatalf("recap %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// clean runs a command on something hostile, whatever comes of it, and reports
// what reached the terminal. It returns the exit code.
func (d *desk) clean(what string, args ...string) int {
	d.t.Helper()
	code, stdout, stderr := d.try(args...)
	complain := func(format string, more ...any) {
		d.t.Helper()
		d.t.Errorf("%.300q: recap %.600q: exit %d: %s", what, args, code, fmt.Sprintf(format, more...))
	}
	if leak := leaked(stdout); leak != "" {
		complain("stdout holds %s", leak)
	}
	if leak := leaked(stderr); leak != "" {
		complain("stderr holds %s", leak)
	}
	asked := slices.Contains(args, "markdown") || slices.Contains(args, "index.md") || slices.Contains(args, goTemplate) || args[0] == "show" && slices.Contains(args, "rich") // for text of many lines
	for line := range strings.Lines(stdout + "\n" + stderr) {
		if strings.HasPrefix(line, "forged") && !asked {
			complain("a line is forged: %q", line)
		}
	}
	if code < 0 || code > 10 {
		complain("which no table has: %.3000q", stderr)
	}
	if strings.Contains(stderr, "error[failed]") {
		complain("which is no error of ours: %.1000q", stderr)
	}
	if code > 1 && !strings.HasPrefix(stderr, "error[") && !strings.Contains(stderr, "\nerror[") {
		complain("without an error: %q", stderr)
	}
	return code
}

// hurried is a clock on which every wait is over at once and no limit is
// reached.
type hurried struct{}

func (hurried) Now() time.Time                                   { return time.Now() }
func (hurried) Sleep(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }
func (hurried) AfterFunc(time.Duration, func()) target.Timer     { return stillTimer{} }

type stillTimer struct{}

func (stillTimer) Stop() bool               { return true }
func (stillTimer) Reset(time.Duration) bool { return true }

// variant is a document with something hostile in one place.
type variant struct {
	where string
	data  []byte
	place []any // keys and indexes
}

// variants returns document once for each place in it, with poison in that
// place: behind a text, in place of anything else, and as a field of each object.
func variants(t *testing.T, document []byte) []variant {
	t.Helper()
	var list []variant
	var visit func(v any, place []any)
	visit = func(v any, place []any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				visit(v[key], append(slices.Clone(place), key))
			}
			place = append(slices.Clone(place), "x"+poison)
		case []any:
			for i := range v {
				visit(v[i], append(slices.Clone(place), i))
			}
			return
		}
		list = append(list, variant{where: fmt.Sprintf("%q", place), place: place, data: poisoned(t, document, place)})
	}
	visit(decoded(t, document), nil)
	return list
}

// poisoned returns document with poison in these places.
func poisoned(t *testing.T, document []byte, places ...[]any) []byte {
	t.Helper()
	root := decoded(t, document)
	for _, place := range places {
		root = poisonAt(root, place)
	}
	return encoded(t, root)
}

func poisonAt(v any, place []any) any {
	if len(place) == 0 {
		if text, ok := v.(string); ok {
			return text + poison
		}
		return poison
	}
	switch v := v.(type) {
	case map[string]any:
		v[place[0].(string)] = poisonAt(v[place[0].(string)], place[1:])
	case []any:
		v[place[0].(int)] = poisonAt(v[place[0].(int)], place[1:])
	}
	return v
}

func decoded(t *testing.T, document []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	return v
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// graph is a layout in memory: its blobs, and index.json under no digest.
type graph map[digest.Digest][]byte

func readGraph(t *testing.T, layout string) graph {
	t.Helper()
	g := graph{}
	read := func(path string) []byte {
		data, err := os.ReadFile(filepath.Join(layout, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	g[""] = read("index.json")
	entries, err := os.ReadDir(filepath.Join(layout, "blobs", "sha256"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		g[digest.NewDigestFromEncoded(digest.SHA256, entry.Name())] = read("blobs/sha256/" + entry.Name())
	}
	return g
}

// documents returns the digests of what is JSON, index.json included.
func (g graph) documents() []digest.Digest {
	var list []digest.Digest
	for _, d := range slices.Sorted(maps.Keys(g)) {
		if bytes.HasPrefix(g[d], []byte("{")) {
			list = append(list, d)
		}
	}
	return list
}

// with returns the graph with other bytes for a blob: whatever names it names
// those, up to the root. What moved says under which digest each blob is now.
func (g graph) with(t *testing.T, old digest.Digest, data []byte) (changed graph, moved map[digest.Digest]digest.Digest) {
	t.Helper()
	changed, moved = maps.Clone(g), map[digest.Digest]digest.Digest{}
	var replace func(old digest.Digest, data []byte)
	replace = func(old digest.Digest, data []byte) {
		if old == "" {
			changed[""] = data
			return
		}
		delete(changed, old)
		is := digest.FromBytes(data)
		changed[is] = data
		for was, to := range moved {
			if to == old {
				moved[was] = is
			}
		}
		moved[old] = is
		naming := func(d digest.Digest) bool { return bytes.Contains(changed[d], []byte(`"`+old+`"`)) }
		for { // what names it may move while what it names moves
			list := changed.documents()
			i := slices.IndexFunc(list, naming)
			if i < 0 {
				return
			}
			replace(list[i], encoded(t, renamed(decoded(t, changed[list[i]]), string(old), string(is), len(data))))
		}
	}
	replace(old, data)
	return changed, moved
}

// renamed returns v with the descriptors of one blob made those of another.
func renamed(v any, old, is string, size int) any {
	switch v := v.(type) {
	case map[string]any:
		if v["digest"] == old {
			v["digest"] = is
			if _, ok := v["size"]; ok {
				v["size"] = size
			}
		}
		for key := range v {
			v[key] = renamed(v[key], old, is, size)
		}
	case []any:
		for i := range v {
			v[i] = renamed(v[i], old, is, size)
		}
	case string:
		if v == old {
			return is
		}
	}
	return v
}

// write makes dir the layout, with what it holds and nothing else.
func (g graph) write(t *testing.T, dir string) {
	t.Helper()
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o700); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(blobs)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if _, ok := g[digest.NewDigestFromEncoded(digest.SHA256, entry.Name())]; !ok {
			if err := os.Remove(filepath.Join(blobs, entry.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	put := func(path string, data []byte, always bool) {
		if !always {
			if _, err := os.Lstat(path); err == nil {
				return // by its digest
			}
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), false)
	for d, data := range g {
		if d != "" {
			put(filepath.Join(blobs, d.Encoded()), data, false)
		}
	}
	put(filepath.Join(dir, "index.json"), g[""], true)
}

// copyTree copies a directory of small files.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
}
