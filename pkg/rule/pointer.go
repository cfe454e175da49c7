// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// pointers applies R801 to what inferred and unavailable name.
func (c *checker) pointers() {
	facts := &c.recap.Facts
	if len(facts.Inferred)+len(facts.Unavailable) == 0 {
		return
	}
	tree := asJSON(c.recap)
	for i, p := range facts.Inferred {
		c.pointTo(tree, recap.Pointer("/recap").At("inferred", i), p, true)
	}
	for i, p := range facts.Unavailable {
		c.pointTo(tree, recap.Pointer("/recap").At("unavailable", i), p, false)
	}
}

// pointTo checks one pointer: its target must be there, or must not.
func (c *checker) pointTo(tree any, at recap.Pointer, p string, there bool) {
	tokens, ok := splitPointer(p)
	if !ok {
		c.report("R801", at, "write it as /recap/source/author", "%q is no JSON Pointer", words.Clip(p))
		return
	}
	node := tree
	for i, token := range tokens {
		last := i == len(tokens)-1
		child, found := member(node, token)
		switch {
		case intoFacts(tokens[:i+1]):
			c.report("R801", at, "", "%q points into a list of facts, whose numbers change with every edit", words.Clip(p))
			return
		case !found && !last:
			c.report("R801", at, "", "%q: there is no %s", words.Clip(p), recap.Pointer("/"+strings.Join(tokens[:i+1], "/")).Field())
			return
		case last && found && !there:
			c.report("R801", at, "drop the pointer, or the field", "%q is named as unavailable and is there", words.Clip(p))
		case last && !found && there:
			c.report("R801", at, "", "%q is named as inferred and isn't there", words.Clip(p))
		}
		node = child
	}
}

// splitPointer takes a JSON Pointer to something below the root apart.
func splitPointer(p string) ([]string, bool) {
	rest, ok := strings.CutPrefix(normalPointer(p), "/")
	if !ok {
		return nil, false
	}
	for _, after := range strings.Split(rest, "~")[1:] { // ~0 and ~1 alone
		if !strings.HasPrefix(after, "0") && !strings.HasPrefix(after, "1") {
			return nil, false
		}
	}
	return recap.Pointer("/" + rest).Tokens(), true
}

// normalPointer maps a pointer to what authors write to the normalised recap:
// front matter may say author for authors.
func normalPointer(p string) string {
	if p == "/author" || strings.HasPrefix(p, "/author/") {
		return "/authors" + strings.TrimPrefix(p, "/author")
	}
	return p
}

// unavailable reports whether the author says that the field at p is lost.
func unavailable(r *recap.Recap, p string) bool {
	return slices.ContainsFunc(r.Facts.Unavailable, func(u string) bool { return normalPointer(u) == p })
}

// asJSON returns r as decoded JSON, where what is empty isn't there.
func asJSON(r *recap.Recap) any {
	var tree any
	data, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(data, &tree)
	}
	if err != nil {
		return nil // a broken extension: then nothing is there
	}
	return tree
}

// member returns what token names in node.
func member(node any, token string) (any, bool) {
	switch node := node.(type) {
	case map[string]any:
		child, ok := node[token]
		return child, ok
	case []any:
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= len(node) || strconv.Itoa(i) != token {
			return nil, false
		}
		return node[i], true
	}
	return nil, false
}

// factLists are the lists whose items say on their own how certain they are.
// Disclosures, links and authors can't, so pointers into their lists are
// allowed.
var factLists = []string{
	"subEvents", "sessions", "recommendations", "topics", "observations", "announcements", "quotations", "media", "upcoming", "notes",
}

// intoFacts reports whether the last of tokens is an item of a list of facts.
func intoFacts(tokens []string) bool {
	return len(tokens) > 2 && tokens[0] == "recap" && slices.Contains(factLists, tokens[len(tokens)-2])
}
