// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
)

// Bounds of what a TUF repository may send.
const (
	maxTUFRoots    = 256
	maxTUFRoot     = 512 << 10
	maxTUFTime     = 16 << 10
	maxTUFSnapshot = 2 << 20
	maxTUFTargets  = 5 << 20
)

// Files of a TUF repository, as they are kept.
const (
	tufTimestamp = "timestamp.json"
	tufSnapshot  = "snapshot.json"
	tufTargets   = "targets.json"
)

// repository is a TUF repository whose metadata was verified. It follows the
// specification's workflow over a set of files in memory: go-tuf verifies each,
// and what is kept between runs is written in one piece, so that no two files
// of it ever stem from different moments. Targets are looked for at the top
// level only, where every Sigstore repository has them.
// https://theupdateframework.github.io/specification/v1.0.33/#detailed-client-workflow
type repository struct {
	opts   Options
	mirror string // its address
	anchor []byte // the root.json that trust begins with
	remote remote
	cache  tufCache

	set     *trustedmetadata.TrustedMetadata
	files   map[string][]byte // verified: N.root.json, those above, and targets
	fetched time.Time
	warning string
}

// openRepository verifies what is kept of a repository, and asks it for news
// when that is old.
func openRepository(ctx context.Context, opts Options) (*repository, error) {
	r := &repository{opts: opts, mirror: opts.TUFMirror}
	switch {
	case opts.TUFMirror == "" && opts.TUFRoot == "":
		r.mirror, r.anchor = tuf.DefaultMirror, tuf.DefaultRoot()
	case opts.TUFMirror == "" || opts.TUFRoot == "":
		return nil, recap.Errorf(recap.Usage, "bad-trusted-root", "a TUF repository is given by its address and by its first root.json, and one of them is missing")
	default:
		var err error
		if r.anchor, err = readTrusted(opts.TUFRoot, maxTUFRoot); err != nil {
			return nil, err
		}
	}
	address, err := url.Parse(r.mirror)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return nil, recap.Errorf(recap.Usage, "bad-trusted-root", "%q is no address of a TUF repository", r.mirror).
			WithHint("it looks like https://tuf.example.com")
	}
	r.remote = newRemote(address, opts.Transport)
	r.cache = tufCacheOf(opts.CacheDir, r.mirror, r.anchor)

	kept := r.cache.read()
	age := opts.Now().Sub(kept.Fetched)
	fresh := kept.Files != nil && age >= 0 && age < opts.MaxAge
	if opts.Offline || fresh {
		err := r.recall(kept)
		if err == nil || opts.Offline {
			return r, err
		}
	}
	return r, r.refresh(ctx)
}

// refresh asks the repository. Only one process does at a time, and what it got
// in the meantime is built upon. If the repository can't be asked, what is kept
// has to do, as long as it is valid: who can cut the line could as well play
// the old answers back.
func (r *repository) refresh(ctx context.Context) error {
	release := r.cache.lock(ctx)
	defer release()
	kept := r.cache.read()
	err := r.workflow(ctx, kept.Files, r.remote.fetch)
	if err == nil {
		r.fetched = r.opts.Now()
		if err = r.usable(ctx); err == nil {
			r.cache.write(keptFiles{Fetched: r.fetched, Files: r.files})
			return nil
		}
	}
	if errors.Is(err, recap.Unavailable) && kept.Files != nil {
		if r.recall(kept) == nil {
			r.warning = fmt.Sprintf("%v; what was fetched at %s is used", err, phrase.Moment(kept.Fetched))
			return nil
		}
	}
	return r.explain(err)
}

// usable returns why nobody could use the repository's trusted root, which then
// isn't worth keeping.
func (r *repository) usable(ctx context.Context) error {
	raw, err := r.target(ctx, trustedRootFile)
	if err != nil {
		return err
	}
	if _, err := parseRoot(raw); err != nil {
		return recap.Errorf(recap.Integrity, "bad-tuf", "the trusted root of %s: %w", r.mirror, err)
	}
	return nil
}

// recall verifies what is kept, without the network.
func (r *repository) recall(kept keptFiles) error {
	if kept.Files == nil {
		return recap.Errorf(recap.Unavailable, "offline", "the trusted root of %s was never fetched, or not by this user, and nothing is asked offline", r.mirror).
			WithHint("once with a network: recap trust root --output %[1]s; then: --trusted-root %[1]s", trustedRootFile)
	}
	if err := r.workflow(context.Background(), kept.Files, nil); err != nil {
		return r.explain(err)
	}
	r.fetched = kept.Fetched
	return nil
}

// fetcher gets a file, or errNoFile.
type fetcher func(ctx context.Context, name string, limit int64) ([]byte, error)

var errNoFile = errors.New("no such file")

// workflow verifies the repository's metadata. It begins with the files that
// are kept, so that nothing older is accepted than what was seen, and fetches
// what is newer; without fetch, what is kept has to be complete and current.
func (r *repository) workflow(ctx context.Context, kept map[string][]byte, fetch fetcher) (err error) {
	// go-tuf dereferences members that hostile JSON can leave out before it
	// verifies any signature.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its metadata makes no sense: %v", p)
		}
	}()
	w := &workflow{ctx: ctx, kept: kept, fetch: fetch, files: make(map[string][]byte)}
	if w.set, err = trustedmetadata.New(r.anchor); err != nil {
		return recap.Errorf(recap.Usage, "bad-trusted-root", "the first root.json of %s: %s", r.mirror, phrase.Plain(err))
	}
	w.set.RefTime = r.opts.Now()
	if err := w.roots(); err != nil {
		return err
	}
	consistent := w.set.Root.Signed.ConsistentSnapshot
	version := func(m *metadata.MetaFiles, name string) string {
		if consistent {
			return strconv.FormatInt(m.Version, 10) + "." + name
		}
		return name
	}

	err = w.role(tufTimestamp, tufTimestamp, maxTUFTime, func(raw []byte, _ bool) error {
		_, err := w.set.UpdateTimestamp(raw)
		return err
	})
	if err != nil {
		return err
	}
	info, ok := w.set.Timestamp.Signed.Meta[tufSnapshot]
	if !ok || info == nil {
		return &metadata.ErrRepository{Msg: "timestamp.json names no snapshot"}
	}
	err = w.role(tufSnapshot, version(info, tufSnapshot), bound(info.Length, maxTUFSnapshot), func(raw []byte, trusted bool) error {
		_, err := w.set.UpdateSnapshot(raw, trusted)
		return err
	})
	if err != nil {
		return err
	}
	if info, ok = w.set.Snapshot.Signed.Meta[tufTargets]; !ok || info == nil {
		return &metadata.ErrRepository{Msg: "snapshot.json names no targets"}
	}
	err = w.role(tufTargets, version(info, tufTargets), bound(info.Length, maxTUFTargets), func(raw []byte, _ bool) error {
		_, err := w.set.UpdateTargets(raw)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range []string{trustedRootFile, signingConfigFile} {
		if raw := kept[name]; raw != nil {
			w.files[name] = raw // verified by target
		}
	}
	r.set, r.files = w.set, w.files
	return nil
}

// workflow is one run of it.
type workflow struct {
	ctx   context.Context
	kept  map[string][]byte
	fetch fetcher
	set   *trustedmetadata.TrustedMetadata
	files map[string][]byte
}

// roots follows root.json from version to version.
func (w *workflow) roots() error {
	for range maxTUFRoots {
		name := strconv.FormatInt(w.set.Root.Signed.Version+1, 10) + ".root.json"
		raw, known := w.kept[name]
		if !known {
			if w.fetch == nil {
				return nil
			}
			var err error
			if raw, err = w.fetch(w.ctx, name, maxTUFRoot); errors.Is(err, errNoFile) {
				return nil
			} else if err != nil {
				return err
			}
		}
		if _, err := w.set.UpdateRoot(raw); err != nil {
			return err
		}
		w.files[name] = raw
	}
	return &metadata.ErrRepository{Msg: fmt.Sprintf("more than %d versions of root.json", maxTUFRoots)}
}

// role verifies one file, kept under name and found at place.
func (w *workflow) role(name, place string, limit int64, apply func(raw []byte, trusted bool) error) error {
	if raw := w.kept[name]; raw != nil {
		err := apply(raw, true)
		if err == nil {
			w.files[name] = raw
			if name != tufTimestamp {
				return nil // it is the one that the timestamp or snapshot names
			}
		}
		if w.fetch == nil {
			return err
		}
		// What is kept and isn't valid any more still bars what is older.
	} else if w.fetch == nil {
		return &metadata.ErrRepository{Msg: name + " is missing"}
	}
	raw, err := w.fetch(w.ctx, place, limit)
	if errors.Is(err, errNoFile) {
		return &metadata.ErrRepository{Msg: place + " is missing"}
	}
	if err != nil {
		return err
	}
	err = apply(raw, false)
	if errors.Is(err, &metadata.ErrEqualVersionNumber{}) && name == tufTimestamp {
		w.files[name] = w.kept[name]
		return nil
	}
	if err != nil {
		return err
	}
	w.files[name] = raw
	return nil
}

// bound returns the length that metadata states, within reason.
func bound(stated, limit int64) int64 {
	if stated > 0 && stated < limit {
		return stated
	}
	return limit
}

// target returns a file that the repository vouches for.
func (r *repository) target(ctx context.Context, name string) ([]byte, error) {
	info := r.set.Targets[metadata.TARGETS].Signed.Targets[name]
	if info == nil {
		if name == signingConfigFile {
			return nil, recap.Errorf(recap.Usage, "no-signing-config", "%s doesn't say which services to sign with", r.mirror).
				WithHint("name them: --signing-config signing_config.json")
		}
		return nil, recap.Errorf(recap.Integrity, "bad-tuf", "%s has no %s", r.mirror, name)
	}
	if info.Length > maxRootSize {
		return nil, recap.Errorf(recap.Integrity, "bad-tuf", "the %s of %s has %d bytes, more than %d", name, r.mirror, info.Length, maxRootSize)
	}
	if raw := r.files[name]; raw != nil && info.VerifyLengthHashes(raw) == nil {
		return raw, nil
	}
	if r.opts.Offline {
		return nil, recap.Errorf(recap.Unavailable, "offline", "the %s of %s was never fetched, and nothing is asked offline", name, r.mirror)
	}
	place := "targets/" + name
	if r.set.Root.Signed.ConsistentSnapshot {
		for _, algorithm := range []string{"sha256", "sha512"} {
			if sum, ok := info.Hashes[algorithm]; ok {
				place = "targets/" + sum.String() + "." + name
				break
			}
		}
	}
	raw, err := r.remote.fetch(ctx, place, info.Length)
	if errors.Is(err, errNoFile) {
		return nil, recap.Errorf(recap.Integrity, "bad-tuf", "%s vouches for a %s and doesn't have it", r.mirror, name)
	}
	if err != nil {
		return nil, r.explain(err)
	}
	if err := info.VerifyLengthHashes(raw); err != nil {
		return nil, r.explain(err)
	}
	r.files[name] = raw
	return raw, nil
}

// keep writes targets down that were fetched since, unless another process has
// kept a newer state.
func (r *repository) keep(ctx context.Context) {
	release := r.cache.lock(ctx)
	defer release()
	if kept := r.cache.read(); len(kept.Files) < len(r.files) && bytes.Equal(kept.Files[tufTimestamp], r.files[tufTimestamp]) {
		r.cache.write(keptFiles{Fetched: r.fetched, Files: r.files})
	}
}

// expires returns when the first of the verified files expires.
func (r *repository) expires() time.Time {
	first := r.set.Root.Signed.Expires
	for _, t := range []time.Time{r.set.Timestamp.Signed.Expires, r.set.Snapshot.Signed.Expires, r.set.Targets[metadata.TARGETS].Signed.Expires} {
		if t.Before(first) {
			first = t
		}
	}
	return first.UTC()
}

// explain gives an error of go-tuf its kind.
func (r *repository) explain(err error) error {
	var known *recap.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, &metadata.ErrExpiredMetadata{}):
		stale := recap.Errorf(recap.Stale, "tuf-expired", "the trusted root of %s: %s", r.mirror, reasonOf(err))
		if r.opts.Offline {
			return stale.WithHint("run once with a network, or keep a file that doesn't expire: recap trust root --output %s", trustedRootFile)
		}
		return stale.WithHint("its operator has to renew it; is this machine's clock right?")
	case errors.Is(err, &metadata.ErrBadVersionNumber{}):
		return recap.Errorf(recap.Stale, "tuf-rollback", "the trusted root of %s: it serves an older state than was seen before: %s", r.mirror, reasonOf(err))
	default:
		return recap.Errorf(recap.Integrity, "bad-tuf", "the trusted root of %s can't be believed: %s", r.mirror, reasonOf(err))
	}
}

// reasonOf returns go-tuf's reason without the name of its class.
func reasonOf(err error) string {
	text := phrase.Plain(err)
	if class, rest, ok := strings.Cut(text, " error: "); ok && !strings.Contains(class, ":") {
		return rest
	}
	return text
}
