// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/trust"
)

// newRatchet returns a ratchet that keeps a state file, and a lock too where
// both are asked for.
func newRatchet(t testing.TB, where string) (r *ratchet.Ratchet, state, lock string) {
	t.Helper()
	dir := t.TempDir()
	opts := ratchet.Options{Path: filepath.Join(dir, "made", "state.json")}
	if where == "both" {
		opts.LockPath = filepath.Join(dir, "recap.lock")
	}
	return ratchet.New(opts), opts.Path, opts.LockPath
}

// put writes a file where a ratchet keeps one of its own.
func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func contentOf(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// errorCode returns the kind and the code of an error.
func errorCode(err error) string {
	var e *recap.Error
	if errors.As(err, &e) {
		return string(e.Kind) + " " + e.Code
	}
	return fmt.Sprint(err)
}

// served is what a repository holds under a tag: a root, and who signed it.
type served struct {
	*store
	root ocispec.Descriptor
}

// serve returns a repository with a bundle, signed by some.
func serve(t testing.TB, slug, version, text string, by ...string) served {
	t.Helper()
	r := &recap.Recap{Title: "T", Slug: slug, Files: []recap.File{{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument}}}
	g, err := artifact.BuildBundle(t.Context(), r, fstest.MapFS{"index.md": {Data: []byte(text)}}, artifact.BuildOptions{Version: version})
	if err != nil {
		t.Fatal(err)
	}
	s := newStore()
	for _, desc := range g.Nodes() {
		raw, err := artifact.ReadBlob(t.Context(), g, desc, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		s.put(t, desc.MediaType, raw)
	}
	return s.signed(t, ocispec.Descriptor{MediaType: g.Root.MediaType, Digest: g.Root.Digest, Size: g.Root.Size}, by...)
}

func (s *store) signed(t testing.TB, root ocispec.Descriptor, by ...string) served {
	t.Helper()
	for _, name := range by {
		s.attach(t, root, sign(t, newSigner(t, name), about(root, signType)), nil)
	}
	s.log = nil
	return served{s, root}
}

// servePack returns a repository with a pack whose catalog's config is given.
func servePack(t testing.TB, version, config string, edit func(*ocispec.Manifest)) served {
	t.Helper()
	s := newStore()
	put := func(v any, mediaType, artifactType string) ocispec.Descriptor {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		desc := s.put(t, mediaType, raw)
		desc.ArtifactType = artifactType
		return desc
	}
	catalog := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: recap.ArtifactTypeCatalog,
		Config: s.put(t, recap.MediaTypePackConfig, []byte(config)), Layers: []ocispec.Descriptor{},
	}
	if edit != nil {
		edit(&catalog)
	}
	index := ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, ArtifactType: recap.ArtifactTypePack,
		Manifests:   []ocispec.Descriptor{put(catalog, catalog.MediaType, recap.ArtifactTypeCatalog)},
		Annotations: map[string]string{ocispec.AnnotationVersion: version},
	}
	root := put(index, index.MediaType, "")
	return s.signed(t, root, "alice")
}

// admitting returns how a gate with rule and a ratchet admits what is served.
func admitting(t testing.TB, rule policy.Rule, r *ratchet.Ratchet) func(s served, name, tag string) (trust.Report, error) {
	t.Helper()
	if rule.Name == "" {
		rule.Name = "team"
	}
	if rule.Scopes == nil {
		rule.Scopes = []string{"**"}
	}
	if rule.Authorities == nil {
		rule.Authorities = []policy.Authority{authorityOf(t, newSigner(t, "alice"))}
	}
	gate, err := trust.NewGate(&policy.Policy{Rules: []policy.Rule{rule}}, sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{Ratchet: r})
	if err != nil {
		t.Fatal(err)
	}
	return func(s served, name, tag string) (trust.Report, error) {
		t.Helper()
		admitted, err := gate.Admit(t.Context(), s, trust.Request{Name: name, Tag: tag, Root: s.root})
		var refused *trust.RefusedError
		if errors.As(err, &refused) {
			return refused.Report, err
		}
		if err == nil && !admitted.Verified() && rule.Mode != policy.Warn {
			t.Errorf("admitted, not verified: %+v", admitted.Report())
		}
		return admitted.Report(), err
	}
}

const event = "registry.example.com/team/event"

func TestAdmitAdvances(t *testing.T) {
	r, _, _ := newRatchet(t, "state")
	admit := admitting(t, policy.Rule{}, r)
	one, two := serve(t, "an-event", "1.0.0", "one", "alice"), serve(t, "an-event", "1.1.0", "two", "alice")
	for i, tt := range []struct {
		served served
		tag    string
		want   ratchet.Report
		code   string
	}{
		{one, "latest", ratchet.Report{State: ratchet.FirstUse, Version: "1.0.0"}, ""},
		{two, "latest", ratchet.Report{State: ratchet.Advanced, Version: "1.1.0", KnownVersion: "1.0.0", KnownDigest: one.root.Digest}, ""},
		{two, "latest", ratchet.Report{State: ratchet.Same, Version: "1.1.0", KnownVersion: "1.1.0", KnownDigest: two.root.Digest}, ""},
		{one, "latest", ratchet.Report{State: ratchet.Refused, Version: "1.0.0", KnownVersion: "1.1.0", KnownDigest: two.root.Digest}, "rollback"},
		{one, "1.0.0", ratchet.Report{State: ratchet.Pinned, Version: "1.0.0"}, ""},
		{one, "", ratchet.Report{State: ratchet.Pinned}, ""},
		{serve(t, "an-event", "1.1.0", "other", "alice"), "v1.1.0", ratchet.Report{State: ratchet.Refused, Version: "1.1.0"}, "equivocation"},
		{serve(t, "another", "2.0.0", "x", "alice"), "latest", ratchet.Report{State: ratchet.Refused, Version: "2.0.0", KnownVersion: "1.1.0", KnownDigest: two.root.Digest}, "mix-and-match"},
		{serve(t, "an-event", "", "x", "alice"), "latest", ratchet.Report{State: ratchet.Refused, KnownVersion: "1.1.0", KnownDigest: two.root.Digest}, "rollback"},
		{serve(t, "an-event", "", "x", "alice"), "draft", ratchet.Report{State: ratchet.Unversioned}, ""},
	} {
		report, err := admit(tt.served, event, tt.tag)
		if tt.code == "" && (err != nil || report.Verdict != trust.VerdictVerified) {
			t.Fatalf("step %d: %v", i+1, err)
		}
		if tt.code != "" {
			var refused *trust.RefusedError
			if !errors.As(err, &refused) || !errors.Is(err, recap.Stale) || report.Code != tt.code || report.Verdict != trust.VerdictRefused || report.Reason != err.Error() {
				t.Fatalf("step %d: %v, %+v; want it refused as %s", i+1, err, report, tt.code)
			}
			if len(report.Authorities) != 1 || len(report.Signatures) != 1 {
				t.Errorf("step %d: the report doesn't say who signed: %+v", i+1, report)
			}
		}
		if diff := cmp.Diff(tt.want, report.Rollback); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i+1, diff)
		}
	}
}

// A tag that spells a version names that one, whatever the registry says, and
// whether or not anything is remembered: a signed older one under the tag of a
// later one is refused. By its digest it is what was asked for.
func TestAdmitRefusesAnotherVersion(t *testing.T) {
	older := serve(t, "an-event", "1.0.0", "one", "alice")
	pack := servePack(t, "1.0.0", `{"name":"talks","version":"1.0.0","title":"Talks","members":[]}`, nil)
	for _, tt := range []struct {
		name    string
		served  served
		in, tag string
		ratchet bool
		rule    policy.Rule
		want    ratchet.State
	}{
		{"a bundle", older, event, "1.1.0", true, policy.Rule{}, ratchet.Refused},
		{"with a v", older, event, "v1.1.0", true, policy.Rule{}, ratchet.Refused},
		{"a lower one", older, event, "0.9.0", true, policy.Rule{}, ratchet.Refused},
		{"without a ratchet", older, event, "1.1.0", false, policy.Rule{}, ratchet.Refused},
		{"in a layout", older, "oci-layout://here", "1.1.0", true, policy.Rule{}, ratchet.Refused},
		{"by digest", older, event, "", true, policy.Rule{}, ratchet.Pinned},
		{"its own tag, without a ratchet", older, event, "v1.0.0", false, policy.Rule{}, ratchet.Off},
		{"under a rule that warns", older, event, "1.1.0", true, policy.Rule{Mode: policy.Warn}, ratchet.Off},
		{"a version that it doesn't state", serve(t, "an-event", "", "x", "alice"), event, "1.1.0", true, policy.Rule{}, ratchet.Unversioned},
		{"a pack", pack, event, "1.1.0", true, policy.Rule{}, ratchet.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r *ratchet.Ratchet
			if tt.ratchet {
				r, _, _ = newRatchet(t, "both")
			}
			report, err := admitting(t, tt.rule, r)(tt.served, tt.in, tt.tag)
			refused := tt.want == ratchet.Refused
			if refused != errors.Is(err, recap.Stale) || refused != (err != nil) || report.Rollback.State != tt.want {
				t.Fatalf("%+v, %v; want %s", report.Rollback, err, tt.want)
			}
			if refused && (report.Code != "mix-and-match" || !strings.Contains(report.Reason, "spells version "+strings.TrimPrefix(tt.tag, "v"))) {
				t.Errorf("refused as %s: %s", report.Code, report.Reason)
			}
			if warned := strings.Contains(report.Rollback.Warning, "spells version"); warned != (tt.rule.Mode == policy.Warn) {
				t.Errorf("warning %q", report.Rollback.Warning)
			}
			if r == nil {
				return
			}
			if known, err := r.Entries(t.Context()); err != nil || len(known) > 0 {
				t.Errorf("remembered: %v, %v", known, err)
			}
		})
	}
}

// Nothing is remembered of what was not admitted by an enforcing rule, nor of
// what was asked for by digest.
func TestAdmitRemembersNothing(t *testing.T) {
	signed := serve(t, "an-event", "2.0.0", "x", "alice")
	alice, bob := authorityOf(t, newSigner(t, "alice")), authorityOf(t, newSigner(t, "bob"))
	for _, tt := range []struct {
		name   string
		served served
		rule   policy.Rule
		in     string
		tag    string
		want   ratchet.State
	}{
		{"unsigned", serve(t, "an-event", "2.0.0", "x"), policy.Rule{}, event, "latest", ""},
		{"signed by somebody else", serve(t, "an-event", "2.0.0", "x", "mallory"), policy.Rule{}, event, "latest", ""},
		{"one of two", signed, policy.Rule{Authorities: []policy.Authority{alice, bob}, Threshold: 2}, event, "latest", ""},
		{"no rule", signed, policy.Rule{Scopes: []string{"other.example.com/**"}}, event, "latest", ""},
		{"a rule that warns", signed, policy.Rule{Mode: policy.Warn}, event, "latest", ratchet.FirstUse},
		{"a rule that warns, unsigned", serve(t, "an-event", "2.0.0", "x"), policy.Rule{Mode: policy.Warn}, event, "latest", ratchet.FirstUse},
		{"by digest", signed, policy.Rule{}, event, "", ratchet.Pinned},
		{"a layout", signed, policy.Rule{}, "oci-layout://here", "latest", ratchet.Off},
		{"no version", serve(t, "an-event", "", "x", "alice"), policy.Rule{}, event, "latest", ratchet.Unversioned},
		{"somebody else's image", func() served { s := newStore(); return s.signed(t, s.newRoot(t), "alice") }(), policy.Rule{}, event, "latest", ratchet.Unversioned},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, state, lock := newRatchet(t, "both")
			report, err := admitting(t, tt.rule, r)(tt.served, tt.in, tt.tag)
			if err != nil && !errors.Is(err, recap.Untrusted) || (err != nil) != (tt.want == "") {
				t.Fatal(err)
			}
			if report.Rollback.State != tt.want {
				t.Errorf("state %q, want %q", report.Rollback.State, tt.want)
			}
			for _, path := range []string{filepath.Dir(state), lock} {
				if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s was made: %v", path, err)
				}
			}
		})
	}
	report, err := admitting(t, policy.Rule{}, nil)(signed, event, "latest")
	if err != nil || report.Rollback.State != ratchet.Off {
		t.Errorf("without a ratchet: %+v, %v", report.Rollback, err)
	}
}

// A rule that warns says what an enforcing one would refuse.
func TestAdmitWarnsOfRollback(t *testing.T) {
	r, state, _ := newRatchet(t, "state")
	if _, err := admitting(t, policy.Rule{}, r)(serve(t, "an-event", "1.1.0", "two", "alice"), event, "latest"); err != nil {
		t.Fatal(err)
	}
	warn := admitting(t, policy.Rule{Mode: policy.Warn}, r)
	report, err := warn(serve(t, "an-event", "1.0.0", "one", "alice"), event, "latest")
	if err != nil || !strings.Contains(report.Rollback.Warning, "went back") || report.Rollback.State != ratchet.Off {
		t.Errorf("%+v, %v", report.Rollback, err)
	}
	before := contentOf(t, state)
	if report, err = warn(serve(t, "an-event", "1.2.0", "three", "alice"), event, "latest"); err != nil || report.Rollback.State != ratchet.Advanced {
		t.Errorf("%+v, %v", report.Rollback, err)
	}
	if contentOf(t, state) != before {
		t.Error("a rule that warns changed the state")
	}
}

// What can't be remembered isn't admitted, and it is nobody's refusal.
func TestAdmitCannotRemember(t *testing.T) {
	two := serve(t, "an-event", "1.1.0", "two", "alice")
	for name, tt := range map[string]struct {
		make func(t *testing.T, state string)
		code string
	}{
		"damaged":   {func(t *testing.T, state string) { put(t, state, "{") }, "stale bad-state"},
		"a symlink": {func(t *testing.T, state string) { put(t, filepath.Join(state, "x"), "") }, "local state-not-a-file"},
		"unwritable": {func(t *testing.T, state string) {
			put(t, filepath.Join(filepath.Dir(state), ".state.json.lock", "x"), "")
		}, "local state-unwritable"},
	} {
		t.Run(name, func(t *testing.T) {
			r, state, _ := newRatchet(t, "state")
			tt.make(t, state)
			_, err := admitting(t, policy.Rule{}, r)(two, event, "latest")
			if got := errorCode(err); got != tt.code {
				t.Errorf("got %s (%v), want %s", got, err, tt.code)
			}
		})
	}
}

// What is remembered survives whatever fails after: a pull that breaks off
// between verification and layers can't be made to forget.
func TestAdmitRemembersBeforeLayers(t *testing.T) {
	r, _, _ := newRatchet(t, "state")
	admit := admitting(t, policy.Rule{}, r)
	two := serve(t, "an-event", "1.1.0", "two", "alice")
	if _, err := admit(two, event, "latest"); err != nil {
		t.Fatal(err)
	}
	for _, line := range two.log {
		if strings.HasPrefix(line, "fetch text/markdown") || strings.HasPrefix(line, "fetch "+recap.MediaTypeConfig) {
			t.Errorf("%s before it was remembered", line)
		}
	}
	_, err := admit(serve(t, "an-event", "1.0.0", "one", "alice"), event, "latest")
	if errorCode(err) != "stale rollback" {
		t.Errorf("got %v", err)
	}
}

// A mirror and its original have one history.
func TestAdmitMirror(t *testing.T) {
	r, _, _ := newRatchet(t, "state")
	one, two := serve(t, "an-event", "1.0.0", "one", "alice"), serve(t, "an-event", "1.1.0", "two", "alice")
	direct := admitting(t, policy.Rule{}, r)
	mirror := admitting(t, policy.Rule{Scopes: []string{"mirror.example.org/copies/**"}, MirrorOf: "registry.example.com/team/**"}, r)
	if _, err := direct(two, event, "latest"); err != nil {
		t.Fatal(err)
	}
	_, err := mirror(one, "mirror.example.org/copies/event", "latest")
	if errorCode(err) != "stale rollback" || !strings.Contains(err.Error(), event+":latest") {
		t.Errorf("the mirror serves an older one: %v", err)
	}
	if _, err := mirror(one, "mirror.example.org/copies/other", "latest"); err != nil {
		t.Errorf("another repository of the mirror: %v", err)
	}
	// A layout that is said to be a copy has that history, too.
	layout := admitting(t, policy.Rule{Scopes: []string{"oci-layout:///media/**"}, MirrorOf: "registry.example.com/team/**"}, r)
	if _, err := layout(one, "oci-layout:///media/event", "latest"); errorCode(err) != "stale rollback" {
		t.Errorf("a layout serves an older one: %v", err)
	}
}

// Two keys of one rule: whichever signs, it is the same history.
func TestAdmitOtherSigner(t *testing.T) {
	r, _, _ := newRatchet(t, "state")
	rule := policy.Rule{Authorities: []policy.Authority{authorityOf(t, newSigner(t, "alice")), authorityOf(t, newSigner(t, "bob"))}}
	rule.Authorities[0].Name, rule.Authorities[1].Name = "old", "new"
	admit := admitting(t, rule, r)
	if _, err := admit(serve(t, "an-event", "1.0.0", "one", "alice"), event, "latest"); err != nil {
		t.Fatal(err)
	}
	report, err := admit(serve(t, "an-event", "1.1.0", "two", "bob"), event, "latest")
	if err != nil || report.Rollback.State != ratchet.Advanced || !strings.Contains(report.Rollback.Warning, "new vouch for it now") {
		t.Errorf("%+v, %v", report.Rollback, err)
	}
	entries, err := r.Entries(t.Context())
	if err != nil || len(entries) != 2 || len(entries[0].Signers) != 1 || !strings.HasPrefix(entries[0].Signers[0], "key sha256:") {
		t.Errorf("%+v, %v", entries, err)
	}
}

func TestAdmitPacks(t *testing.T) {
	pack := func(name, version string) string {
		return fmt.Sprintf(`{"name":%q,"version":%q,"members":[],"later":[1]}`, name, version)
	}
	talks := pack("talks", "1.0.0")
	t.Run("advances", func(t *testing.T) {
		r, _, _ := newRatchet(t, "state")
		admit := admitting(t, policy.Rule{}, r)
		one, two := servePack(t, "1.0.0", talks, nil), servePack(t, "1.1.0", pack("talks", "1.1.0"), nil)
		for _, step := range []struct {
			served served
			want   string
		}{
			{one, "first-use"}, {two, "advanced"}, {one, "stale rollback"},
			{servePack(t, "2.0.0", pack("other", "2.0.0"), nil), "stale mix-and-match"},
			{serve(t, "talks", "2.0.0", "x", "alice"), "stale mix-and-match"},
			{two, "same"},
		} {
			report, err := admit(step.served, event, "latest")
			got := string(report.Rollback.State)
			if err != nil {
				got = errorCode(err)
			}
			if got != step.want {
				t.Errorf("got %s (%v), want %s", got, err, step.want)
			}
		}
		entries, err := r.Entries(t.Context())
		if err != nil || entries[0].Name != "talks" || entries[0].Kind != artifact.KindPack {
			t.Errorf("%+v, %v", entries, err)
		}
		if n := one.count("fetch " + recap.MediaTypePackConfig); n != 2 {
			t.Errorf("the config was fetched %d times in two admissions", n)
		}
	})
	for name, bad := range map[string]served{
		"another version":         servePack(t, "1.0.1", talks, nil),
		"no name":                 servePack(t, "1.0.0", pack("", "1.0.0"), nil),
		"a name that is none":     servePack(t, "1.0.0", pack("../x", "1.0.0"), nil),
		"a name twice":            servePack(t, "1.0.0", `{"name":"talks","name":"other","version":"1.0.0","members":[]}`, nil),
		"a config that is none":   servePack(t, "1.0.0", `[]`, nil),
		"another type of config":  servePack(t, "1.0.0", talks, func(m *ocispec.Manifest) { m.Config.MediaType = ocispec.MediaTypeImageConfig }),
		"no catalog":              servePack(t, "1.0.0", talks, func(m *ocispec.Manifest) { m.ArtifactType = "application/x" }),
		"a bundle for a catalog":  servePack(t, "1.0.0", talks, func(m *ocispec.Manifest) { m.ArtifactType = recap.ArtifactTypeBundle }),
		"a catalog of other size": servePack(t, "1.0.0", talks, func(m *ocispec.Manifest) { m.Config.Size++ }),
	} {
		t.Run(name, func(t *testing.T) {
			r, state, _ := newRatchet(t, "state")
			_, err := admitting(t, policy.Rule{}, r)(bad, event, "latest")
			if !errors.Is(err, recap.Integrity) {
				t.Errorf("got %v, want it refused", err)
			}
			if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("it was remembered: %v", err)
			}
		})
	}
}

func TestAdmitRatchetCanceled(t *testing.T) {
	r, state, _ := newRatchet(t, "state")
	one := serve(t, "an-event", "1.0.0", "one", "alice")
	gate, err := trust.NewGate(policy.ForKeys(authorityOf(t, newSigner(t, "alice"))), sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{Ratchet: r})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	one.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
		if desc.Digest == one.root.Digest {
			cancel()
			return nil, ctx.Err()
		}
		return data, nil
	}
	if _, err := gate.Admit(ctx, one, trust.Request{Name: event, Tag: "latest", Root: one.root}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was remembered: %v", err)
	}
}
