// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/artifact"
)

// annotationFlag is what a manifest states beside what the recap or pack does:
// where it comes from, for a registry that shows that, or whose it is.
type annotationFlag map[string]string

func (f *annotationFlag) register(flags *pflag.FlagSet) {
	flags.VarP(f, "annotation", "a", "state `KEY=VALUE` in the manifest; may be repeated")
}

// Set implements pflag.Value.
func (f *annotationFlag) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q has no =: write KEY=VALUE", s)
	}
	if err := artifact.CheckAnnotation(key, value); err != nil {
		return err
	}
	if before, ok := (*f)[key]; ok && before != value {
		return fmt.Errorf("%s is given twice, with two values", key)
	}
	if *f == nil {
		*f = annotationFlag{}
	}
	(*f)[key] = value
	return nil
}

// String implements pflag.Value.
func (f *annotationFlag) String() string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(*f)) {
		pairs = append(pairs, key+"="+(*f)[key])
	}
	return strings.Join(pairs, ",")
}

// Type implements pflag.Value.
func (f *annotationFlag) Type() string { return "annotation" }
