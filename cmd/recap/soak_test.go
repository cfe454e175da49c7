// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recaptest"
)

const (
	soakPushes  = 250 // and as many pulls
	soakWorkers = 8
)

// TestSoak pushes and pulls with the real command, eight processes at a time
// that share a cache, a state file and repositories, while one request of
// twenty fails somehow. Every success is byte-identical, every failure has the
// exit code and name of what it is and leaves nothing, whatever a tag names is
// complete and signed, and without faults everything works that did not.
//
// Since nearly all survive that, a few are made with so many faults that most
// fail. RECAP_SOAK is how many pushes, and RECAP_SOAK_SEED another sequence of
// faults.
func TestSoak(t *testing.T) {
	needPeers(t) // hundreds of processes wait for half a minute
	bin := filepath.Join(t.TempDir(), "recap")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	pushes, seed := soakNumber(t, "RECAP_SOAK", soakPushes), soakNumber(t, "RECAP_SOAK_SEED", 1)
	t.Run("one of twenty", func(t *testing.T) {
		t.Parallel()
		s := newSoak(t, bin, uint64(seed), 0.05)
		s.soak(pushes)
		for verb, outcomes := range s.outcomes {
			if outcomes["0"] < pushes/2 {
				t.Errorf("only %d of %d times did %s succeed", outcomes["0"], pushes, verb)
			}
		}
	})
	t.Run("seven of ten", func(t *testing.T) {
		t.Parallel()
		s := newSoak(t, bin, uint64(seed), 0.7)
		s.soak(max(pushes/30, 8))
		if len(s.failed) == 0 {
			t.Error("no push failed")
		}
	})
}

// soak runs as many pushes and pulls, and looks what came of them.
func (s *soak) soak(pushes int) {
	t := s.t
	t.Helper()
	s.registry.Inject(recaptest.Fault{Match: recaptest.Match{Func: s.due}, Times: recaptest.Always, Action: s.disturb})
	jobs := make(chan int)
	var workers sync.WaitGroup
	for range soakWorkers {
		workers.Go(func() {
			for n := range jobs {
				s.push(n)
				s.pull()
			}
		})
	}
	for n := range pushes {
		jobs <- n
	}
	close(jobs)
	workers.Wait()
	faults := s.registry.Faulted()
	s.registry.Reset()
	s.settle(pushes)

	t.Logf("%d pushes: %s", pushes, tally(s.outcomes["push"]))
	t.Logf("%d pulls: %s", pushes, tally(s.outcomes["pull"]))
	t.Logf("%d faults in %d requests", faults, s.asked)
	if want := int(float64(s.asked) * s.faults / 2); faults < want {
		t.Errorf("only %d requests of %d were disturbed", faults, s.asked)
	}
}

// soakNumber returns the value of an environment variable, or what it is without.
func soakNumber(t *testing.T, name string, without int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return without
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number", name, text)
	}
	return n
}

func tally(outcomes map[string]int) string {
	var list []string
	for name, n := range outcomes {
		list = append(list, fmt.Sprintf("%d × %s", n, name))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// soak is one run.
type soak struct {
	t        *testing.T
	sandbox  *sandbox
	registry *recaptest.Registry
	faults   float64 // of requests

	mu       sync.Mutex
	chance   *rand.Rand
	asked    int
	outcomes map[string]map[string]int // verb → exit code and name → how often
	pushed   []soakPush                // that succeeded
	failed   []int
	pulls    int
}

// soakPush is a push that succeeded.
type soakPush struct {
	n      int
	digest string
}

func newSoak(t *testing.T, bin string, seed uint64, faults float64) *soak {
	t.Helper()
	return &soak{
		faults: faults,
		t:      t, sandbox: newSandbox(t, bin), registry: recaptest.NewRegistry(t, recaptest.RegistryOptions{}),
		chance:   rand.New(rand.NewPCG(seed, 0)), // the same faults each time
		outcomes: map[string]map[string]int{"push": {}, "pull": {}},
	}
}

// due draws whether a request is disturbed.
func (s *soak) due(*http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.chance.Float64() < s.faults
}

// disturb does one of the things that happen to requests.
func (s *soak) disturb(w http.ResponseWriter, r *http.Request, next http.Handler) {
	s.mu.Lock()
	at := s.chance.Int64N(400)
	what := []recaptest.Action{
		recaptest.Drop(), recaptest.Reset(), recaptest.LoseAnswer(),
		recaptest.Status(500), recaptest.Status(503), recaptest.Status(429), recaptest.RetryAfter(429, "1"),
		recaptest.Truncate(at), recaptest.Flip(at),
	}[s.chance.IntN(9)]
	s.mu.Unlock()
	what(w, r, next)
}

// source writes the recap of a push: a document and files of its own.
func (s *soak) source(n int) string {
	chance := rand.New(rand.NewPCG(uint64(n), 1)) // the same files each time
	dir := fmt.Sprintf("src/%d", n)
	s.sandbox.write(dir+"/index.md", fmt.Sprintf("---\ntitle: Trip %d\nrecap:\n  event: FOSDEM 2024\n---\nWith [notes](notes.txt) and [data](data.bin).\n", n))
	s.sandbox.write(dir+"/notes.txt", strings.Repeat(fmt.Sprintf("note %d\n", n), 1+chance.IntN(50)))
	data := make([]byte, 1+chance.IntN(64<<10))
	for i := range data {
		data[i] = byte(chance.Uint32())
	}
	s.sandbox.write(dir+"/data.bin", string(data))
	return filepath.Join(s.sandbox.dir, filepath.FromSlash(dir))
}

// repository returns where push n goes: one of few, shared by all workers.
func (s *soak) repository(n int) string {
	return fmt.Sprintf("%s/team/trip-%d", s.registry.Host(), n%5)
}

func (s *soak) pushArgs(n int) []string {
	return []string{
		"push", s.source(n), fmt.Sprintf("%s:0.%d.0,run-%d", s.repository(n), n, n), "--version", fmt.Sprintf("0.%d.0", n),
		"--sign", "--key", filepath.Join(s.sandbox.dir, "k.key"), "--format", "json",
	}
}

func (s *soak) pullArgs(n int, dir string) []string {
	return []string{"pull", fmt.Sprintf("%s:0.%d.0", s.repository(n), n), "--key", filepath.Join(s.sandbox.dir, "k.pub"), "-o", dir, "--format", "json"}
}

// run runs the command and returns its exit code and what it printed.
func (s *soak) run(args ...string) (code int, stdout, stderr string) {
	cmd := exec.Command(s.sandbox.bin, args...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(s.sandbox.dir, "home"),
		"XDG_CACHE_HOME="+filepath.Join(s.sandbox.dir, "cache"), "XDG_STATE_HOME="+filepath.Join(s.sandbox.dir, "state"))
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	_ = cmd.Run() // its exit code says it
	return cmd.ProcessState.ExitCode(), out.String(), messages.String()
}

// soakNames are the names that a failure may have, by exit code: a registry
// that doesn't answer, content that isn't what its digest says, and, since a
// listing of signatures has no digest that would tell, a signature that a
// flipped bit has made another's or nobody's.
func soakNames() map[int][]string {
	return map[int][]string{
		5: {
			"connection", "rate-limited", "registry-unavailable", "referrers-unavailable", "unexpected-answer", "bad-answer",
			"not-stored", "signature-not-listed", "referrer-lost",
		},
		6: {
			"digest-mismatch", "size-mismatch", "signature-damaged", "bad-referrers", "bad-manifest", "bad-digest", "bad-size",
			"bad-media-type", "ambiguous-manifest", "not-canonical",
		},
		7: {"unsigned", "bad-signature"},
	}
}

var errorLine = regexp.MustCompile(`(?m)^error\[([a-z0-9-]+)\]: `)

// judge counts an outcome, and complains of one that nobody promised.
func (s *soak) judge(verb string, code int, stderr string) {
	outcome := "0"
	if code != 0 {
		found := errorLine.FindAllStringSubmatch(stderr, -1)
		name := "?"
		if len(found) == 1 {
			name = found[0][1]
		}
		outcome = fmt.Sprintf("%d %s", code, name)
		if !slices.Contains(soakNames()[code], name) {
			s.t.Errorf("%s exits %d: %s", verb, code, stderr)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes[verb][outcome]++
}

func (s *soak) push(n int) {
	code, stdout, stderr := s.run(s.pushArgs(n)...)
	s.judge("push", code, stderr)
	var answer struct{ Digest string }
	if code == 0 {
		if err := json.Unmarshal([]byte(stdout), &answer); err != nil || answer.Digest == "" {
			s.t.Errorf("push %d succeeded and says %q (%v)", n, stdout, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if code == 0 {
		s.pushed = append(s.pushed, soakPush{n, answer.Digest})
	} else {
		s.failed = append(s.failed, n)
	}
}

// pull pulls something that was pushed.
func (s *soak) pull() {
	s.mu.Lock()
	s.pulls++
	dir := filepath.Join(s.sandbox.dir, "out", strconv.Itoa(s.pulls))
	if len(s.pushed) == 0 {
		s.outcomes["pull"]["nothing to pull yet"]++
		s.mu.Unlock()
		return
	}
	what := s.pushed[s.chance.IntN(len(s.pushed))]
	s.mu.Unlock()
	code, stdout, stderr := s.run(s.pullArgs(what.n, dir)...)
	s.judge("pull", code, stderr)
	if code != 0 {
		if _, err := os.Lstat(dir); err == nil {
			s.t.Errorf("a pull that failed wrote %s", dir)
		}
		return
	}
	s.compare(what.n, dir)
	if !strings.Contains(stdout, what.digest) {
		s.t.Errorf("pulled something else than %s: %s", what.digest, stdout)
	}
}

func (s *soak) compare(n int, dir string) {
	if tree(s.t, dir) != tree(s.t, filepath.Join(s.sandbox.dir, "src", strconv.Itoa(n))) {
		s.t.Errorf("what was pulled into %s isn't what push %d sent", dir, n)
	}
}

// settle looks, without faults, at what is there now.
func (s *soak) settle(pushes int) {
	if len(s.pushed)+len(s.failed) != pushes {
		s.t.Errorf("%d pushes succeeded and %d failed, of %d", len(s.pushed), len(s.failed), pushes)
	}
	for _, p := range s.pushed {
		for _, tag := range []string{fmt.Sprintf("0.%d.0", p.n), fmt.Sprintf("run-%d", p.n)} {
			if got := s.digest(p.n, tag); got != p.digest {
				s.t.Errorf("tag %s names %q, and %s was pushed", tag, got, p.digest)
			}
		}
	}
	for _, n := range s.failed {
		// What a tag names is complete and signed, though its push failed.
		if s.digest(n, fmt.Sprintf("0.%d.0", n)) != "" {
			s.whole(n, "half")
		}
		if code, _, stderr := s.run(s.pushArgs(n)...); code != 0 {
			s.t.Errorf("push %d fails again, without faults: exit %d: %s", n, code, stderr)
			continue
		}
		s.whole(n, "again")
	}
	store, err := layout.Open(filepath.Join(s.sandbox.dir, "cache", "recap", "store"), layout.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	damage, err := store.Check(s.t.Context())
	if err != nil || len(damage) > 0 {
		s.t.Errorf("the store that all shared: %v, %v", damage, err)
	}
}

// whole pulls what push n was of.
func (s *soak) whole(n int, where string) {
	dir := filepath.Join(s.sandbox.dir, where, strconv.Itoa(n))
	if code, _, stderr := s.run(s.pullArgs(n, dir)...); code != 0 {
		s.t.Errorf("what push %d left is tagged and can't be pulled: exit %d: %s", n, code, stderr)
		return
	}
	s.compare(n, dir)
}

// digest asks the registry itself what a tag names; "" for nothing.
func (s *soak) digest(n int, tag string) string {
	repository := strings.TrimPrefix(s.repository(n), s.registry.Host()+"/")
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodHead, s.registry.URL()+"/v2/"+repository+"/manifests/"+tag, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return ""
	}
	return resp.Header.Get("Docker-Content-Digest")
}
