// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package trustroot keeps the trusted root of a Sigstore instance: which
// certificate authorities, transparency logs and timestamp authorities are
// believed, and when. Start at [New]; nothing is loaded before it is needed.
//
// A root is a file, or comes from a TUF repository. Of the repository the files
// that were verified are kept, and verified again each time, so that working
// offline is working with the same answers, and not with less of a check.
package trustroot

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
)

// Names of the files that a TUF repository for Sigstore serves.
const (
	trustedRootFile   = "trusted_root.json"
	signingConfigFile = "signing_config.v0.2.json"
)

// maxRootSize bounds a trusted root and a signing configuration. The public
// instance's have some kilobytes.
const maxRootSize = 1 << 20

// Options say where the trusted root of a Sigstore instance comes from.
type Options struct {
	// Path is a trusted_root.json; with it, nothing needs the network.
	Path string

	// TUFMirror and TUFRoot are a TUF repository's address and the path of its
	// first root.json. Default: Sigstore's public instance.
	TUFMirror, TUFRoot string

	// CacheDir keeps what TUF fetched. Default: nothing is kept.
	CacheDir string

	// MaxAge is how long what TUF fetched is used before the repository is
	// asked for news. Default: a day. Less than zero: it is always asked.
	MaxAge time.Duration

	// Offline never asks the network: what TUF fetched before has to do.
	Offline bool

	// Transport carries the requests. Default: http.DefaultTransport.
	Transport http.RoundTripper

	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Root is the trusted root of a Sigstore instance: certificate authorities,
// transparency logs, timestamp authorities. It is loaded when it is first
// needed, once. It is safe for concurrent use.
//
// Its methods fail with recap.Usage (bad-trusted-root) for files that make no
// sense, recap.NotFound (no-trusted-root) where there are none,
// recap.Unavailable when the repository can't be asked, recap.Stale (tuf-expired,
// tuf-rollback) and recap.Integrity (bad-tuf) when it answers what must not be
// believed.
type Root struct {
	opts Options

	gate   chan struct{} // holds one token: who has it may look at what follows
	loaded *loadedRoot
}

// loadedRoot is what was loaded.
type loadedRoot struct {
	trusted *root.TrustedRoot
	raw     []byte
	tuf     *repository // nil: from a file
}

// New returns the root that opts describe and loads nothing.
func New(opts Options) *Root {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.MaxAge == 0 {
		opts.MaxAge = 24 * time.Hour
	}
	r := &Root{opts: opts, gate: make(chan struct{}, 1)}
	r.gate <- struct{}{}
	return r
}

// Load loads the root, unless it is loaded.
func (r *Root) Load(ctx context.Context) error {
	_, err := r.load(ctx)
	return err
}

// Trusted returns the root as Sigstore's libraries take it. The caller doesn't
// change it.
func (r *Root) Trusted(ctx context.Context) (*root.TrustedRoot, error) {
	loaded, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	return loaded.trusted, nil
}

// JSON returns the root in the form of a trusted_root.json.
func (r *Root) JSON(ctx context.Context) ([]byte, error) {
	loaded, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(loaded.raw), nil
}

// SigningConfig returns which services to sign with, as JSON of a TUF
// repository. It is authentic, but not looked at otherwise. A root from a file
// says nothing of services: recap.Usage (no-signing-config).
func (r *Root) SigningConfig(ctx context.Context) ([]byte, error) {
	loaded, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	if loaded.tuf == nil {
		return nil, recap.Errorf(recap.Usage, "no-signing-config", "trusted root %q doesn't say which services to sign with", r.opts.Path).
			WithHint("name them: --signing-config signing_config.json")
	}
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	defer r.leave()
	raw, err := loaded.tuf.target(ctx, signingConfigFile)
	if err == nil {
		loaded.tuf.keep(ctx)
	}
	return raw, err
}

// load loads the root once. What failed is tried again by the next caller.
func (r *Root) load(ctx context.Context) (*loadedRoot, error) {
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	defer r.leave()
	if r.loaded != nil {
		return r.loaded, nil
	}
	loaded, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	r.loaded = loaded
	return loaded, nil
}

// enter waits until nobody else is in r.
func (r *Root) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.gate:
		return nil
	}
}

func (r *Root) leave() { r.gate <- struct{}{} }

func (r *Root) read(ctx context.Context) (*loadedRoot, error) {
	if r.opts.Path != "" {
		if r.opts.TUFMirror != "" || r.opts.TUFRoot != "" {
			return nil, recap.Errorf(recap.Usage, "bad-trusted-root", "a trusted root comes from a file or from a TUF repository, not from both")
		}
		raw, err := readTrusted(r.opts.Path, maxRootSize)
		if err != nil {
			return nil, err
		}
		trusted, err := parseRoot(raw)
		if err != nil {
			return nil, recap.Errorf(recap.Usage, "bad-trusted-root", "trusted root %q: %w", r.opts.Path, err).
				WithHint("save one that is: recap trust root --output %s", trustedRootFile)
		}
		return &loadedRoot{trusted: trusted, raw: raw}, nil
	}
	tuf, err := openRepository(ctx, r.opts)
	if err != nil {
		return nil, err
	}
	raw, err := tuf.target(ctx, trustedRootFile)
	if err != nil {
		return nil, err
	}
	trusted, err := parseRoot(raw)
	if err != nil {
		return nil, recap.Errorf(recap.Integrity, "bad-tuf", "the trusted root of %s: %w", tuf.mirror, err)
	}
	return &loadedRoot{trusted: trusted, raw: raw, tuf: tuf}, nil
}

// parseRoot parses a trusted_root.json. It refuses one that trusts nobody.
func parseRoot(raw []byte) (*root.TrustedRoot, error) {
	proto, err := root.NewTrustedRootProtobuf(raw)
	if err != nil {
		return nil, errors.New("not a trusted_root.json: " + phrase.Plain(errors.Unwrap(err)))
	}
	if len(proto.GetCertificateAuthorities())+len(proto.GetTlogs())+len(proto.GetTimestampAuthorities()) == 0 {
		return nil, errors.New("it names no certificate authority, no transparency log and no timestamp authority")
	}
	trusted, err := root.NewTrustedRootFromProtobuf(proto)
	if err != nil {
		return nil, errors.New(phrase.Plain(err))
	}
	return trusted, nil
}

// readTrusted reads a file of trust material that the user named.
func readTrusted(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, recap.Errorf(recap.NotFound, "no-trusted-root", "reading trusted root: %w", err)
	}
	if err != nil {
		return nil, recap.Errorf(recap.Local, "io", "reading trusted root: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, recap.Errorf(recap.Local, "io", "reading trusted root: %w", err)
	}
	if int64(len(raw)) > limit {
		return nil, recap.Errorf(recap.Usage, "bad-trusted-root", "trusted root %q has more than %d bytes", path, limit)
	}
	return raw, nil
}
