// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// pointers applies R801 to what inferred and unavailable name.
func (c *checker) pointers() {
	facts := &c.recap.Facts
	if len(facts.Inferred)+len(facts.Unavailable) == 0 {
		return
	}
	tree := c.recap.tree()
	for i, p := range facts.Inferred {
		c.pointTo(tree, pointer("/recap").at("inferred", i), p, true)
	}
	for i, p := range facts.Unavailable {
		c.pointTo(tree, pointer("/recap").at("unavailable", i), p, false)
	}
}

// pointTo checks one pointer: its target must be there, or must not.
func (c *checker) pointTo(tree any, at pointer, p string, there bool) {
	tokens, ok := splitPointer(p)
	if !ok {
		c.report("R801", at, "write it as /recap/source/author", "%q is no JSON Pointer", clip(p))
		return
	}
	node := tree
	for i, token := range tokens {
		last := i == len(tokens)-1
		child, found := member(node, token)
		switch {
		case intoFacts(tokens[:i+1]):
			c.report("R801", at, "", "%q points into a list of facts, whose numbers change with every edit", clip(p))
			return
		case !found && !last:
			c.report("R801", at, "", "%q: there is no %s", clip(p), pointer("/"+strings.Join(tokens[:i+1], "/")).field())
			return
		case last && found && !there:
			c.report("R801", at, "drop the pointer, or the field", "%q is named as unavailable and is there", clip(p))
		case last && !found && there:
			c.report("R801", at, "", "%q is named as inferred and isn't there", clip(p))
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
	tokens := strings.Split(rest, "/")
	for i, t := range tokens {
		for _, after := range strings.Split(t, "~")[1:] { // ~0 and ~1 alone
			if !strings.HasPrefix(after, "0") && !strings.HasPrefix(after, "1") {
				return nil, false
			}
		}
		tokens[i] = unescapePointer(t)
	}
	return tokens, true
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
func (r *Recap) unavailable(p string) bool {
	return slices.ContainsFunc(r.Facts.Unavailable, func(u string) bool { return normalPointer(u) == p })
}

// tree returns r as decoded JSON, where what is empty isn't there.
func (r *Recap) tree() any {
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
