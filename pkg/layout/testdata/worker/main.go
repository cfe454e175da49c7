// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Command worker does what a process does to a layout, so that tests can kill
// it at every step, let its disk run full, and run many of it at once.
//
//	worker push PATH         push two artifacts with referrers, tag, move and delete
//	worker add PATH NAME N   push and tag N artifacts of its own
//	worker prune PATH        remove what has no tag
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

func main() {
	err := run(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, recap.Local) {
			os.Exit(10)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	open := layout.Create
	if args[0] == "prune" {
		open = layout.Open
	}
	s, err := open(args[1], layout.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	switch args[0] {
	case "push":
		err = push(ctx, s)
	case "add":
		n, perr := strconv.Atoi(args[3])
		if perr != nil {
			return perr
		}
		err = add(ctx, s, args[2], n)
	case "prune":
		_, err = s.Prune(ctx, layout.PruneOptions{Untagged: true})
	default:
		err = fmt.Errorf("unknown work %q", args[0])
	}
	if err != nil {
		return err
	}
	return s.Commit(ctx)
}

// push leaves the tags v1 and latest on one artifact, which has a referrer, and
// deletes another that was latest for a while.
func push(ctx context.Context, s *layout.Store) error {
	old, err := artifact(ctx, s, nil, "an older one")
	if err != nil {
		return err
	}
	if err := s.Tag(ctx, old, "latest"); err != nil {
		return err
	}
	// More than one write of the copy's buffer.
	v1, err := artifact(ctx, s, nil, strings.Repeat("0123456789abcdef", 20_000))
	if err != nil {
		return err
	}
	if _, err := artifact(ctx, s, &v1, "a signature"); err != nil {
		return err
	}
	for _, tag := range []string{"v1", "latest"} {
		if err := s.Tag(ctx, v1, tag); err != nil {
			return err
		}
	}
	return s.Delete(ctx, old)
}

func add(ctx context.Context, s *layout.Store, name string, n int) error {
	for i := range n {
		tag := fmt.Sprintf("%s-%d", name, i)
		desc, err := artifact(ctx, s, nil, tag)
		if err != nil {
			return err
		}
		if err := s.Tag(ctx, desc, tag); err != nil {
			return err
		}
	}
	return nil
}

// artifact pushes a manifest over one layer.
func artifact(ctx context.Context, s *layout.Store, subject *ocispec.Descriptor, text string) (ocispec.Descriptor, error) {
	layer := content.NewDescriptorFromBytes("text/plain", []byte(text))
	config := content.NewDescriptorFromBytes(ocispec.MediaTypeEmptyJSON, []byte("{}"))
	raw, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: "application/vnd.example.thing.v1", Config: config, Layers: []ocispec.Descriptor{layer}, Subject: subject,
	})
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	manifest := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, raw)
	for _, b := range []struct {
		desc ocispec.Descriptor
		data []byte
	}{{layer, []byte(text)}, {config, []byte("{}")}, {manifest, raw}} {
		if err := s.Push(ctx, b.desc, bytes.NewReader(b.data)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
			return ocispec.Descriptor{}, err
		}
	}
	return manifest, nil
}
