// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
)

// registryFlags say how to reach one end. A verb with two ends has two of them,
// under the prefixes from- and to-.
type registryFlags struct {
	prefix        string
	plainHTTP     bool
	insecure      bool
	caFile        string
	certFile      string
	keyFile       string
	config        string
	username      string
	passwordStdin bool
	concurrency   int
	timeout       time.Duration

	flags *pflag.FlagSet
}

func (r *registryFlags) register(flags *pflag.FlagSet, prefix string) {
	r.prefix, r.flags = prefix, flags
	of := ""
	if prefix != "" {
		of = " (" + strings.TrimSuffix(prefix, "-") + ")"
	}
	flags.BoolVar(&r.plainHTTP, prefix+"plain-http", false, "HTTP instead of TLS; loopback hosts get HTTP anyway, =false forbids it"+of)
	flags.BoolVar(&r.insecure, prefix+"insecure", false, "accept any TLS certificate: whoever is in between reads your password"+of)
	flags.StringVar(&r.caFile, prefix+"ca-file", "", "trust the CA certificates in `FILE` too"+of)
	flags.StringVar(&r.certFile, prefix+"cert-file", "", "client certificate `FILE`"+of)
	// --key-file is the key of a TLS certificate, as in oras; --key signs.
	flags.StringVar(&r.keyFile, prefix+"key-file", "", "key `FILE` of the client certificate"+of)
	flags.StringVar(&r.config, prefix+"registry-config", "", "credentials from `FILE` instead of docker's and podman's"+of)
	if prefix == "" {
		flags.StringVarP(&r.username, "username", "u", "", "user of the registry")
	} else {
		flags.StringVar(&r.username, prefix+"username", "", "user of the registry"+of)
	}
	flags.BoolVar(&r.passwordStdin, prefix+"password-stdin", false, "read the password from standard input"+of)
	flags.IntVar(&r.concurrency, prefix+"concurrency", 0, "at most `N` requests at once; default: as many as the registry bears"+of)
	if flags.Lookup(flagVerbose) == nil { // of both ends, once
		flags.Bool(flagVerbose, false, "say on standard error what registries are asked, and what they answer")
	}
	flags.DurationVar(&r.timeout, prefix+"timeout", 0, "give a request up when the registry is silent for this `TIME` (default 30s); 5m waits longer"+of)
}

const flagVerbose = "verbose"

// client returns the client that these flags and the environment describe, to
// reach host with; a layout has none.
func (r *registryFlags) client(e *env, host string) (*target.Client, error) {
	e.where.reach(host, r.given())
	opts := target.Options{
		InsecureUnsafe:  r.insecure,
		CAFile:          r.caFile,
		CertFile:        r.certFile,
		KeyFile:         r.keyFile,
		Username:        r.username,
		CredentialFiles: e.credentialFiles(r.config),
		UserAgent:       "recap/" + builtFrom().Version,
		Concurrency:     r.concurrency,
		Timeout:         r.timeout,
		Clock:           e.clock,
		Budget:          e.budget,
		OnNotice:        e.notice,
	}
	if r.flags != nil { // nil: of layouts
		opts.Verbose, _ = r.flags.GetBool(flagVerbose) // of both ends
		e.verbose = e.verbose || opts.Verbose
	}
	if r.flags != nil && r.flags.Changed(r.prefix+"plain-http") { // nil: of layouts
		opts.PlainHTTP = &r.plainHTTP
	}
	if r.concurrency < 0 {
		return nil, recap.Errorf(recap.Usage, "usage", "--%sconcurrency %d is negative", r.prefix, r.concurrency)
	}
	if r.timeout < 0 {
		return nil, recap.Errorf(recap.Usage, "usage", "--%stimeout %s is negative", r.prefix, r.timeout)
	}
	if (r.certFile == "") != (r.keyFile == "") {
		return nil, recap.Errorf(recap.Usage, "usage", "--%[1]scert-file and --%[1]skey-file go together", r.prefix)
	}
	if r.username != "" || r.passwordStdin {
		if r.username == "" || !r.passwordStdin {
			return nil, recap.Errorf(recap.Usage, "usage", "--%[1]susername and --%[1]spassword-stdin go together", r.prefix).
				WithHint("recap login HOST asks for the password and keeps it")
		}
		secret, err := e.readSecret()
		if err != nil {
			return nil, err
		}
		opts.Password = secret
	}
	return target.NewClient(opts)
}

// maxSecret is more than any registry's token has.
const maxSecret = 64 << 10

// readSecret reads a password from standard input, without the line feed that
// echo adds.
func (e *env) readSecret() (string, error) {
	data, err := io.ReadAll(io.LimitReader(e.stdin, maxSecret+1))
	if err != nil {
		return "", recap.Errorf(recap.Local, "stdin", "reading the password: %w", err)
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if secret == "" || len(data) > maxSecret {
		return "", recap.Errorf(recap.Usage, "usage", "standard input holds no password").
			WithHint("pipe it in: printf %%s \"$TOKEN\" | recap … --password-stdin")
	}
	return secret, nil
}

// credentialFiles returns where passwords are looked up, docker's file first.
func (e *env) credentialFiles(explicit string) []string {
	if explicit != "" {
		return []string{explicit}
	}
	home, _ := os.UserHomeDir() // none: nothing is looked up there
	return target.CredentialFiles(e.get, home)
}

// get returns the value of an environment variable, or nothing.
func (e *env) get(name string) string {
	value, _ := e.lookup(name)
	return value
}

// notice prints what a client wants a person to know.
func (e *env) notice(n target.Notice) {
	if n.Kind == target.NoticeDetail { // which says where
		fmt.Fprintf(e.stderr, "%s: %s\n", n.Kind, safe(n.Text))
		return
	}
	fmt.Fprintf(e.stderr, "%s: %s: %s\n", safe(string(n.Kind)), safe(n.Host), safe(n.Text))
}

// warn prints one line that does not stop anything.
func (e *env) warn(format string, args ...any) {
	fmt.Fprintf(e.stderr, "warning: %s\n", safeLines(e.where.complete(fmt.Sprintf(format, args...))))
}

// pinned is a reference that was resolved, once: what follows can only fetch
// by digest.
type pinned struct {
	*transfer.Pinned
	ref    target.Reference
	target *target.Target
	asked  time.Time // when it was resolved
}

// pin parses a reference, opens where it points and resolves it. The caller
// closes the target.
func (e *env) pin(ctx context.Context, arg string, flags *registryFlags) (*pinned, error) {
	ref, err := parseReference(arg)
	if err != nil {
		return nil, err
	}
	reference, err := ref.Target()
	if err != nil {
		return nil, err
	}
	e.where.meant(ref, true)
	client, err := flags.client(e, ref.Host)
	if err != nil {
		return nil, err
	}
	t, err := client.Open(ctx, ref)
	if err != nil {
		return nil, err
	}
	root, err := transfer.Resolve(ctx, t, reference)
	if err != nil {
		_ = t.Close()
		return nil, err
	}
	return &pinned{Pinned: root, ref: ref, target: t, asked: e.now()}, nil
}

// close gives back what the pinned target holds; nothing was written to it.
func (p *pinned) close() { _ = p.target.Close() }

// exact returns the reference with the digest it was resolved to.
func (p *pinned) exact() string { return p.ref.WithDigest(p.Root().Digest).String() }

// create opens a reference for writing. The caller closes the target.
func (e *env) create(ctx context.Context, ref target.Reference, flags *registryFlags) (*target.Target, error) {
	client, err := flags.client(e, ref.Host)
	if err != nil {
		return nil, err
	}
	e.where.meant(ref, false)
	return client.Create(ctx, ref)
}

// store opens the local store, which keeps what was pulled so that it is
// fetched once, and mends itself. Where there is no place for one, as in many
// containers, it is a temporary one. The caller calls done when it has what it
// wanted.
func (e *env) store(ctx context.Context) (store *layout.Store, done func(), err error) {
	dir, err := e.cacheDir()
	if err == nil {
		store, err = layout.CreateContext(ctx, filepath.Join(dir, "store"), layout.Options{Cache: true, OnDamage: e.mended})
	}
	if err == nil {
		return store, func() { _ = store.Close() }, nil
	}
	if ctx.Err() != nil {
		return nil, nil, err
	}
	e.warn("nothing is kept for the next pull: %v", err)
	temp, err := os.MkdirTemp("", "recap-store-")
	if err != nil {
		return nil, nil, recap.Errorf(recap.Local, "no-cache", "making a temporary store: %w", err).WithHint("set XDG_CACHE_HOME or TMPDIR to a directory with room")
	}
	if store, err = layout.Create(temp, layout.Options{}); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(temp))
	}
	return store, func() {
		_ = store.Close()
		_ = os.RemoveAll(temp)
	}, nil
}

// mended says that something in the local store was damaged, and where it is now.
func (e *env) mended(d layout.Damage) {
	e.warn("damage in the local store is mended: %s; what was there is now %s in it", d.What, d.MovedTo)
}
