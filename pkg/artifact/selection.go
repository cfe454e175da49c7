// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"path"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// Selection says which files of a bundle, or of which members of a pack, are
// wanted. The zero value is all of them; a file must fit every field that is set.
type Selection struct {
	// Include are globs of paths relative to the recap, such as "images/*.png":
	// a file fits that matches one of them. The syntax is that of [path.Match],
	// and a component ** stands for any number of components.
	Include []string

	// Roles are roles of files: a file fits that has one of them.
	Roles []string

	// Recaps are slugs of members of a pack, and Events ids of events, by any of
	// their aliases: a member fits that has one of the slugs, and is about one
	// of the events.
	Recaps []string
	Events []string

	// MetadataOnly selects no file at all: the config is enough. It doesn't go
	// with Include and Roles.
	MetadataOnly bool
}

// IsZero reports whether s selects everything by saying nothing.
func (s Selection) IsZero() bool {
	return len(s.Include) == 0 && len(s.Roles) == 0 && len(s.Recaps) == 0 && len(s.Events) == 0 && !s.MetadataOnly
}

// IsPart reports whether s selects among the members of a pack. A bundle has
// none to select from.
func (s Selection) IsPart() bool { return len(s.Recaps) > 0 || len(s.Events) > 0 }

// Check returns an error of kind [recap.Usage] for a selection that can't be
// meant: bad-glob, bad-role, bad-slug, or bad-selection for MetadataOnly with
// Include or Roles, and for an event without a name.
func (s Selection) Check() error {
	if s.MetadataOnly && (len(s.Include) > 0 || len(s.Roles) > 0) {
		return recap.Errorf(recap.Usage, "bad-selection", "metadata only, and files too").
			WithHint("give either --metadata-only, or --include and --role")
	}
	for _, glob := range s.Include {
		if err := checkGlob(glob); err != nil {
			return err
		}
	}
	for _, role := range s.Roles {
		if !slices.Contains(recap.Roles(), recap.Role(role)) {
			return recap.Errorf(recap.Usage, "bad-role", "there is no role %.40q", role).
				WithHint("one of %s", joinRoles(recap.Roles()))
		}
	}
	for _, slug := range s.Recaps {
		if err := recap.CheckSlug(slug); err != nil {
			return err
		}
	}
	if slices.Contains(s.Events, "") {
		return recap.Errorf(recap.Usage, "bad-selection", "an event without a name")
	}
	return nil
}

// Match reports whether f is selected. What [Selection.Check] refuses matches
// nothing.
func (s Selection) Match(f recap.File) bool {
	switch {
	case s.MetadataOnly:
		return false
	case len(s.Roles) > 0 && !slices.Contains(s.Roles, string(f.Role)):
		return false
	case len(s.Include) == 0:
		return true
	}
	components := strings.Split(f.Path, "/")
	return slices.ContainsFunc(s.Include, func(glob string) bool {
		return matchGlob(strings.Split(glob, "/"), components)
	})
}

func joinRoles(roles []recap.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

// checkGlob refuses globs that path.Match doesn't understand and ones that no
// path can match.
func checkGlob(glob string) error {
	bad := func(why string) *recap.Error {
		return recap.Errorf(recap.Usage, "bad-glob", "glob %.120q %s", glob, why)
	}
	if glob == "" {
		return bad("is empty").WithHint("'**' is every file")
	}
	if len(glob) > recap.MaxPathLength {
		return bad("is too long")
	}
	if dir, ok := strings.CutSuffix(glob, "/"); ok {
		return bad("is a directory").WithHint("%q is every file beneath it", dir+"/**")
	}
	for component := range strings.SplitSeq(glob, "/") {
		switch {
		case component == "" || component == "." || component == "..":
			return bad("has a component that no path has").WithHint("write it relative to the recap, such as 'images/*.png'")
		case component != "**" && strings.Contains(component, "**"):
			return bad("has ** beside other characters").WithHint("'**' stands between slashes, as in '**/*.png'")
		}
		if _, err := path.Match(component, ""); err != nil {
			return bad("has a [ without its ], or a \\ at its end").WithHint("'\\[' is a bracket itself")
		}
	}
	return nil
}

// matchGlob matches component by component. It goes through the path once for
// each ** at most, so no glob is slow: a list of the positions that the globs so
// far may have reached is carried along.
//
// Libraries for this know more syntax ({a,b}, character classes by name), which
// would be one more way to say what a second --include says.
func matchGlob(globs, components []string) bool {
	reached := make([]bool, len(components)+1)
	reached[0] = true
	for _, glob := range globs {
		next := make([]bool, len(components)+1)
		for i, here := range reached {
			switch {
			case glob == "**":
				next[i] = here || i > 0 && next[i-1]
			case here && i < len(components):
				if ok, err := path.Match(glob, components[i]); err == nil && ok {
					next[i+1] = true
				}
			}
		}
		reached = next
	}
	return reached[len(components)]
}
