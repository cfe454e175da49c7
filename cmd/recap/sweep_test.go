// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target"
)

// TestSweep disturbs the N-th request of whole commands, for every N, in every
// way a network or a registry can: a command succeeds with the digest that it
// has undisturbed, or it ends with a documented code; what there was before is
// there still or the new is complete; a tag names nothing that is incomplete or
// unsigned; the same command then succeeds; and no password or token went to
// anybody but the registry it is for.
//
// With RECAP_SWEEP=all it tries every N, which takes two minutes of a processor;
// in make e2e every second; otherwise every fifth in every other way.
func TestSweep(t *testing.T) {
	stride := 5
	if endToEnd(t) != "" {
		stride = 2
	}
	if os.Getenv("RECAP_SWEEP") == "all" {
		stride = 1
	}
	for v, verb := range sweptVerbs() {
		t.Run(verb.name, func(t *testing.T) {
			for i, a := range sweptActions() {
				if stride > 2 && (v+i)%2 != 0 {
					continue
				}
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					n := sweepRequests(t, verb, a, 1+i%stride, stride)
					if n < verb.least {
						t.Errorf("only %d requests were reached; %s has more", n, verb.name)
					}
				})
			}
		})
	}
}

// sweepRequests disturbs the N-th request in this way, from first on, and
// returns the last N that was reached.
func sweepRequests(t *testing.T, verb sweptVerb, a sweptAction, first, stride int) int {
	w := newWorld(t, recaptest.RegistryOptions{Token: true, Username: "ann", NoReferrers: verb.noAPI})
	if verb.once != nil {
		verb.once(w)
	}
	const limit = 200
	for n := first; n < limit; n += stride {
		w.name = fmt.Sprintf("run%d", n)
		if verb.each != nil {
			verb.each(w)
		}
		w.reset()
		disturbed := w.registry
		if verb.other {
			disturbed = w.other
		}
		w.disturbed = disturbed
		disturbed.Inject(recaptest.Fault{Nth: n, Times: a.times, Action: a.action(w)})
		r := w.run(verb.args(w)...)
		reached := disturbed.Faulted() > 0
		at := fmt.Sprintf("%s at request %d (%s)", a.name, n, describeFault(disturbed))
		w.keptSecrets(at, r)
		w.reset()
		allowed := a.codes
		if a := verb.codes[a.name]; a != nil {
			allowed = a
		}
		if !reached {
			allowed = []int{0}
		}
		if verb.never0 {
			allowed = append(slices.Clone(allowed), 7)
		}
		switch {
		case verb.never0 && r.code == 0:
			t.Errorf("%s: verified what nobody signed", at)
		case !slices.Contains(allowed, r.code):
			t.Errorf("%s: exit %d, want one of %v: %s", at, r.code, allowed, r.stderr)
		case r.code != 0 && !documented().MatchString(r.stderr):
			t.Errorf("%s: no error with a code: %s", at, r.stderr)
		}
		verb.after(w, at, r)
		if t.Failed() {
			return limit
		}
		if !reached {
			return n - 1
		}
	}
	t.Fatalf("no end after %d requests", limit)
	return 0
}

func documented() *regexp.Regexp { return regexp.MustCompile(`(?m)^error\[[a-z0-9-]+\]: `) }

// describeFault names the first request that was disturbed.
func describeFault(r *recaptest.Registry) string {
	for _, e := range r.Journal() {
		if e.Faulted {
			return e.Method + " " + e.Path
		}
	}
	return "none"
}

// sweptAction is one way to disturb a request.
type sweptAction struct {
	name   string
	times  int
	codes  []int // that a command may exit with
	action func(*world) recaptest.Action
}

func sweptActions() []sweptAction {
	do := func(a recaptest.Action) func(*world) recaptest.Action {
		return func(*world) recaptest.Action { return a }
	}
	return []sweptAction{
		// One of these is no reason to fail.
		{name: "drop", codes: []int{0}, action: do(recaptest.Drop())},
		{name: "reset", codes: []int{0}, action: do(recaptest.Reset())},
		{name: "lost answer", codes: []int{0}, action: do(recaptest.LoseAnswer())},
		{name: "500", codes: []int{0}, action: do(recaptest.Status(500))},
		{name: "503 twice", times: 2, codes: []int{0}, action: do(recaptest.Status(503))},
		{name: "429 with a wait", codes: []int{0}, action: do(recaptest.RetryAfter(429, "7"))},
		{name: "truncate", codes: []int{0}, action: do(recaptest.Truncate(9))},
		{name: "stall in the body", codes: []int{0}, action: stall(9)},
		{name: "flip", codes: []int{0}, action: do(recaptest.Flip(12))},
		{name: "the token has expired", codes: []int{0}, action: expire(false)},
		{name: "every token has expired", times: recaptest.Always, codes: []int{0, 4, 5}, action: expire(true)},
		{name: "404", codes: []int{0, 3, 4, 5}, action: do(recaptest.Status(404))},
		// A manifest or blob that was sent completely isn't sent again.
		{name: "stall", codes: []int{0, 5}, action: stall(-1)},

		{name: "drop from there on", times: recaptest.Always, codes: []int{0, 5}, action: do(recaptest.Drop())},
		{name: "500 from there on", times: recaptest.Always, codes: []int{0, 5}, action: do(recaptest.Status(500))},
		{name: "truncate from there on", times: recaptest.Always, codes: []int{0, 5}, action: do(recaptest.Truncate(9))},
		{name: "flip from there on", times: recaptest.Always, codes: []int{0, 3, 4, 5, 6, 7}, action: do(recaptest.Flip(12))},
		{name: "404 from there on", times: recaptest.Always, codes: []int{0, 3, 4, 5, 6, 7}, action: do(recaptest.Status(404))},
		{name: "401", codes: []int{0, 4, 5}, action: challenge},
		{name: "401 from there on", times: recaptest.Always, codes: []int{0, 4, 5}, action: challenge},
		{name: "403", codes: []int{0, 4, 5}, action: do(recaptest.Status(403))},
		{name: "403 from there on", times: recaptest.Always, codes: []int{0, 4, 5}, action: do(recaptest.Status(403))},
		{name: "wait an hour", codes: []int{0, 5}, action: do(recaptest.RetryAfter(429, "3600"))},
		{name: "accepted and gone", codes: []int{0, 4, 5, 6}, action: do(recaptest.Status(201))},

		{name: "redirect to another host", codes: []int{0, 4, 5, 6, 7}, action: elsewhere(307, "/")},
		{name: "redirect to another host that asks for a password", codes: []int{0, 4, 5, 6, 7}, action: elsewhere(302, "/locked")},
		// 9: what it sends for a tag is what the tag names.
		{name: "redirect to another host from there on", times: recaptest.Always, codes: []int{0, 4, 5, 6, 7, 9}, action: elsewhere(308, "/")},
		{name: "upload elsewhere", codes: []int{0, 4, 5, 6}, action: func(w *world) recaptest.Action {
			return recaptest.SetHeader("Location", w.evil.URL()+"/upload")
		}},
		{name: "token service elsewhere", codes: []int{0, 4, 5}, action: func(w *world) recaptest.Action {
			// The same machine by another name; a name in public would be asked.
			realm := strings.Replace(w.evil.URL(), "127.0.0.1", "localhost", 1)
			return recaptest.Respond(401, http.Header{"Www-Authenticate": {`Bearer realm="` + realm + `/token",service="x"`}}, "")
		}},
	}
}

// expire makes the token that a request comes with worthless, if it is not the
// first to come with it. Unless fresh ones expire too, it waits until nobody is left
// who was asked for a token and has had no other answer since: a new one that is
// refused is a refusal, and they may all have got the same.
func expire(fresh bool) func(*world) recaptest.Action {
	return func(w *world) recaptest.Action {
		return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			uses, asked := 0, map[string]bool{}
			for _, e := range w.disturbed.Journal() {
				if e.Header.Get("Authorization") == r.Header.Get("Authorization") {
					uses++
				}
				switch e.Status {
				case 0: // on its way
				case http.StatusUnauthorized:
					asked[e.Method+" "+e.Path] = true
				default:
					delete(asked, e.Method+" "+e.Path)
				}
			}
			if uses > 1 && (fresh || len(asked) == 0) {
				w.disturbed.ExpireTokens()
			}
			next.ServeHTTP(rw, r)
		}
	}
}

// challenge answers as the registry does whose token has expired.
func challenge(w *world) recaptest.Action {
	return recaptest.Respond(401, http.Header{
		"Www-Authenticate": {`Bearer realm="` + w.disturbed.URL() + `/token",service="` + w.disturbed.Host() + `"`},
	}, `{"errors":[{"code":"UNAUTHORIZED","message":"token expired"}]}`)
}

// elsewhere redirects to a host that isn't the registry.
func elsewhere(status int, path string) func(*world) recaptest.Action {
	return func(w *world) recaptest.Action { return recaptest.Redirect(status, w.evil.URL()+path) }
}

// stall falls silent after so many bytes of a body, -1: before the answer, and
// lets the command's time pass until it has had enough.
func stall(after int64) func(*world) recaptest.Action {
	return func(w *world) recaptest.Action {
		return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			pass := func() {
				go func() {
					for r.Context().Err() == nil {
						w.clock.FireIf(unanswered)
						select { // others are to have a chance in between
						case <-r.Context().Done():
						case <-time.After(time.Millisecond):
						}
					}
				}()
			}
			after := after
			if r.Method == http.MethodHead {
				after = -1 // it has no body: a client has it all, and asks on
			}
			if after < 0 {
				pass()
			} else {
				rw = &silencedWriter{ResponseWriter: rw, left: after, silent: pass}
			}
			recaptest.Stall(after)(rw, r, next)
		}
	}
}

// unanswered reports whether a timer is one of a registry that nothing was heard
// of for a moment: what is only slow on a busy machine is set again with every
// byte, and goes on, and while the machine does something else no time passes. A file or a program that is read for a password has less time
// than a registry.
func unanswered(length, alone time.Duration) bool {
	moment := 20 * time.Millisecond
	if length > time.Minute { // what took minutes to be given up isn't sent again
		moment = 500 * time.Millisecond
	}
	return length >= 30*time.Second && alone > moment
}

// silencedWriter calls silent when the last byte was written that will be.
type silencedWriter struct {
	http.ResponseWriter
	left   int64
	silent func()
}

func (s *silencedWriter) Write(p []byte) (int, error) {
	n, err := s.ResponseWriter.Write(p)
	if s.left -= int64(n); s.left == 0 {
		s.silent()
	}
	return n, err
}

func (s *silencedWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// world is where a swept command runs: two registries that want different
// passwords, a host that must not learn them, and a directory.
type world struct {
	*sandbox
	clock           *recaptest.Clock
	registry, other *recaptest.Registry
	disturbed       *recaptest.Registry // one of them
	evil            *recaptest.Registry
	name            string // of this run's repository and directories

	wanted map[string]string // digests by what was pushed
}

const (
	sweepSecret = "open-sesame-7b1f"
	otherSecret = "swordfish-90ac"
)

func newWorld(t *testing.T, opts recaptest.RegistryOptions) *world {
	t.Helper()
	login := func(secret string) recaptest.RegistryOptions {
		opts.Password = secret
		return opts
	}
	w := &world{
		sandbox:  newSandbox(t, ""),
		clock:    recaptest.NewClock(time.Microsecond),
		registry: recaptest.NewRegistry(t, login(sweepSecret)),
		other:    recaptest.NewRegistry(t, login(otherSecret)),
		evil:     recaptest.NewRegistry(t, recaptest.RegistryOptions{}),
		wanted:   map[string]string{},
	}
	var logins []string
	for secret, r := range map[string]*recaptest.Registry{sweepSecret: w.registry, otherSecret: w.other} {
		logins = append(logins, fmt.Sprintf(`%q:{"username":"ann","password":%q}`, r.Host(), secret))
	}
	w.write("home/config.json", `{"auths":{`+strings.Join(logins, ",")+`}}`)
	w.reset()
	return w
}

// reset forgets what was asked and is to be disturbed.
func (w *world) reset() {
	w.registry.Reset()
	w.other.Reset()
	w.evil.Reset()
	w.evil.Inject(recaptest.Fault{
		Match: recaptest.Match{Path: "/locked"}, Times: recaptest.Always,
		Action: recaptest.Respond(401, http.Header{"Www-Authenticate": {`Basic realm="x"`}}, ""),
	}, recaptest.Fault{
		Times: recaptest.Always, Action: recaptest.Respond(200, http.Header{"Content-Type": {"application/json"}}, `{"token":"x"}`),
	})
}

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// ref is a tag in this run's repository.
func (w *world) ref(tag string) string { return w.registry.Host() + "/team/" + w.name + ":" + tag }

// ranAs is what a swept command did.
type ranAs struct {
	code           int
	stdout, stderr string
}

// digest is the one that the last line of the answer ends in.
func (o ranAs) digest() string {
	_, d, _ := strings.Cut(o.stdout[strings.LastIndexByte(strings.TrimSpace(o.stdout), '\n')+1:], "@")
	return strings.TrimSpace(d)
}

// run runs a command in this process, with a clock that waits for nobody.
func (w *world) run(args ...string) ranAs {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	e := &env{
		stdin: bytes.NewReader(nil), stdout: &answer{w: &stdout}, stderr: &stderr, now: time.Now,
		clock: w.clock, budget: &target.Budget{},
		lookup: func(name string) (string, bool) {
			switch name {
			case "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME":
				return w.path(w.name + "/" + name), true
			case "DOCKER_CONFIG":
				return w.path("home"), true
			}
			return "", false
		},
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	code := e.main(ctx, args)
	if ctx.Err() != nil {
		w.t.Fatalf("recap %s: no end: %s", strings.Join(args, " "), stderr.String())
	}
	return ranAs{code, stdout.String(), stderr.String()}
}

// do runs a command that has to succeed.
func (w *world) do(at string, args ...string) ranAs {
	w.t.Helper()
	r := w.run(args...)
	if r.code != 0 {
		w.t.Errorf("%s: then recap %s: exit %d: %s", at, strings.Join(args, " "), r.code, r.stderr)
	}
	return r
}

// push pushes a source under tags, signed, and remembers its digest.
func (w *world) push(at, source, tags string) {
	w.t.Helper()
	r := w.do(at, "push", w.path(source), w.ref(tags), "--sign", "--key", w.path("k.key"))
	w.same(at, source, r)
}

// same checks that what is named by the answer is what it always is.
func (w *world) same(at, source string, r ranAs) {
	w.t.Helper()
	if w.wanted[source] == "" {
		w.wanted[source] = r.digest()
	}
	if got := r.digest(); got != w.wanted[source] || got == "" {
		w.t.Errorf("%s: digest %q, want %q", at, got, w.wanted[source])
	}
}

// verify checks that a tag names what is complete and signed, and one of these
// sources; or, if it may be absent, that there is no such tag.
func (w *world) verify(at, ref string, mayBeAbsent bool, sources ...string) {
	w.t.Helper()
	r := w.run("verify", ref, "--key", w.path("k.pub"))
	if r.code == 3 && mayBeAbsent {
		return
	}
	if r.code != 0 {
		w.t.Errorf("%s: what %s names: exit %d: %s", at, ref, r.code, r.stderr)
		return
	}
	r = w.do(at, "copy", ref, "oci-layout://"+w.path(w.name+"/complete-"+fmt.Sprint(w.clock.Now().UnixMicro()))+":x")
	for _, source := range sources {
		if r.digest() == w.wanted[source] {
			return
		}
	}
	w.t.Errorf("%s: %s names %s", at, ref, r.digest())
}

// keptSecrets checks that no host but the registry has seen what it must not,
// nor has anybody who looks over a shoulder.
func (w *world) keptSecrets(at string, r ranAs) {
	w.t.Helper()
	for _, e := range w.evil.Journal() {
		for key, values := range e.Header {
			switch key {
			case "Accept", "Range", "User-Agent", "Accept-Encoding", "Content-Length", "Referer":
			default:
				w.t.Errorf("%s: another host was sent %s: %s", at, key, values)
			}
		}
		if e.Method != http.MethodGet && e.Method != http.MethodHead || e.In > 0 {
			w.t.Errorf("%s: another host was sent a %s with %d bytes", at, e.Method, e.In)
		}
		if text := fmt.Sprint(e.Path, e.Query, e.Header); strings.Contains(text, sweepSecret) || strings.Contains(text, "ann") {
			w.t.Errorf("%s: another host was told %s", at, text)
		}
	}
	tokens := map[string]string{}
	for name, registry := range map[string]*recaptest.Registry{"registry": w.registry, "other": w.other} {
		for _, e := range registry.Journal() {
			if _, password, ok := (&http.Request{Header: e.Header}).BasicAuth(); ok {
				if want := map[string]string{"registry": sweepSecret, "other": otherSecret}[name]; password != want {
					w.t.Errorf("%s: the %s was sent another's password", at, name)
				}
				if e.Kind != recaptest.Token {
					w.t.Errorf("%s: the password went to %s", at, e.Path)
				}
			}
			if token, ok := strings.CutPrefix(e.Header.Get("Authorization"), "Bearer "); ok {
				if of := tokens[token]; of != "" && of != name && token != "x" {
					w.t.Errorf("%s: the %s was sent another's token", at, name)
				}
				tokens[token] = name
			}
		}
	}
	said := r.stdout + r.stderr
	for token := range tokens {
		if len(token) > 8 && strings.Contains(said, token) {
			w.t.Errorf("%s: a token is printed: %s", at, said)
		}
	}
	if strings.Contains(said, sweepSecret) || strings.Contains(said, otherSecret) {
		w.t.Errorf("%s: a password is printed: %s", at, said)
	}
}

// sweptVerb is a command that is disturbed.
type sweptVerb struct {
	name   string
	least  int // requests that it makes at least
	once   func(w *world)
	each   func(w *world)
	other  bool // the other registry is disturbed
	args   func(w *world) []string
	after  func(w *world, at string, r ranAs)
	noAPI  bool // neither registry has the referrers API: lists are kept under tags
	never0 bool // what it is asked has no good answer
	codes  map[string][]int
}

func sweptVerbs() []sweptVerb {
	const before = "before"
	inShared := func(w *world, fn func()) {
		name := w.name
		w.name = "shared"
		fn()
		w.name = name
	}
	shared := func(w *world, tag string) string { return w.registry.Host() + "/team/shared:" + tag }
	copyTo := func(w *world) string { return w.other.Host() + "/team/" + w.name + ":v2" }
	share := func(w *world) {
		inShared(w, func() {
			w.push(before, "v1", "v1")
			w.push(before, "v2", "v2")
		})
	}
	copied := func(w *world, at string, r ranAs) {
		if r.code == 0 {
			w.same(at, "v2", r)
		}
		w.verify(at, copyTo(w), r.code != 0, "v2")
		if r.code != 0 {
			w.do(at, "copy", shared(w, "v2"), copyTo(w))
			w.verify(at, copyTo(w), false, "v2")
		}
	}
	copyArgs := func(w *world) []string { return []string{"copy", shared(w, "v2"), copyTo(w)} }
	first := func(w *world) []string { return []string{"sign", w.ref("v1"), "--key", w.path("first.key")} }
	return []sweptVerb{{
		name: "push", least: 15,
		each: func(w *world) { w.push(before, "v1", "v1,latest") },
		args: func(w *world) []string {
			return []string{"push", w.path("v2"), w.ref("v2,latest"), "--sign", "--key", w.path("k.key")}
		},
		after: func(w *world, at string, r ranAs) {
			if r.code == 0 {
				w.same(at, "v2", r)
			}
			if w.wanted["v2"] == "" { // nobody has pushed it undisturbed yet
				name := w.name
				w.name = "undisturbed"
				w.push(at, "v2", "v2")
				w.name = name
			}
			w.verify(at, w.ref("latest"), false, "v1", "v2")
			if r.code == 0 {
				w.verify(at, w.ref("v2"), false, "v2")
				return
			}
			w.verify(at, w.ref("v2"), true, "v2")
			w.push(at, "v2", "v2,latest")
			w.verify(at, w.ref("latest"), false, "v2")
		},
	}, {
		name: "pull", least: 7,
		once: share,
		each: func(w *world) {
			w.do(before, "pull", shared(w, "v1"), "--key", w.path("k.pub"), "-o", w.path(w.name+"/out"))
		},
		args: func(w *world) []string {
			return []string{"pull", shared(w, "v2"), "--key", w.path("k.pub"), "-o", w.path(w.name + "/out")}
		},
		after: func(w *world, at string, r ranAs) {
			v1, v2 := tree(w.t, w.path("v1")), tree(w.t, w.path("v2"))
			switch got := tree(w.t, w.path(w.name+"/out")); {
			case got == v2:
			case got == v1 && r.code != 0:
			default:
				w.t.Errorf("%s: exit %d, neither old nor complete:\n%s", at, r.code, got)
			}
			w.clean(w.path(w.name + "/XDG_CACHE_HOME/recap/store"))
			if r.code == 0 {
				return
			}
			w.do(at, "pull", shared(w, "v2"), "--key", w.path("k.pub"), "-o", w.path(w.name+"/out"))
			if got := tree(w.t, w.path(w.name+"/out")); got != v2 {
				w.t.Errorf("%s: after another run:\n%s", at, got)
			}
		},
	}, {
		name: "copy from", least: 7,
		once: share, args: copyArgs, after: copied,
	}, {
		name: "copy to", least: 15,
		once: share, args: copyArgs, after: copied, other: true,
	}, {
		name: "sign", least: 8,
		each: func(w *world) { w.same(before, "v1", w.do(before, "push", w.path("v1"), w.ref("v1"))) },
		args: func(w *world) []string { return []string{"sign", w.ref("v1"), "--key", w.path("k.key")} },
		after: func(w *world, at string, r ranAs) {
			v := w.run("verify", w.ref("v1"), "--key", w.path("k.pub"))
			if v.code != 0 && (v.code != 7 || r.code == 0) {
				w.t.Errorf("%s: after exit %d: verify: exit %d: %s", at, r.code, v.code, v.stderr)
			}
			if r.code == 0 {
				return
			}
			w.do(at, "sign", w.ref("v1"), "--key", w.path("k.key"))
			w.verify(at, w.ref("v1"), false, "v1")
		},
	}, {
		name: "sign beside a signature in a list", least: 9, noAPI: true,
		once: func(w *world) {
			private, public, err := newKeyPair()
			if err != nil {
				w.t.Fatal(err)
			}
			w.write("first.key", string(private))
			w.write("first.pub", string(public))
		},
		each: func(w *world) {
			w.same(before, "v1", w.do(before, "push", w.path("v1"), w.ref("v1")))
			w.do(before, first(w)...)
		},
		args: func(w *world) []string { return []string{"sign", w.ref("v1"), "--key", w.path("k.key")} },
		after: func(w *world, at string, r ranAs) {
			w.do(at, "verify", w.ref("v1"), "--key", w.path("first.pub")) // nobody's signature is lost
			if r.code != 0 {
				w.do(at, "sign", w.ref("v1"), "--key", w.path("k.key"))
			}
			w.verify(at, w.ref("v1"), false, "v1")
		},
	}, {
		name: "copy from lists", least: 7, noAPI: true,
		once: share, args: copyArgs, after: copied,
	}, {
		name: "copy to lists", least: 15, noAPI: true,
		once: share, args: copyArgs, after: copied, other: true,
	}, {
		name: "tag", least: 4,
		each: func(w *world) {
			w.push(before, "v1", "v1")
			w.push(before, "v2", "latest")
		},
		args: func(w *world) []string { return []string{"tag", w.ref("v1"), "stable", "latest"} },
		after: func(w *world, at string, r ranAs) {
			w.verify(at, w.ref("stable"), r.code != 0, "v1")
			if r.code != 0 {
				w.verify(at, w.ref("latest"), false, "v1", "v2")
				w.do(at, "tag", w.ref("v1"), "stable", "latest")
			}
			w.verify(at, w.ref("latest"), false, "v1")
		},
	}, {
		name: "delete", least: 4,
		each: func(w *world) {
			w.push(before, "v1", "v1")
			w.push(before, "v2", "v2")
		},
		args: func(w *world) []string { return []string{"delete", w.ref("v2"), "--force"} },
		after: func(w *world, at string, r ranAs) {
			w.verify(at, w.ref("v1"), false, "v1") // what was not to be deleted
			again := w.run("delete", w.ref("v2"), "--force")
			if again.code != 3 && (again.code != 0 || r.code == 0) {
				w.t.Errorf("%s: after exit %d: another delete: exit %d: %s", at, r.code, again.code, again.stderr)
			}
			if gone := w.run("verify", w.ref("v2"), "--key", w.path("k.pub")); gone.code != 3 {
				w.t.Errorf("%s: what was deleted: exit %d: %s", at, gone.code, gone.stderr)
			}
		},
	}, {
		name: "verify", least: 5,
		once: share,
		args: func(w *world) []string { return []string{"verify", shared(w, "v2"), "--key", w.path("k.pub")} },
		after: func(w *world, at string, r ranAs) {
			if r.code != 0 {
				w.verify(at, shared(w, "v2"), false, "v2")
			}
		},
	}, {
		name: "verify unsigned", least: 3, never0: true,
		once: func(w *world) {
			inShared(w, func() { w.do(before, "push", w.path("v1"), w.ref("v1")) })
		},
		args:  func(w *world) []string { return []string{"verify", shared(w, "v1"), "--key", w.path("k.pub")} },
		after: func(*world, string, ranAs) {},
	}}
}
