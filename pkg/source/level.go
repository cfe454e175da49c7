// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import "github.com/recap-oci/recap/pkg/recap"

// Level is how much a check asks for. Each level includes the ones before it.
type Level string

// The levels.
const (
	Valid       Level = "valid"       // errors count: what build and push refuse
	Complete    Level = "complete"    // warnings count too: date, author, licence, alternative texts …
	Publishable Level = "publishable" // and what a pack must know before it goes out: a licence that is one
)

// ParseLevel returns the level of that name. The error is recap.Usage.
func ParseLevel(s string) (Level, error) {
	switch l := Level(s); l {
	case Valid, Complete, Publishable:
		return l, nil
	}
	return "", recap.Errorf(recap.Usage, "bad-level", "there is no level %q", s).
		WithHint("use --level valid, complete or publishable")
}
