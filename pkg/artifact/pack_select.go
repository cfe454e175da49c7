// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"iter"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// Select returns the members that s selects, in reading order. What s says about
// files is for [Selection.Match].
//
// Errors are those of [Selection.Check], [recap.NotFound] no-such-recap for a slug
// that no member has, no-such-event for an event that none is about, and
// nothing-selected where no member fits both.
func (p *Pack) Select(s Selection) ([]recap.PackMember, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	slugs, events := map[string]bool{}, map[string]bool{}
	for _, m := range p.Meta.Members {
		slugs[m.Slug], events[m.Event] = true, true
	}
	for _, slug := range s.Recaps {
		if !slugs[slug] {
			return nil, p.noSuchRecap(slug)
		}
	}
	names := p.Meta.Glossary()
	wanted := make([]string, len(s.Events))
	for i, event := range s.Events {
		if wanted[i] = names.Event(event); !events[wanted[i]] {
			return nil, noSuch("no-such-event", "no recap of pack "+p.Meta.Name+" is about an event", event, func(yield func(string) bool) {
				for _, m := range p.Meta.Members {
					if m.Event != "" && !yield(m.Event) {
						return
					}
				}
			})
		}
	}
	var selected []recap.PackMember
	for _, m := range p.Meta.Members {
		if (len(s.Recaps) == 0 || slices.Contains(s.Recaps, m.Slug)) && (len(wanted) == 0 || slices.Contains(wanted, m.Event)) {
			selected = append(selected, m)
		}
	}
	if len(selected) == 0 && s.IsPart() {
		return nil, recap.Errorf(recap.NotFound, "nothing-selected", "none of the recaps %s is about %s", strings.Join(s.Recaps, ", "), strings.Join(s.Events, ", "))
	}
	return selected, nil
}

func (p *Pack) noSuchRecap(slug string) error {
	return noSuch("no-such-recap", "pack "+p.Meta.Name+" has no recap", slug, func(yield func(string) bool) {
		for _, m := range p.Meta.Members {
			if !yield(m.Slug) {
				return
			}
		}
	})
}

// noSuch says that there is no such name, and which of those there are may have
// been meant.
func noSuch(code, what, name string, known iter.Seq[string]) error {
	err := recap.Errorf(recap.NotFound, code, "%s %.100q", what, name)
	if near, ok := words.Nearest(name, known); ok {
		return err.WithHint("did you mean %s?", near)
	}
	return err.WithHint("recap list REF shows what it holds")
}
