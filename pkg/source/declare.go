// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/front"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// Declared is what a pack.yaml declares in the words of a front matter.
type Declared struct {
	Events   map[string]recap.Event // without their ids, which are the keys
	Entities map[string]recap.Entity
	Authors  []recap.Agent
}

// packEvent stands for the event of a recap, which a pack has none of. It is no
// id that anybody can write.
const packEvent = "*"

// Declare reads the events, entities and authors of a pack.yaml, with the
// shorthands of a front matter and by the rules for one. root is that file; what
// doesn't fit its schema, and keys that begin with x-, must have been taken out
// before. root isn't changed.
func Declare(root *tree.Node) (Declared, []recap.Problem) {
	d := &declarer{}
	return d.read(root.Clone()), d.problems
}

type declarer struct {
	ids      []string // of the events, as written
	problems []recap.Problem
}

func (d *declarer) report(pos tree.Pos, code, mend, format string, args ...any) {
	d.problems = append(d.problems, recap.Problem{
		Path: pos.Path, Line: pos.Line, Col: pos.Col,
		Severity: rule.SeverityOf(code), Rule: code, Message: fmt.Sprintf(format, args...), Mend: mend,
	})
}

func (d *declarer) read(root *tree.Node) Declared {
	r, normalised, err := d.normalise(root)
	if err != nil {
		d.report(root.Pos, rule.Value, "report this as a bug", "what the pack declares can't be kept: %s", err)
		return Declared{}
	}
	for _, f := range rule.Check(r) {
		d.finding(f, normalised)
	}
	declared := Declared{Entities: r.Facts.Entities, Authors: r.Authors}
	if len(d.ids) > 0 {
		declared.Events = map[string]recap.Event{}
	}
	for i, id := range d.ids {
		event := r.Facts.Upcoming[i]
		event.ID = ""
		declared.Events[id] = event
	}
	return declared
}

// normalise makes a recap of root that is about nothing, looks forward to the
// events, and knows the entities.
func (d *declarer) normalise(root *tree.Node) (*recap.Recap, *tree.Node, error) {
	about := tree.NewMap(root.Pos)
	about.Set("id", tree.Text(packEvent, root.Pos))
	about.Set("name", tree.Text(packEvent, root.Pos))
	events := tree.NewList(root.Pos)
	for _, e := range root.Get("events").Map() {
		id, event := e.Key, front.Named(e.Value)
		if own := event.Get("id"); own != nil && own.Text != id.Text {
			d.report(own.Pos, rule.Value, "remove it, or make it the key", "events.%s: its id is %s, the key", id.Text, id.Text)
		}
		event.Set("id", tree.Text(id.Text, id.Pos))
		d.ids = append(d.ids, id.Text)
		events.Items = append(events.Items, event)
	}
	facts := tree.NewMap(root.Pos)
	facts.Set("event", about)
	facts.Set("upcoming", events)
	if entities := root.Get("entities"); entities != nil {
		facts.Set("entities", entities)
	}
	top := tree.NewMap(root.Pos)
	top.Set("title", tree.Text(packEvent, root.Pos))
	top.Set("slug", tree.Text("pack", root.Pos))
	if authors := root.Get("authors"); authors != nil {
		top.Set("authors", authors)
	}
	top.Set(front.Key, facts)
	return front.Read(top, d.report)
}

// finding reports what a rule says about events, entities and authors, in the
// words of pack.yaml.
func (d *declarer) finding(f rule.Finding, normalised *tree.Node) {
	declared := slices.ContainsFunc([]string{"/recap/upcoming/", "/recap/entities/", "/authors/"}, func(prefix string) bool {
		return strings.HasPrefix(f.Pointer, prefix)
	})
	if !declared {
		return // about what a recap should have
	}
	pos, _ := normalised.Find(f.Pointer)
	message := f.Message
	for i, id := range d.ids {
		message = strings.ReplaceAll(message, fmt.Sprintf("upcoming[%d]", i), "events."+id)
	}
	d.problems = append(d.problems, recap.Problem{
		Path: pos.Path, Line: pos.Line, Col: pos.Col,
		Severity: f.Severity, Rule: f.Rule, Message: message, Mend: f.Mend,
	})
}
