// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/artifact"
)

// compatFlag is the form in which an artifact is written, for registries that
// don't take OCI's own.
type compatFlag artifact.Form

func (f *compatFlag) register(flags *pflag.FlagSet) {
	flags.Var(f, "compat", "write it as an `image`, for registries that refuse unknown types; another digest, read the same")
}

// Set implements pflag.Value.
func (f *compatFlag) Set(s string) error {
	if artifact.Form(s) != artifact.FormImage {
		return fmt.Errorf("%q is no form; --compat %s is the only one, and without it the form is OCI's own", s, artifact.FormImage)
	}
	*f = compatFlag(s)
	return nil
}

// String implements pflag.Value.
func (f *compatFlag) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *compatFlag) Type() string { return "form" }
