// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trustroot_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
)

// tufRepo is a TUF repository on loopback. What it serves is set by publish.
type tufRepo struct {
	t      testing.TB
	server *httptest.Server
	keys   map[string]ed25519.PrivateKey

	mu     sync.Mutex
	files  map[string][]byte // by path
	answer func(w http.ResponseWriter, path string) bool
	asked  []string
}

// tufState is what a repository says. Versions not set are 1, and everything
// expires a day after epoch.
type tufState struct {
	root, timestamp, snapshot, targets int64
	expires                            map[string]time.Time
	files                              map[string][]byte
	plain                              bool              // no consistent snapshots
	signers                            map[string]string // whose key signs a role, if not its own
	keyOf                              map[string]string // whose key root.json names for a role
}

var tufRoles = []string{metadata.ROOT, metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS}

func newTUF(t testing.TB, state tufState) *tufRepo {
	t.Helper()
	r := &tufRepo{t: t, keys: make(map[string]ed25519.PrivateKey), files: make(map[string][]byte)}
	for _, name := range append([]string{"mallory", "new"}, tufRoles...) {
		r.keys[name] = sigstoretest.NewEd25519(t)
	}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	r.publish(state)
	return r
}

// ServeHTTP implements [http.Handler].
func (r *tufRepo) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	path := strings.TrimPrefix(request.URL.Path, "/")
	r.mu.Lock()
	r.asked = append(r.asked, path)
	raw, ok := r.files[path]
	answer := r.answer
	r.mu.Unlock()
	switch {
	case answer != nil && answer(w, path):
	case !ok:
		http.NotFound(w, request)
	default:
		_, _ = w.Write(raw)
	}
}

func (r *tufRepo) set(answer func(w http.ResponseWriter, path string) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// requests returns what was asked since the last call.
func (r *tufRepo) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

// publish adds a state to what is served. Old versions stay, as they do.
func (r *tufRepo) publish(s tufState) {
	r.t.Helper()
	files := make(map[string][]byte)
	expires := func(role string) time.Time {
		if t, ok := s.expires[role]; ok {
			return t
		}
		return epoch.AddDate(0, 0, 1)
	}
	for _, v := range []*int64{&s.root, &s.timestamp, &s.snapshot, &s.targets} {
		*v = max(*v, 1)
	}

	top := metadata.Root(expires(metadata.ROOT))
	top.Signed.Version, top.Signed.ConsistentSnapshot = s.root, !s.plain
	for _, role := range tufRoles {
		owner := role
		if other, ok := s.keyOf[role]; ok {
			owner = other
		}
		key, err := metadata.KeyFromPublicKey(r.keys[owner].Public())
		sigstoretest.Check(r.t, err)
		sigstoretest.Check(r.t, top.Signed.AddKey(key, role))
	}
	sign(r, s, top, metadata.ROOT)
	files[fmt.Sprintf("%d.root.json", s.root)] = bytesOf(r.t, top)

	targets := metadata.Targets(expires(metadata.TARGETS))
	targets.Signed.Version = s.targets
	for name, raw := range s.files {
		info, err := metadata.TargetFile().FromBytes(name, raw, "sha256")
		sigstoretest.Check(r.t, err)
		targets.Signed.Targets[name] = info
		place := "targets/" + name
		if !s.plain {
			place = fmt.Sprintf("targets/%x.%s", sha256.Sum256(raw), name)
		}
		files[place] = raw
	}
	sign(r, s, targets, metadata.TARGETS)
	files[s.place(s.targets, "targets.json")] = bytesOf(r.t, targets)

	snapshot := metadata.Snapshot(expires(metadata.SNAPSHOT))
	snapshot.Signed.Version = s.snapshot
	snapshot.Signed.Meta = map[string]*metadata.MetaFiles{"targets.json": metadata.MetaFile(s.targets)}
	sign(r, s, snapshot, metadata.SNAPSHOT)
	files[s.place(s.snapshot, "snapshot.json")] = bytesOf(r.t, snapshot)

	timestamp := metadata.Timestamp(expires(metadata.TIMESTAMP))
	timestamp.Signed.Version = s.timestamp
	timestamp.Signed.Meta = map[string]*metadata.MetaFiles{"snapshot.json": metadata.MetaFile(s.snapshot)}
	sign(r, s, timestamp, metadata.TIMESTAMP)
	files["timestamp.json"] = bytesOf(r.t, timestamp)

	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.files, files)
}

func (s tufState) place(version int64, name string) string {
	if s.plain {
		return name
	}
	return fmt.Sprintf("%d.%s", version, name)
}

func sign[T metadata.Roles](r *tufRepo, s tufState, m *metadata.Metadata[T], role string) {
	owners := []string{role}
	if other, ok := s.signers[role]; ok {
		owners = strings.Fields(other)
	}
	for _, owner := range owners {
		signer, err := signature.LoadSigner(r.keys[owner], crypto.Hash(0))
		sigstoretest.Check(r.t, err)
		_, err = m.Sign(signer)
		sigstoretest.Check(r.t, err)
	}
}

func bytesOf[T metadata.Roles](t testing.TB, m *metadata.Metadata[T]) []byte {
	t.Helper()
	raw, err := m.ToBytes(false)
	sigstoretest.Check(t, err)
	return raw
}

// options are those of a client that trusts the repository as it began, with a
// cache of its own, at a time.
func (r *tufRepo) options(at time.Time) trustroot.Options {
	r.t.Helper()
	dir := r.t.TempDir()
	anchor := filepath.Join(dir, "root.json")
	r.mu.Lock()
	defer r.mu.Unlock()
	sigstoretest.Check(r.t, os.WriteFile(anchor, r.files["1.root.json"], 0o600))
	return trustroot.Options{TUFMirror: r.server.URL, TUFRoot: anchor, CacheDir: filepath.Join(dir, "cache"), Now: func() time.Time { return at }}
}

// at returns the same options at another time.
func at(opts trustroot.Options, t time.Time) trustroot.Options {
	opts.Now = func() time.Time { return t }
	return opts
}
