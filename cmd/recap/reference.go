// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
)

// parseReference parses what was typed where a reference is wanted. What names
// a directory or file instead gets the line that was meant.
func parseReference(arg string) (target.Reference, error) {
	ref, err := target.ParseReference(arg)
	if err == nil {
		return ref, nil
	}
	if layoutErr := layoutMeant(arg); layoutErr != nil {
		return ref, layoutErr
	}
	info, statErr := os.Stat(arg)
	if statErr != nil {
		return ref, err
	}
	what := "file"
	if info.IsDir() {
		what = "directory"
	}
	wrong := recap.Errorf(recap.Usage, "bad-reference", "%s is a %s where a reference is wanted", arg, what)
	if receipt, err := folder.ReadReceipt(arg); err == nil {
		return ref, wrong.WithHint("it was pulled from %s; recap status %s says more", shellWord(receipt.Reference), shellWord(arg))
	}
	if _, err := os.Stat(filepath.Join(arg, recap.DocumentPath)); err == nil || pack.Is(os.DirFS(arg)) || strings.HasSuffix(arg, ".md") {
		return ref, wrong.WithHint("what it holds gets a reference by: recap push %[1]s HOST/REPOSITORY:TAG, or recap build %[1]s -o LAYOUT:TAG", shellWord(arg))
	}
	return ref, wrong.WithHint("type HOST/REPOSITORY:TAG, or %sPATH:TAG for a layout on disk", target.LayoutScheme)
}

// layoutMeant returns the error that says how to write the layout at arg,
// PATH[:TAG], if there is one or it would be one by its name.
func layoutMeant(arg string) error {
	path, tag := cutTag(arg)
	if _, err := os.Stat(filepath.Join(path, "oci-layout")); err != nil && !strings.HasSuffix(path, ".tar") {
		return nil
	}
	if _, err := os.Stat(filepath.Join(path, recap.DocumentPath)); err == nil { // a recap with a file of that name
		return nil
	}
	wrong := recap.Errorf(recap.Usage, "bad-reference", "%s is the path of a layout, not a reference to what it holds", path)
	if tag != "" {
		return wrong.WithHint("type %s", shellWord(target.LayoutScheme+arg))
	}
	if _, err := os.Stat(path); err != nil {
		return wrong.WithHint("type %s", shellWord(target.LayoutScheme+path+":TAG"))
	}
	return wrong.WithHint("type %s; recap list %s shows the tags", shellWord(target.LayoutScheme+path+":TAG"), shellWord(target.LayoutScheme+path))
}

// cutTag splits PATH:TAG at the last colon behind the last slash, as
// [target.ParseReference] does.
func cutTag(s string) (path, tag string) {
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexAny(s, `/\`) {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// pulledPack returns the receipt of the pack that was pulled into dir, if that is
// what lies there: what its pack.yaml said isn't among the files. A receipt that names
// no place to pull from is nobody's: who has it read would be led to a path.
func pulledPack(dir string) (*folder.Receipt, bool) {
	receipt, err := folder.ReadReceipt(dir)
	if err != nil || len(receipt.Members) == 0 {
		return nil, false
	}
	_, err = target.ParseReference(receipt.Repository + "@" + receipt.Digest.String())
	return receipt, err == nil
}

// pulledReference returns what to read in place of the pack that was pulled into
// dir: the digest that it still is.
func pulledReference(ctx context.Context, dir string) (string, error) {
	status, err := folder.Status(ctx, dir, folder.StatusOptions{})
	if err != nil {
		return "", err
	}
	exact := status.Receipt.Repository + "@" + status.Receipt.Digest.String()
	if status.State != folder.Unchanged {
		return "", recap.Errorf(recap.Usage, "pack-modified", "%s is %s since it was pulled, so no pack that anybody published", dir, status.State).
			WithHint("recap status %s says how; name one of its recaps, %s, or what was pulled, %s", shellWord(dir), shellWord(filepath.Join(dir, "SLUG")), shellWord(exact))
	}
	return exact, nil
}
