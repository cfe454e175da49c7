// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// PullOptions are the options of [Pull].
type PullOptions struct {
	// Reference is what the user wrote; the receipt repeats it.
	Reference string

	// Repository is the reference without tag and digest. A destination that
	// is an unmodified pull of the same repository is replaced. Empty: none is.
	Repository string

	// Selection says which files, and of which members of a pack, are wanted.
	// Default: all. A partial pull fetches only them, and leaves no root in the
	// store. MetadataOnly writes recap.json, a bundle's config, and of a pack
	// pack.json, too, the config of its catalog.
	Selection artifact.Selection

	// MaxFileSize is how many bytes a file may have. Default:
	// [recap.MaxFileSize].
	MaxFileSize int64

	// Force writes into a directory that is no unmodified pull of this
	// repository: the recap's files overwrite what is in their way, files that
	// an earlier pull wrote go, everything else stays. Links are never
	// followed, forced or not.
	Force bool

	// Wait is how long to wait for another pull into the same directory.
	// Default: 10 seconds.
	Wait time.Duration

	// Now is the time that the receipt states. Default: none.
	Now func() time.Time

	// OnEvent is told of progress; see [Event].
	OnEvent func(Event)
}

// PullResult says what a pull did.
type PullResult struct {
	Dir        string        `json:"dir"`
	Reference  string        `json:"reference,omitempty"`
	Repository string        `json:"repository,omitempty"`
	Digest     digest.Digest `json:"digest"`
	MediaType  string        `json:"mediaType"`
	Title      string        `json:"title"` // somebody else's text: not safe to print as it is
	Slug       string        `json:"slug"`  // of a pack its name
	Version    string        `json:"version,omitempty"`

	Members   []folder.Member   `json:"members,omitempty"`   // of a pack: what was wanted of it
	Selection *folder.Selection `json:"selection,omitempty"` // absent: everything
	Verified  bool              `json:"verified"`
	Report    trust.Report      `json:"report"` // why the digest was admitted

	Files     []folder.File `json:"files"` // what was written
	Fetched   Tally         `json:"fetched"`
	Reused    Tally         `json:"reused"`    // what the store had
	Replaced  bool          `json:"replaced"`  // an earlier pull was there
	Unchanged bool          `json:"unchanged"` // the directory held these files already
}

// Pull writes the bundle or pack that was admitted into the directory dir; ""
// means ./ and the bundle's slug or the pack's name. Of a pack each member is
// written to a directory of its own, called by its slug. Blobs are fetched from
// src by digest into store, which keeps them for the next time; what it has isn't
// fetched. Only when the whole bundle is there does store get its manifest. The
// views of a pack's catalog are not written, so they are not fetched either, and
// store doesn't get the pack's index.
//
// dir is what it was before until everything is fetched, verified and written
// to a staging directory beside it. Then:
//
//   - absent: the staging directory is renamed.
//   - an unmodified earlier pull of the same repository: the two are exchanged
//     in one step, where the system can.
//   - empty, a mount point, the working directory, or where it can't: the
//     entries are moved one by one, under a journal in .recap/incomplete. Should
//     that be interrupted, the next pull into dir finishes it first.
//
// Anything else is refused, and the files that would be lost are named:
// [recap.Local] destination-not-ours, destination-modified,
// destination-not-directory, [recap.Unsafe] destination-symlink.
//
// Other errors: [recap.Untrusted] when admitted is nil or the zero value;
// [recap.Integrity] for anything that isn't what its digest says, for a bundle or
// pack without one meaning and for a member that isn't what its pack says of it;
// [recap.Usage] not-a-pack when members of a bundle are asked for; [recap.Unsafe]
// too-large and too-many-files; [recap.NotFound] when src lacks something, or
// nothing is selected; [recap.Local] disk-full, busy and whatever else the file
// system refuses.
func Pull(ctx context.Context, src content.ReadOnlyStorage, admitted *trust.Admitted, store content.Storage, dir string, opts PullOptions) (PullResult, error) {
	if err := admitted.Check(); err != nil {
		return PullResult{}, err
	}
	if src == nil || store == nil {
		return PullResult{}, recap.Errorf(recap.Usage, "nothing-to-pull", "pulling needs a source and a store")
	}
	if err := opts.Selection.Check(); err != nil {
		return PullResult{}, err
	}
	if opts.MaxFileSize <= 0 {
		opts.MaxFileSize = recap.MaxFileSize
	}
	p := &puller{
		opts: opts, admitted: admitted, notify: opts.OnEvent,
		fetcher: &fetcher{src: src, store: store, notify: opts.OnEvent},
	}
	result, err := p.pull(ctx, dir)
	if err != nil {
		return result, fmt.Errorf("pulling %s: %w", short(admitted.Root().Digest), err)
	}
	return result, nil
}

// puller is one pull under way.
type puller struct {
	opts     PullOptions
	admitted *trust.Admitted
	notify   notifier
	fetcher  *fetcher

	root    *artifact.Node
	dest    *folder.Folder
	pack    *artifact.Pack // nil while unopened, and for a bundle
	parts   []*part
	files   []file
	receipt folder.Receipt
}

// file is a file to be written: its path in the destination and its content,
// which is nothing for an empty file.
type file struct {
	path string
	blob ocispec.Descriptor

	// within is the node whose config has blob in it, see [artifact.FormImage];
	// nil for what is a blob of its own.
	within *artifact.Node
}

func (p *puller) pull(ctx context.Context, dir string) (PullResult, error) {
	root, err := artifact.FetchNode(ctx, p.fetcher.src, p.admitted.Root())
	if err != nil {
		return PullResult{}, err
	}
	p.root = root
	if err := p.checkRoot(); err != nil {
		return PullResult{}, err
	}
	if dir == "" {
		name, err := p.name(ctx)
		if err != nil {
			return PullResult{}, err
		}
		dir = "." + string(filepath.Separator) + name
	}
	if p.dest, err = folder.Open(dir); err != nil {
		return PullResult{}, err
	}
	// Before anything is fetched: what can be known to fail should fail now.
	if err := p.dest.Check(ctx, p.folderOptions()); err != nil {
		return PullResult{}, err
	}
	if err := p.open(ctx); err != nil {
		return PullResult{}, err
	}
	source := newFolderContent(p.fetcher, p.files)
	opts := p.folderOptions()
	opts.OnInstall = func() { p.notify.named(EventInstall, p.dest.Name(), ocispec.Descriptor{}) }
	opts.OnWritten = func(f folder.File) { p.notify.named(EventWriting, f.Path, source.files[f.Path].blob) }
	installed, err := p.dest.Install(ctx, p.receipt, source, opts)
	if err != nil {
		return PullResult{}, err
	}
	return p.result(installed), nil
}

func (p *puller) folderOptions() folder.Options {
	return folder.Options{Repository: p.opts.Repository, Force: p.opts.Force, Wait: p.opts.Wait}
}

// checkRoot refuses what can't be pulled before asking for more of it.
func (p *puller) checkRoot() error {
	switch kind := p.root.Kind(); kind {
	case artifact.KindPack:
		return nil
	case artifact.KindBundle:
		if p.opts.Selection.IsPart() {
			return recap.Errorf(recap.Usage, "not-a-pack", "it is one recap, not a pack to take some of").
				WithHint("leave out --recap and --event")
		}
		return nil
	case artifact.KindForeign:
		return recap.Errorf(recap.Integrity, "not-a-recap", "it is not a recap but %s", recap.Quoted(p.root.ArtifactType()))
	default:
		return recap.Errorf(recap.Integrity, "wrong-kind", "it is a %s, neither a recap nor a pack of them", kind)
	}
}

func (p *puller) isPack() bool { return p.root.Kind() == artifact.KindPack }

// name returns what the destination is called when nobody says. A bundle's slug
// is what the title of its first layer begins with: the manifest was parsed, so
// that it is there and safe, and that the config says the same is seen to when it
// is opened. A pack's name is in its catalog.
func (p *puller) name(ctx context.Context) (string, error) {
	if p.isPack() {
		err := p.openPack(ctx)
		if err != nil {
			return "", err
		}
		return p.pack.Meta.Name, nil
	}
	slug, _, _ := strings.Cut(p.root.Manifest.Layers[0].Annotations[ocispec.AnnotationTitle], "/")
	return slug, nil
}

// open finds out what is wanted and fetches it: everything at once where
// everything is wanted, the configs first where they say what is.
func (p *puller) open(ctx context.Context) error {
	all := p.wholeParts() && !p.sameAsEarlier()
	if err := p.fetchFirst(ctx, all); err != nil {
		return err
	}
	if err := p.openParts(ctx); err != nil {
		return err
	}
	if err := p.choose(); err != nil {
		return err
	}
	if err := p.describe(); err != nil {
		return err
	}
	if !all {
		if p.upToDate() {
			return nil
		}
		if err := p.fetcher.all(ctx, p.blobs()); err != nil {
			return err
		}
	}
	if !p.wholeParts() {
		return nil
	}
	return p.keepParts(ctx)
}

// fetchFirst finds out which bundles are wanted and fetches their configs, and
// with all their layers. Where every member of a pack is wanted, that doesn't wait
// for its catalog.
func (p *puller) fetchFirst(ctx context.Context, all bool) error {
	if p.opts.Selection.IsPart() {
		if err := p.openPack(ctx); err != nil {
			return err
		}
	}
	group, gctx := tasks.WithContext(ctx)
	group.Go(func() error { return p.openPack(gctx) })
	group.Go(func() error {
		if err := p.findParts(gctx); err != nil {
			return err
		}
		if err := p.checkParts(); err != nil {
			return err
		}
		var first []ocispec.Descriptor
		for _, part := range p.parts {
			first = append(first, part.node.Manifest.Config)
			if all {
				first = append(first, part.node.Manifest.Layers...)
			}
		}
		return p.fetcher.all(gctx, first)
	})
	if err := group.Wait(); err != nil || !p.isPack() {
		return err
	}
	if p.opts.Selection.MetadataOnly {
		return p.fetcher.all(ctx, []ocispec.Descriptor{p.pack.Catalog.Manifest.Config})
	}
	return nil
}

// sameAsEarlier reports whether the destination says that it holds this very
// digest, so that it is worth finding out before anything is fetched.
func (p *puller) sameAsEarlier() bool {
	earlier := p.dest.Earlier()
	return earlier != nil && earlier.Digest == p.root.Descriptor.Digest
}

// upToDate reports whether the destination holds the chosen files already. The
// comparison is with the bundle's own table: the receipt is only a note.
func (p *puller) upToDate() bool {
	return p.sameAsEarlier() && p.dest.Earlier().SameFiles(receiptFiles(p.files))
}

// choose makes the list of files to write.
func (p *puller) choose() error {
	if p.opts.Selection.MetadataOnly {
		if p.isPack() {
			p.files = []file{metadata(packMetadataFile, p.pack.Catalog, p.pack.Config)}
		}
		for _, part := range p.parts {
			p.files = append(p.files, part.metadata)
		}
		return nil
	}
	total := 0
	for _, part := range p.parts {
		p.files = append(p.files, part.files...)
		total += part.total
	}
	if len(p.files) == 0 {
		err := recap.Errorf(recap.NotFound, "nothing-selected", "none of its %d files is selected", total)
		if p.isPack() {
			return err.WithHint("paths count from each recap's own folder, without its slug, and ** goes across folders: '**/*.csv'; recap list REF shows the recaps")
		}
		return err.WithHint("recap inspect REF lists them")
	}
	return nil
}

// blobs are what the chosen files consist of.
func (p *puller) blobs() []ocispec.Descriptor {
	var blobs []ocispec.Descriptor
	for _, f := range p.files {
		if f.blob.Size > 0 && !p.opts.Selection.MetadataOnly {
			blobs = append(blobs, f.blob)
		}
	}
	return blobs
}

// describe writes the receipt, and refuses a pull whose receipt nobody would
// read.
func (p *puller) describe() error {
	root := p.root.Descriptor
	p.receipt = folder.Receipt{
		APIVersion: recap.APIVersion, Kind: folder.KindReceipt,
		Reference: p.opts.Reference, Repository: p.opts.Repository,
		Digest: root.Digest, MediaType: root.MediaType,
		Selection: selected(p.opts.Selection), Report: p.admitted.Report(),
		Files: receiptFiles(p.files),
	}
	if p.isPack() {
		meta := p.pack.Meta
		p.receipt.Title, p.receipt.Slug, p.receipt.Version = meta.Title, meta.Name, meta.Version
		for _, part := range p.parts {
			p.receipt.Members = append(p.receipt.Members, folder.Member{Slug: part.slug, Digest: part.node.Descriptor.Digest})
		}
	} else {
		only := p.parts[0]
		p.receipt.Title, p.receipt.Slug, p.receipt.Version = only.title, only.slug, only.version
	}
	if p.receipt.Title == "" {
		p.receipt.Title = p.receipt.Slug
	}
	if p.opts.Now != nil {
		now := p.opts.Now().UTC().Truncate(time.Second)
		p.receipt.PulledAt = &now
	}
	return p.receipt.CheckSize()
}

func (p *puller) result(installed folder.Installed) PullResult {
	return PullResult{
		Dir: p.dest.Name(), Reference: p.opts.Reference, Repository: p.opts.Repository,
		Digest: p.receipt.Digest, MediaType: p.receipt.MediaType, Title: p.receipt.Title, Slug: p.receipt.Slug, Version: p.receipt.Version,
		Members: p.receipt.Members, Selection: p.receipt.Selection, Verified: p.admitted.Verified(), Report: p.receipt.Report,
		Files: p.receipt.Files, Fetched: p.fetcher.fetched, Reused: p.fetcher.reused,
		Replaced: installed.Replaced, Unchanged: installed.Unchanged,
	}
}

func receiptFiles(files []file) []folder.File {
	rows := make([]folder.File, len(files))
	for i, f := range files {
		rows[i] = folder.File{Path: f.path, Digest: f.blob.Digest, Size: f.blob.Size}
	}
	return rows
}

// selected spells s as receipts do.
func selected(s artifact.Selection) *folder.Selection {
	if s.IsZero() {
		return nil
	}
	return &folder.Selection{Include: s.Include, Roles: s.Roles, Recaps: s.Recaps, Events: s.Events, MetadataOnly: s.MetadataOnly}
}
