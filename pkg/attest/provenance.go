// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// BuildType is the build type of the provenance that [Provenance] makes: where
// its parameters are documented.
const BuildType = "https://github.com/recap-oci/recap/blob/main/schemas/buildtype/v1.md"

// maxInputs bounds what is listed as an input: a pack has that many members.
const maxInputs = recap.MaxMembers

// Input is something that went into a build, by its digest.
type Input struct {
	URI    string // where it was: oci://registry.example.com/team/event; empty for a file of the source
	Digest digest.Digest
	Name   string // what the build calls it: a path; may be empty where URI isn't
}

// ProvenanceOptions are what provenance states besides what the CI service
// does.
type ProvenanceOptions struct {
	// Inputs that the build used beside the source. Default: none.
	Inputs []Input

	// Args are the command and its arguments. What may be a secret is left
	// out. Default: none are stated.
	Args []string

	// RecapVersion is the version of recap that built. Default: none is stated.
	RecapVersion string

	// StartedOn and FinishedOn bound the build in time. Default: not stated.
	StartedOn, FinishedOn time.Time
}

// The predicate https://slsa.dev/provenance/v1, as far as it is stated.
type (
	provenance struct {
		BuildDefinition buildDefinition `json:"buildDefinition"`
		RunDetails      runDetails      `json:"runDetails"`
	}
	buildDefinition struct {
		BuildType            string             `json:"buildType"`
		ExternalParameters   externalParameters `json:"externalParameters"`
		InternalParameters   internalParameters `json:"internalParameters"`
		ResolvedDependencies []dependency       `json:"resolvedDependencies"`
	}
	externalParameters struct {
		Source    string   `json:"source"`
		Ref       string   `json:"ref,omitempty"`
		Workflow  string   `json:"workflow,omitempty"`
		Arguments []string `json:"arguments,omitempty"`
	}
	internalParameters struct {
		Service string            `json:"service"`
		Details map[string]string `json:"details,omitempty"`
	}
	dependency struct {
		URI    string            `json:"uri,omitempty"`
		Digest map[string]string `json:"digest"`
		Name   string            `json:"name,omitempty"`
	}
	runDetails struct {
		Builder  builder  `json:"builder"`
		Metadata metadata `json:"metadata"`
	}
	builder struct {
		ID      string            `json:"id"`
		Version map[string]string `json:"version,omitempty"`
	}
	metadata struct {
		InvocationID string `json:"invocationId"`
		StartedOn    string `json:"startedOn,omitempty"`
		FinishedOn   string `json:"finishedOn,omitempty"`
	}
)

// Provenance returns what ci states about where a build comes from, as
// provenance of SLSA v1 of the build type [BuildType].
//
// Errors, all of kind recap.Usage: no-ci for the zero CI, which nobody states
// anything about; bad-ci for an environment that makes no sense, with the name
// of the variable; bad-input for an input without a digest or an address.
func Provenance(ci CI, opts ProvenanceOptions) (trust.Predicate, error) {
	if err := ci.check(); err != nil {
		return trust.Predicate{}, err
	}
	inputs, err := dependencies(opts.Inputs)
	if err != nil {
		return trust.Predicate{}, err
	}
	for _, arg := range opts.Args {
		if err := checkText(arg); err != nil {
			return trust.Predicate{}, recap.Errorf(recap.Usage, "bad-input", "argument %.100q: %w", arg, err)
		}
	}
	uri := "git+" + ci.Source
	if ci.Ref != "" {
		uri += "@" + ci.Ref
	}
	p := provenance{
		BuildDefinition: buildDefinition{
			BuildType:            BuildType,
			ExternalParameters:   externalParameters{Source: ci.Source, Ref: ci.Ref, Workflow: ci.Workflow, Arguments: withoutSecrets(opts.Args)},
			InternalParameters:   internalParameters{Service: ci.Service, Details: ci.Details},
			ResolvedDependencies: append([]dependency{{URI: uri, Digest: map[string]string{"gitCommit": ci.Revision}}}, inputs...),
		},
		RunDetails: runDetails{
			Builder:  builder{ID: ci.Builder},
			Metadata: metadata{InvocationID: ci.Run, StartedOn: stamp(opts.StartedOn), FinishedOn: stamp(opts.FinishedOn)},
		},
	}
	if opts.RecapVersion != "" {
		p.RunDetails.Builder.Version = map[string]string{"recap": opts.RecapVersion}
	}
	return predicate(TypeProvenance, p)
}

// dependencies returns inputs in the order of their addresses and names, each once.
func dependencies(inputs []Input) ([]dependency, error) {
	if len(inputs) > maxInputs {
		return nil, recap.Errorf(recap.Usage, "bad-input", "%d inputs, more than %d", len(inputs), maxInputs)
	}
	own := slices.Clone(inputs)
	for i := range own {
		in := &own[i]
		if err := checkText(in.URI + in.Name); err != nil {
			return nil, recap.Errorf(recap.Usage, "bad-input", "input %.100q: %w", cmp.Or(in.URI, in.Name), err)
		}
		if in.URI == "" && in.Name == "" {
			return nil, recap.Errorf(recap.Usage, "bad-input", "an input of digest %.100q has neither address nor name", string(in.Digest))
		}
		if err := in.Digest.Validate(); err != nil {
			return nil, recap.Errorf(recap.Usage, "bad-input", "input %.100q has digest %.100q: %w", cmp.Or(in.URI, in.Name), string(in.Digest), err)
		}
		in.URI = withoutUser(in.URI)
	}
	slices.SortFunc(own, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest))
	})
	var list []dependency
	for _, in := range slices.Compact(own) {
		list = append(list, dependency{URI: in.URI, Digest: map[string]string{in.Digest.Algorithm().String(): in.Digest.Encoded()}, Name: in.Name})
	}
	return list, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// predicate encodes v in its one spelling.
func predicate(predicateType string, v any) (trust.Predicate, error) {
	raw, err := canonical.Marshal(v)
	if err != nil {
		return trust.Predicate{}, fmt.Errorf("writing a statement of type %s: %w", predicateType, err)
	}
	if err := checkSize(predicateType, int64(len(raw))); err != nil {
		return trust.Predicate{}, err
	}
	return trust.Predicate{Type: predicateType, JSON: raw}, nil
}
