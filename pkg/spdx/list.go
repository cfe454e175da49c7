// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package spdx

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/recap-oci/recap/pkg/internal/words"
)

// The SPDX list as data: made from the ids that SPDX publishes, without the
// licences' texts.
//
//go:embed spdx.txt
var text string

// catalogue holds the ids by their lower-case form.
type catalogue struct {
	licenses   map[string]listed
	exceptions map[string]listed
	order      []string          // licences in lower case, as the list has them
	byKey      map[string]string // ids that aren't deprecated, by their keyOf
}

type listed struct {
	id          string
	deprecated  bool
	replacement string
}

// known reads the list once, when first needed.
var known = sync.OnceValue(func() *catalogue {
	list := &catalogue{licenses: map[string]listed{}, exceptions: map[string]listed{}, byKey: map[string]string{}}
	for line := range strings.Lines(text) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		id, replacement, _ := strings.Cut(rest, " ")
		kind, deprecated := strings.CutPrefix(kind, "deprecated-")
		entry := listed{id: id, deprecated: deprecated, replacement: replacement}
		switch kind {
		case "license":
			list.licenses[words.Lower(id)] = entry
			list.order = append(list.order, words.Lower(id))
			if key := keyOf(id); !deprecated && list.byKey[key] == "" {
				list.byKey[key] = id
			}
		case "exception":
			list.exceptions[words.Lower(id)] = entry
		}
	}
	return list
})
