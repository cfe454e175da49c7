// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/archive"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
	"github.com/recap-oci/recap/pkg/recap"
)

var (
	_ oras.GraphTarget          = (*Store)(nil)
	_ content.Deleter           = (*Store)(nil)
	_ content.Untagger          = (*Store)(nil)
	_ registry.ReferrerLister   = (*Store)(nil)
	_ registry.ReferenceFetcher = (*Store)(nil)
	_ registry.ReferencePusher  = (*Store)(nil)
	_ registry.TagLister        = (*Store)(nil)
)

// Options of a store. The zero value is good.
type Options struct {
	// LockTimeout is how long a change of index.json waits for other processes
	// that change it. Default: one minute.
	LockTimeout time.Duration

	// Cache says that the layout only keeps what can be had again. Then [Create]
	// makes usable again what [Open] refuses for its oci-layout, index.json or
	// blobs directory; reading a blob, or asking for it, notes that it was in use
	// (see [Store.Prune]); and one that can't be read counts as damaged.
	Cache bool

	// OnDamage is told of every file that was found damaged and moved to the
	// quarantine, with where it is now. It may be called by many goroutines at
	// once. Default: nobody is told.
	OnDamage func(Damage)
}

// Store is an image layout. Its methods may be called from many goroutines;
// only Commit and Close must be the last.
type Store struct {
	path    string // as the caller named it
	archive bool
	opts    Options
	use     func() error // releases the right to write; nil when it isn't held

	turn chan struct{} // full while a goroutine changes index.json
	jobs jobs          // what it will change next

	nodes   nodes   // manifests read so far
	damaged damaged // blobs known to be damaged

	mu      sync.RWMutex     // guards the rest
	dir     *blob.Directory  // nil in an archive that nothing was pushed to yet
	tar     *archive.Archive // nil in a directory, and in an archive that isn't written yet
	current *index.Index     // archives: the index with its changes
	changes []change         // archives: the changes, which Commit applies to the file as it is by then
	made    []string         // archives: directories that staging made necessary
	pending map[digest.Digest]ocispec.Descriptor
	cache   cachedIndex
	closed  bool
}

// Open opens the layout at path, a directory or a .tar archive.
//
// It refuses with NotFound what isn't there; with Integrity, naming the file, a
// layout whose oci-layout or index.json is missing, malformed or of another
// version; with Unsafe what exceeds a limit or isn't a regular file.
func Open(path string, opts Options) (*Store, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, recap.Errorf(recap.NotFound, "not-found", "layout %q: %w", path, fs.ErrNotExist).
			WithHint("check the path; a layout is a directory with a file oci-layout in it, or a .tar of one")
	}
	if err != nil {
		return nil, durable.Explain(err)
	}
	s := newStore(path, opts)
	if info.IsDir() {
		err = s.openDirectory()
	} else {
		err = s.openArchive()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Create opens the layout at path for writing and makes it when it is absent:
// an archive when path ends in .tar, otherwise a directory, with the ones above
// it. An archive exists once Commit has written it. Until Close, nothing is
// pruned from a directory.
//
// Beside what [Open] refuses, it refuses with Local a directory that holds other
// things (code not-a-layout) and a file that is no archive, and with Usage the
// name of a compressed archive.
func Create(path string, opts Options) (*Store, error) {
	return CreateContext(context.Background(), path, opts)
}

// CreateContext is [Create], and waits for other processes no longer than ctx
// lasts, which isn't kept.
func CreateContext(ctx context.Context, path string, opts Options) (*Store, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		s, err := Open(path, opts)
		return s, notOurs(err)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, durable.Explain(err)
	}
	s := newStore(path, opts)
	if err == nil || !isArchiveName(path) {
		if err := refuseCompressedName(path); err != nil && info == nil {
			return nil, err
		}
		err := s.createDirectory(ctx)
		if opts.Cache && err != nil {
			err = s.beginAnew(ctx, err)
		}
		if err == nil {
			err = s.claim(ctx)
		}
		if err == nil && opts.Cache {
			err = s.dropBadOfCache(ctx)
		}
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s.archive = true
	s.current = index.New()
	_, _ = durable.Reap(firstExisting(filepath.Dir(path))) // best effort: what is left over does no harm
	return s, nil
}

// notOurs makes of a file that is no archive what it is to somebody who would
// write there: a file of theirs, which stays.
func notOurs(err error) error {
	var known *recap.Error
	if !errors.As(err, &known) || known.Kind != recap.Integrity {
		return err
	}
	return recap.Errorf(recap.Local, known.Code, "%w", err).WithHint("nothing was changed; choose another name")
}

func newStore(path string, opts Options) *Store {
	if opts.LockTimeout <= 0 {
		opts.LockTimeout = time.Minute
	}
	return &Store{
		path:    path,
		opts:    opts,
		turn:    make(chan struct{}, 1),
		pending: make(map[digest.Digest]ocispec.Descriptor),
	}
}

// Path returns the path that the store was opened with.
func (s *Store) Path() string { return s.path }

// Commit makes visible what was pushed. In a directory, where everything else
// is there already, it lists in index.json the untagged manifests that were
// pushed through this store and that nothing pushed through it contains. An
// archive is written anew, as described for the package; readers that Fetch
// returned before are invalid afterwards. When it returns an error the archive
// is as it was, and Commit may be tried again.
//
// Two processes that commit to one archive both succeed and both their changes
// are in it; of two that move one tag the last wins.
func (s *Store) Commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.listPending(ctx); err != nil {
		return err
	}
	if !s.archive {
		return nil
	}
	return s.writeArchive(ctx)
}

// Close gives back what the store holds. What was pushed to an archive and not
// committed is gone.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.discardStaging()
	if s.use != nil {
		_ = s.use() // an error here means only that the lock file stays
		s.use = nil
	}
	if s.tar != nil {
		s.tar.Close()
		s.tar = nil
	}
	return err
}

// places returns where blobs are looked for, in that order.
func (s *Store) places() ([]blob.Place, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, recap.Errorf(recap.Local, "closed", "layout %q: %w", s.path, fs.ErrClosed)
	}
	places := make([]blob.Place, 0, 2)
	if s.dir != nil {
		places = append(places, s.dir)
	}
	if s.tar != nil {
		places = append(places, s.tar)
	}
	return places, nil
}

func isArchiveName(path string) bool {
	return strings.EqualFold(filepath.Ext(path), ".tar")
}

func refuseCompressedName(path string) error {
	lower := strings.ToLower(path)
	for _, suffix := range []string{".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2"} {
		if strings.HasSuffix(lower, suffix) {
			return recap.Errorf(recap.Usage, "compressed-archive", "layout %q: compressed archives are neither written nor read", path).
				WithHint("name a .tar; most of what is in it is compressed already")
		}
	}
	return nil
}

// firstExisting returns path or the nearest directory above it that exists.
func firstExisting(path string) string {
	for {
		if _, err := os.Stat(path); err == nil {
			return path
		}
		parent := filepath.Dir(path)
		if parent == path {
			return path
		}
		path = parent
	}
}
