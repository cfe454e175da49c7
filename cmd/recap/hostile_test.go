// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest/hostile"
	"github.com/recap-oci/recap/pkg/target"
)

// What hostile input may cost at most. The time is a processor's where a run has a
// process of its own, which what is heavy has; for the others there is only the
// clock on the wall, which also counts what else the machine does meanwhile.
const (
	hostileTime   = 10 * time.Second
	hostileEnd    = 2 * time.Minute
	hostileMemory = 256 << 20
)

// yard is a place of its own where the command meets hostile input: everything
// that it could write to lies in dir.
type yard struct {
	t   *testing.T
	dir string
	bin bool // start a process for each run, and look at its memory
}

// newYard makes a yard with a recap, a key pair and a good bundle in it.
func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{t: t, dir: scratch(t)}
	private, public, err := newKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	y.write("k.key", private)
	y.write("k.pub", public)
	y.write("predicate.json", []byte(`{"a":1}`))
	y.write("source/index.md", []byte("---\ntitle: A trip\nrecap:\n  event: FOSDEM 2024\n---\nWhat I saw.\n"))
	return y
}

func (y *yard) path(name string) string { return filepath.Join(y.dir, filepath.FromSlash(name)) }

func (y *yard) write(name string, data []byte) {
	y.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(y.path(name)), 0o755), os.WriteFile(y.path(name), data, 0o644)); err != nil {
		y.t.Fatal(err)
	}
}

// vars are the settings that a run sees: none but where things are.
func (y *yard) vars() map[string]string {
	return map[string]string{
		"HOME": y.path("home"), "XDG_CONFIG_HOME": y.path("config"), "XDG_CACHE_HOME": y.path("cache"), "XDG_STATE_HOME": y.path("state"),
		"DOCKER_CONFIG": y.path("docker"), "TMPDIR": y.path("tmp"), "LocalAppData": y.path("cache"), "COSIGN_PASSWORD": "",
	}
}

// names are what stands for the capitals in the line of an [entry]; repository is
// where the hostile artifact lies.
func (y *yard) names(repository string) map[string]string {
	return map[string]string{
		"REPO": repository, "REF": repository + ":v1", "GOOD": "oci-layout://" + y.path("good") + ":v1", "COPY": "oci-layout://" + y.path("copy") + ":v1",
		"OUT": y.path("out"), "SOURCE": y.path("source"), "KEY": y.path("k.key"), "PUB": y.path("k.pub"), "PREDICATE": y.path("predicate.json"),
	}
}

// run runs the command.
func (y *yard) run(args ...string) (code int, stdout, stderr string) {
	y.t.Helper()
	var out, errs bytes.Buffer
	began := time.Now()
	if y.bin {
		code = y.start(&out, &errs, args)
	} else {
		vars := y.vars()
		e := &env{
			stdin: bytes.NewReader(nil), stdout: &answer{w: &out}, stderr: &errs, now: time.Now, clock: hurried{}, budget: &target.Budget{},
			lookup: func(name string) (string, bool) { value, ok := vars[name]; return value, ok },
		}
		code = e.main(y.t.Context(), args)
	}
	if took := time.Since(began); took > hostileEnd {
		y.t.Errorf("recap %s took %s", strings.Join(args, " "), took)
	}
	return code, out.String(), errs.String()
}

// start runs the command in a process of its own: this test binary, which is the
// command under its name.
func (y *yard) start(stdout, stderr *bytes.Buffer, args []string) int {
	y.t.Helper()
	self, err := os.Executable()
	if err != nil {
		y.t.Fatal(err)
	}
	if err := os.MkdirAll(y.path("tmp"), 0o700); err != nil {
		y.t.Fatal(err)
	}
	cmd := exec.CommandContext(y.t.Context(), self, args...)
	cmd.Env = []string{peakVariable + "=" + y.path("tmp/peak")}
	cmd.Args[0], cmd.Dir, cmd.Stdout, cmd.Stderr = "recap-measured", y.dir, stdout, stderr
	for name, value := range y.vars() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		y.t.Fatal(err)
	}
	if peak := peakOf(y.t, y.path("tmp/peak")); peak > hostileMemory {
		y.t.Errorf("recap %s took %s of memory", strings.Join(args, " "), size(peak))
	}
	if took := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); took > hostileTime {
		y.t.Errorf("recap %s took %s of a processor", strings.Join(args, " "), took)
	}
	return cmd.ProcessState.ExitCode()
}

// peakVariable names the file that a measured command leaves its size in.
const peakVariable = "RECAP_TEST_PEAK"

// measured runs the command and then notes how much memory it took, by the system's
// own count of this program: what a parent is told begins with the parent's size.
func measured() int {
	code := run()
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		err = os.WriteFile(os.Getenv(peakVariable), status, 0o600)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // not every system counts
		panic(err)
	}
	return code
}

// peakOf returns the bytes that a measured command noted, and 0 where none are.
func peakOf(t *testing.T, file string) int64 {
	t.Helper()
	status, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	var kibibytes int64
	_, line, _ := strings.Cut(string(status), "\nVmHWM:")
	if _, scanErr := fmt.Sscan(line, &kibibytes); errors.Join(err, scanErr) != nil {
		t.Fatal(err, scanErr)
	}
	return kibibytes << 10
}

var errorCode = regexp.MustCompile(`(?m)^error\[([a-z0-9-]+)\]`)

// outcome returns how a run ended in the words of [hostile.Input].
func outcome(exit int, stderr string) string {
	if code := errorCode.FindStringSubmatch(stderr); code != nil {
		return fmt.Sprintf("%d %s", exit, code[1])
	}
	return fmt.Sprint(exit)
}

// contents returns what lies in the yard: names, modes and content, but for what
// allowed begins with.
func (y *yard) contents(allowed ...string) map[string]string {
	y.t.Helper()
	seen := map[string]string{}
	err := filepath.WalkDir(y.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(y.dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if slices.ContainsFunc(allowed, func(a string) bool { return name == a || strings.HasPrefix(name, a+"/") }) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		about := info.Mode().String()
		switch {
		case info.Mode().IsRegular() && info.Size() > 1<<30: // a hole
			about += fmt.Sprint(info.Size(), info.ModTime())
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			about += fmt.Sprintf("%x", sha256.Sum256(data))
		case info.Mode()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			about += link
		}
		seen[name] = about
		return nil
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return seen
}

// entry is a way in: a command line, with the names of what it is about in
// capitals.
type entry struct {
	name   string
	line   string
	writes []string // what it may change when it succeeds
	heavy  bool     // what is heavy comes this way too
}

// meet runs an entry point on hostile input and holds what it does against what it
// must do.
func (y *yard) meet(row hostile.Input, place string, in entry, names map[string]string) (exit int) {
	y.t.Helper()
	args := strings.Fields(in.line)
	for i, arg := range args {
		first, rest, _ := strings.Cut(arg, "/")
		if value, ok := names[first]; ok {
			args[i] = value
			if rest != "" {
				args[i] += "/" + rest
			}
		}
	}
	want := row.Outcome(append(strings.Fields(in.name), place)...)
	if want == "-" {
		return 0
	}
	stays := []string{"cache", "tmp", "copy"} // blobs that were fetched stay, for the next pull or copy
	before := y.contents(stays...)
	exit, stdout, stderr := y.run(args...)
	wantCode, rule, _ := strings.Cut(want, " ")
	if got := outcome(exit, stderr); got != want && (wantCode != "1" || exit != 1 || !strings.Contains(stdout, rule)) {
		y.t.Errorf("%s, %s %s: got %q, want %q\n%.600s", row.Name, place, in.name, got, want, stderr)
	}
	if strings.Contains(stderr, "goroutine ") {
		y.t.Errorf("%s, %s %s: a trace\n%s", row.Name, place, in.name, stderr)
	}
	if exit > 1 && !strings.Contains(stderr, "error[") {
		y.t.Errorf("%s, %s %s: no error is printed", row.Name, place, in.name)
	}
	if exit > 1 || len(in.writes) == 0 {
		y.same(row.Name+", "+place+" "+in.name, before, y.contents(stays...))
		y.noRoots(row.Name + ", " + place + " " + in.name)
	} else {
		allowed := slices.Concat(in.writes, stays, []string{"state"})
		for name := range before {
			if slices.ContainsFunc(allowed, func(a string) bool { return name == a || strings.HasPrefix(name, a+"/") }) {
				delete(before, name)
			}
		}
		y.same(row.Name+", "+place+" "+in.name, before, y.contents(allowed...))
	}
	return exit
}

// same complains of every difference between two looks at the yard.
func (y *yard) same(what string, before, after map[string]string) {
	y.t.Helper()
	for name, about := range after {
		if was, ok := before[name]; !ok {
			y.t.Errorf("%s: %s was written", what, name)
		} else if was != about {
			y.t.Errorf("%s: %s was %s and is %s", what, name, was, about)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			y.t.Errorf("%s: %s is gone", what, name)
		}
	}
}

// noRoots complains when the local store, or the destination of a copy, lists what a
// failed run fetched, or holds a temporary file.
func (y *yard) noRoots(what string) {
	y.t.Helper()
	y.noRoot(what, y.path("cache/recap/store"))
	y.noRoot(what, y.path("copy"))
}

func (y *yard) noRoot(what, store string) {
	y.t.Helper()
	data, err := os.ReadFile(filepath.Join(store, "index.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var index struct {
		Manifests []any `json:"manifests"`
	}
	if err := errors.Join(err, json.Unmarshal(data, &index)); err != nil {
		y.t.Errorf("%s: %s: %v", what, store, err)
	}
	if len(index.Manifests) > 0 {
		y.t.Errorf("%s: %s lists %v", what, store, index.Manifests)
	}
	_ = filepath.WalkDir(store, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(entry.Name(), ".recap-tmp-") {
			y.t.Errorf("%s: %s is left", what, path)
		}
		return nil
	})
}

// artifactEntries are the ways of an artifact into the command. Those that change
// it come last.
var artifactEntries = []entry{
	{"inspect", "inspect REF", nil, true},
	{"list", "list REF", nil, false},
	{"tags", "list REPO", nil, false},
	{"show", "show REF --unverified", nil, true},
	{"show json", "show REF --unverified --format json", nil, false},
	{"diff", "diff GOOD REF --unverified --exit-zero", nil, false},
	{"diff from", "diff REF GOOD --unverified --exit-zero", nil, false},
	{"verify", "verify REF --key PUB", nil, false},
	{"policy", "policy init REF --key PUB --dry-run", nil, false},
	{"verified", "pull REF --key PUB -o OUT", []string{"out"}, false},
	{"pull", "pull REF --unverified -o OUT", []string{"out"}, true},
	{"part", "pull REF --unverified --include notes.txt -o OUT", []string{"out"}, false},
	{"metadata", "pull REF --unverified --metadata-only -o OUT", []string{"out"}, false},
	{"copy", "copy REF COPY", []string{"copy"}, true},
	{"tag", "tag REF again", []string{"it", "it.tar"}, false},
	{"attest", "attest REF --key KEY --predicate PREDICATE --type https://example.com/x", []string{"it", "it.tar"}, false},
	{"sign", "sign REF --key KEY", []string{"it", "it.tar"}, false},
	{"push", "push SOURCE REF", []string{"it", "it.tar"}, false},
	{"delete", "delete REF --force", []string{"it", "it.tar"}, false},
}

// TestHostileArtifacts brings every artifact that means harm, in a layout, an
// archive and a registry, to every verb that takes one.
func TestHostileArtifacts(t *testing.T) {
	places := []string{"layout", "archive", "registry"}
	for i, row := range hostile.Artifacts() {
		if row.Place == "" { // they take turns: one and the same reader is behind all
			row.Place = places[i%len(places)]
		}
		meetAll(t, i, row.Input, func(t *testing.T) { meetArtifact(t, row) })
	}
}

// meetAll runs a test of one row. What is heavy takes processes of its own, and long,
// so make e2e meets it, and nothing else.
func meetAll(t *testing.T, i int, row hostile.Input, meet func(t *testing.T)) {
	if row.Heavy != (endToEnd(t) != "") {
		return
	}
	t.Run(fmt.Sprintf("%03d", i), func(t *testing.T) {
		t.Parallel()
		meet(t)
	})
}

func meetArtifact(t *testing.T, row hostile.Artifact) {
	t.Helper()
	place, graph := row.Place, row.Forge()
	y := newYard(t)
	y.bin = row.Heavy
	good := hostile.Good(graph)
	if err := good.WriteLayout(y.path("good")); err != nil {
		t.Fatal(err)
	}
	names := y.names("")
	registry := &hostile.Registry{Graph: graph}
	switch place {
	case "layout":
		names["REPO"] = "oci-layout://" + y.path("it")
	case "archive":
		names["REPO"] = "oci-layout://" + y.path("it.tar")
	case "registry":
		server := httptest.NewServer(registry)
		defer server.Close()
		names["REPO"] = strings.TrimPrefix(server.URL, "http://") + "/team/it"
	}
	names["REF"] = names["REPO"] + ":v1"
	lay := func() {
		if err := errors.Join(os.RemoveAll(y.path("it")), os.RemoveAll(y.path("out")), os.RemoveAll(y.path("copy")), os.RemoveAll(y.path("state")), os.RemoveAll(y.path("cache"))); err != nil {
			t.Fatal(err)
		}
		var err error
		switch place {
		case "layout":
			err = graph.WriteLayout(y.path("it"))
		case "archive":
			err = graph.WriteArchive(y.path("it.tar"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	lay()
	for _, in := range artifactEntries {
		if row.Heavy && !in.heavy {
			continue
		}
		sent := len(registry.Writes())
		exit := y.meet(row.Input, place, in, names)
		if wrote := registry.Writes()[sent:]; exit > 1 && len(wrote) > 0 && in.name != "sign" && in.name != "attest" { // those find out afterwards, and say so
			t.Errorf("%s, %s %s: was refused, and the registry was sent %q", row.Name, place, in.name, wrote)
		}
		if exit <= 1 && len(in.writes) > 0 {
			lay()
		}
	}
}
