// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"fmt"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/schemas"
)

// ScaffoldOptions are what a new recap begins with. Everything has a default.
type ScaffoldOptions struct {
	Title   string // default: that of the event, or "Untitled recap"
	Event   string // default: the title
	Author  string // left out when empty
	Date    string // left out when empty
	License string // default: NOASSERTION is not written; the line is left out
}

// Scaffold returns the files of a new recap, by path: one that passes a check,
// names its schema for editors, and shows as comments how facts are written.
// The error is recap.Usage with code bad-event for a name that is none.
func Scaffold(opts ScaffoldOptions) (map[string][]byte, error) {
	if opts.Title == "" {
		opts.Title = opts.Event
	}
	if opts.Title == "" {
		opts.Title = "Untitled recap"
	}
	if opts.Event == "" {
		opts.Event = opts.Title
	}
	for _, name := range []string{opts.Event, opts.Title} {
		if err := checkEvent(name); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "---\n# yaml-language-server: $schema=%s\ntitle: %s\n", schemas.URL("recap"), scalar(opts.Title))
	for _, field := range []struct{ key, value string }{{"date", opts.Date}, {"author", opts.Author}} {
		if field.value != "" {
			fmt.Fprintf(&b, "%s: %s\n", field.key, scalar(field.value))
		}
	}
	b.WriteString("recap:\n")
	if opts.License != "" {
		fmt.Fprintf(&b, "  license: %s\n", scalar(opts.License))
	}
	fmt.Fprintf(&b, "  event: %s\n", scalar(opts.Event))
	b.WriteString(scaffoldFacts)
	return map[string][]byte{recap.DocumentPath: []byte(b.String())}, nil
}

// scaffoldFacts shows a fact of each common kind. They are comments, so that
// nothing is stated that nobody meant.
const scaffoldFacts = `  # sessions:
  #   - {id: opening, kind: keynote, title: The opening keynote, speakers: Ada Example (Example Ltd)}
  # recommendations:
  #   - {session: opening, strength: best}
  # topics:
  #   - {name: Supply chain security, kind: trend, signal: high}
  # observations:
  #   - {property: attendance, value: "9,000+", unit: people}
  # media:
  #   - {src: media/hall.jpg, alt: What the picture shows}
---

## What I saw

Replace this text with yours. Pictures and other files go beside this file,
and facts that others may want to look up into the front matter above.
`
