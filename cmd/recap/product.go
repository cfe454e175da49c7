// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/pflag"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/attest"
	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/pack/lock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/report"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
	"github.com/recap-oci/recap/pkg/target"
)

// buildFlags say how a source directory becomes a graph.
type buildFlags struct {
	maxFileSize byteSize
	draft       bool
	compat      compatFlag
	annotations annotationFlag
	version     string // of push
	frozen      bool   // of packs, as what follows
	renew       bool
	policy      string
}

func (f *buildFlags) register(flags *pflag.FlagSet) {
	f.maxFileSize = recap.MaxFileSize
	flags.Var(&f.maxFileSize, "max-file-size", "refuse files of more than `BYTES`; 500M and 4G will do")
	flags.BoolVar(&f.draft, "draft", false, "accept a recap that says draft: true")
	f.compat.register(flags)
	f.annotations.register(flags)
}

// registerPack adds the flags that only packs have a use for.
func (f *buildFlags) registerPack(flags *pflag.FlagSet) {
	flags.BoolVar(&f.frozen, "frozen", false, "of a pack: fail if it isn't what pack.lock says")
	flags.BoolVar(&f.renew, "renew", false, "of a pack: take references for what they name now, whatever pack.lock says")
	flags.StringVar(&f.policy, "policy", "", "of a pack: admit members by reference by the policy in `FILE` instead of yours")
}

// product is what a source became: a recap, or a pack of them.
type product struct {
	graph   *artifact.Graph
	name    string         // the slug of a recap, the name of a pack
	version string         // that it states; a recap has none unless it is given one
	inputs  []attest.Input // what it was made from

	lockPath string     // of a pack
	lock     *lock.Lock // to be written; nil when it is there

	mu      sync.Mutex
	sources []*pinned // of members by reference
}

// close gives back the sources of members by reference.
func (p *product) close() {
	for _, src := range p.sources {
		src.close()
	}
}

// mountFrom returns from where a registry may take over what members by
// reference consist of: their repositories, which pack.yaml names, where they are
// on the host of dst.
func (p *product) mountFrom(dst target.Reference) func(content.Fetcher) string {
	return func(origin content.Fetcher) string {
		for _, src := range p.sources {
			if origin == src && !dst.IsLayout() && src.ref.Host == dst.Host {
				return src.ref.Repository
			}
		}
		return ""
	}
}

// keepLock writes the pack.lock of what was built.
func (p *product) keepLock(e *env) error {
	if p.lock == nil {
		return nil
	}
	if err := p.lock.Write(p.lockPath); err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "wrote %s: commit it, and --frozen holds to it\n", safe(p.lockPath))
	return nil
}

// product builds what lies at path. The caller closes it when it is pushed.
func (f *buildFlags) product(ctx context.Context, e *env, path string, registry *registryFlags) (*product, error) {
	if dir, ok := packDirectory(path); ok {
		return f.pack(ctx, e, dir, registry)
	}
	if receipt, ok := pulledPack(path); ok {
		return nil, recap.Errorf(recap.Usage, "pulled-pack", "%s is a pack as it was pulled: what its pack.yaml said is not there", path).
			WithHint("copy it as it is: recap copy %s@%s DESTINATION; or build one of its recaps: %s", shellWord(receipt.Repository), receipt.Digest, shellWord(filepath.Join(path, "SLUG")))
	}
	if err := layoutMeant(path); err != nil {
		return nil, rehinted(err, recap.Usage, "what is built already is copied: recap copy %s DESTINATION", shellWord(target.LayoutScheme+path+":TAG"))
	}
	if f.frozen || f.renew {
		return nil, recap.Errorf(recap.Usage, "no-pack", "%s is a recap; only packs have a pack.lock", path)
	}
	graph, err := f.graph(ctx, e, path)
	if err != nil {
		return nil, err
	}
	p := &product{graph: graph, name: graph.Recap().Slug, version: f.version}
	for _, file := range graph.Recap().Files {
		p.inputs = append(p.inputs, attest.Input{Name: file.Path, Digest: digest.Digest(file.Digest)})
	}
	return p, nil
}

// packDirectory returns the directory of the pack that path, which may be its
// pack.yaml, is.
func packDirectory(path string) (dir string, ok bool) {
	if filepath.Base(path) == pack.FileName {
		return filepath.Dir(path), true
	}
	return path, pack.Is(os.DirFS(path))
}

// graph loads, validates and builds the recap at path. Problems are printed
// one a line, all of them.
func (f *buildFlags) graph(ctx context.Context, e *env, path string) (*artifact.Graph, error) {
	src, problems, err := loadSource(path, source.Options{MaxFileSize: int64(f.maxFileSize)})
	if err != nil {
		return nil, err
	}
	if err := src.Err(rule.LevelValid); err != nil {
		e.printProblems(problems)
		return nil, err
	}
	if src.Recap.Draft && !f.draft {
		return nil, recap.Errorf(recap.Negative, "draft", "%s says draft: true", path).WithHint("add --draft if it is to go out all the same")
	}
	opts := artifact.BuildOptions{MaxFileSize: int64(f.maxFileSize), Version: f.version, Form: artifact.Form(f.compat), Annotations: f.annotations}
	if opts.SourceDateEpoch, err = e.sourceDateEpoch(); err != nil {
		return nil, err
	}
	return artifact.BuildBundle(ctx, src.Recap, src.Files, opts)
}

// printProblems prints what keeps a source from being built.
func (e *env) printProblems(problems []recap.Problem) {
	_ = report.Of(rule.LevelValid, nil, rule.Counted(problems, rule.LevelValid)).WriteText(e.stderr)
}

// pack builds the pack in dir.
func (f *buildFlags) pack(ctx context.Context, e *env, dir string, registry *registryFlags) (*product, error) {
	root, _, err := openSource(dir)
	if err != nil {
		return nil, err
	}
	p := &product{}
	opts := pack.Options{
		Version: strings.TrimPrefix(f.version, "v"), Frozen: f.frozen, Renew: f.renew, Draft: f.draft,
		MaxFileSize: int64(f.maxFileSize), Form: artifact.Form(f.compat), Annotations: f.annotations,
	}
	if opts.SourceDateEpoch, err = e.sourceDateEpoch(); err != nil {
		return nil, err
	}
	resolve := func(ctx context.Context, ref string, pin digest.Digest) (pack.Resolved, error) {
		return f.member(ctx, e, p, dir, ref, registry)
	}
	built, err := pack.Build(ctx, root.FS(), resolve, opts)
	if err != nil {
		if built != nil {
			e.printProblems(within(dir, built.Problems))
		}
		p.close()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	p.graph, p.name, p.version = built.Graph, built.Graph.Pack().Meta.Name, built.Graph.Pack().Meta.Version
	if built.LockChanged {
		p.lockPath, p.lock = filepath.Join(dir, lock.FileName), built.Lock
	}
	p.inputs, err = packInputs(built)
	return p, err
}

// within names files as the user named the directory that they are in.
func within(dir string, problems []recap.Problem) []recap.Problem {
	for i := range problems {
		problems[i].Path = filepath.ToSlash(filepath.Join(dir, problems[i].Path))
	}
	return problems
}

// packInputs states what a pack was made from: the lock names every file of it
// by digest, and what came from a registry is named beside it.
func packInputs(built *pack.Built) ([]attest.Input, error) {
	locked, err := built.Lock.Bytes()
	if err != nil {
		return nil, err
	}
	inputs := []attest.Input{
		{Name: pack.FileName, Digest: built.File.Digest},
		{Name: lock.FileName, Digest: digest.FromBytes(locked)},
	}
	references := map[string]bool{}
	for _, entry := range built.File.Members {
		if entry.Kind == pack.EntryReference {
			references[entry.Path] = true
		}
	}
	for _, m := range built.Lock.Members {
		if references[m.Ref] {
			inputs = append(inputs, attest.Input{URI: "oci://" + m.Ref, Digest: digest.Digest(m.Digest), Name: m.Name})
		}
	}
	return inputs, nil
}

// member opens a member by reference, once the user's policy admits it.
func (f *buildFlags) member(ctx context.Context, e *env, p *product, dir, ref string, registry *registryFlags) (pack.Resolved, error) {
	if path, ok := strings.CutPrefix(ref, target.LayoutScheme); ok && !filepath.IsAbs(path) {
		ref = target.LayoutScheme + filepath.Join(dir, path)
	}
	trusted := trustFlags{policy: f.policy}
	src, err := trusted.pin(ctx, e, ref, registry)
	if err != nil {
		return pack.Resolved{}, err
	}
	p.mu.Lock()
	p.sources = append(p.sources, src)
	p.mu.Unlock()
	admitted, err := trusted.verify(ctx, e, src)
	if err != nil {
		return pack.Resolved{}, trusted.whatNext(err, src, "build")
	}
	member, err := artifact.OpenMember(ctx, src, admitted.Root())
	return pack.Resolved{Member: member, Signers: admitted.Report().Authorities}, err
}
