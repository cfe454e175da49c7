// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// Glossary tells what names mean across the members of a pack. It isn't changed
// by use.
type Glossary struct {
	events, entities                map[string]string // what the pack declares: id or name to id
	eventAliases, sessions, topics  map[string]string // alias to id
	people, organizations, projects map[string]string
}

// Glossary reads what p declares, and its aliases, as they are now. Of two that
// claim one name, the first by id has it.
func (p *Pack) Glossary() *Glossary {
	g := &Glossary{
		events: map[string]string{}, entities: map[string]string{},
		eventAliases: aliases(p.Aliases.Events), sessions: aliases(p.Aliases.Sessions), topics: aliases(p.Aliases.Topics),
		people: aliases(p.Aliases.People), organizations: aliases(p.Aliases.Organizations), projects: aliases(p.Aliases.Projects),
	}
	for _, id := range slices.Sorted(maps.Keys(p.Events)) {
		e := p.Events[id]
		claim(g.events, id, append([]string{id, e.Name}, e.AlternateName...))
	}
	for _, id := range slices.Sorted(maps.Keys(p.Entities)) {
		e := p.Entities[id]
		claim(g.entities, id, append([]string{id, e.Name}, e.AlternateName...))
	}
	return g
}

func aliases(by map[string][]string) map[string]string {
	to := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		claim(to, id, append([]string{id}, by[id]...))
	}
	return to
}

func claim(to map[string]string, id string, names []string) {
	for _, name := range names {
		if _, taken := to[name]; !taken && name != "" {
			to[name] = Identity(id)
		}
	}
}

// Event returns the id of the event that somebody who asks calls so: an id of the
// pack's, an alias, or a name.
func (g *Glossary) Event(ref string) string {
	for _, m := range []map[string]string{g.eventAliases, g.events} {
		if id, ok := m[ref]; ok {
			return id
		}
	}
	return Identity(ref)
}

// Names are the names of one member, and what they mean in its pack.
//
// What the pack lists under one id, as an alias or in its own declarations, is
// one thing. Beyond that events and entities are one by their id, and what has
// none by its name as [Slug] writes it; sessions and topics, whose ids are their
// recap's own, by title and name. Nothing is guessed: two spellings that Slug
// writes differently stay two.
type Names struct {
	glossary *Glossary
	slug     string
	event    string
	own      *Resolver
}

// Names returns the names of member r.
func (g *Glossary) Names(r *Recap) *Names {
	n := &Names{glossary: g, slug: r.Slug, own: r.Resolver()}
	n.event = n.resolve(Target{Kind: TargetEvent, ID: r.Facts.Event.ID, Name: r.Facts.Event.Name})
	return n
}

// Event returns the id of the event that the member is about, empty where it
// names none.
func (n *Names) Event() string { return n.event }

// ID returns the id, across the pack, of what a reference of the member means.
// kind is empty for the name of something that the member says nothing more
// about. The id is empty for an empty reference alone; it is at most
// [MaxSlugLength] bytes long and written as slugs are or, for a fact with an id
// that is its recap's own, is <slug>#<id>.
func (n *Names) ID(ref string) (kind TargetKind, id string) {
	if ref == "" {
		return "", ""
	}
	if t, ok := n.own.Resolve(ref); ok {
		return t.Kind, n.resolve(t)
	}
	return "", n.resolve(Target{Name: ref})
}

// Session, Topic and Entity return the id of what the member declares under an
// id and a title or name, either of which may be empty.
func (n *Names) Session(id, title string) string {
	return n.resolve(Target{Kind: TargetSession, ID: id, Name: title})
}

// Topic is as [Names.Session], of a topic.
func (n *Names) Topic(id, name string) string {
	return n.resolve(Target{Kind: TargetTopic, ID: id, Name: name})
}

// Entity is as [Names.Session], of an entity.
func (n *Names) Entity(id, name string) string {
	return n.resolve(Target{Kind: TargetEntity, ID: id, Name: name})
}

func (n *Names) resolve(t Target) string {
	var refs []string
	if t.ID != "" {
		refs = append(refs, n.slug+"#"+t.ID)
		if t.Kind == TargetEvent || t.Kind == TargetEntity {
			refs = append(refs, t.ID) // other ids are the recap's own
		}
	}
	if t.Name != "" {
		refs = append(refs, t.Name)
	}
	g := n.glossary
	var maps []map[string]string
	switch t.Kind {
	case TargetEvent:
		maps = []map[string]string{g.eventAliases, g.events}
	case TargetEntity:
		maps = []map[string]string{g.people, g.organizations, g.projects, g.entities}
	case TargetSession:
		maps = []map[string]string{g.sessions}
	case TargetTopic:
		maps = []map[string]string{g.topics}
	case "":
		maps = []map[string]string{g.eventAliases, g.events, g.people, g.organizations, g.projects, g.entities, g.topics, g.sessions}
	}
	for _, ref := range refs {
		for _, m := range maps {
			if id, ok := m[ref]; ok {
				return id
			}
		}
	}
	switch t.Kind {
	case TargetEvent, TargetEntity:
		if t.ID != "" {
			return Identity(t.ID)
		}
		return Identity(t.Name)
	case TargetTopic, TargetSession, "":
		if t.Name != "" {
			return Identity(t.Name)
		}
	}
	if t.ID == "" {
		return ""
	}
	return n.slug + "#" + Identity(t.ID)
}

// Identity returns a name as ids are written. Unlike a slug, which is cut, it
// tells long names apart.
func Identity(name string) string {
	if name == "" || isIdentity(name) {
		return name
	}
	slug := Slug(name)
	if len(name) <= MaxSlugLength {
		return slug
	}
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(strings.Fields(name), " "))))
	return cutSlug(slug, MaxSlugLength-13) + "-" + hex.EncodeToString(sum[:6])
}

// isIdentity reports whether s is written as ids are.
func isIdentity(s string) bool { return len(s) <= MaxSlugLength && IsID(s) }
