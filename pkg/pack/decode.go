// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/spdx"
)

// decodeRest fills in what is a pack's alone.
func (r *reader) decodeRest(root *tree.Node) {
	pack := r.file.Pack
	text := func(at string) string {
		if v := root.At(at); v != nil && v.Kind == tree.String {
			return v.Text
		}
		return ""
	}
	pack.Defaults = recap.PackDefaults{License: text("/defaults/license"), Language: text("/defaults/language")}
	for _, kind := range kindsOfAliases(&pack.Aliases) {
		*kind.to = texts(root.At("/aliases/" + kind.name))
	}
	for _, e := range root.At("/conflicts/tolerance").Map() {
		if pack.Conflicts.Tolerance == nil {
			pack.Conflicts.Tolerance = map[string]float64{}
		}
		pack.Conflicts.Tolerance[e.Key.Text] = e.Value.Num
	}
	for i := range root.At("/conflicts/accepted").List() {
		at := "/conflicts/accepted/" + strconv.Itoa(i)
		pack.Conflicts.Accepted = append(pack.Conflicts.Accepted, recap.AcceptedConflict{ID: text(at + "/id"), Note: text(at + "/note")})
	}
	yes := func(at string) bool { v := root.At(at); return v != nil && v.Bool }
	r.file.Checks = Checks{RequireLicense: yes("/checks/requireLicense"), RequireAlt: yes("/checks/requireAlt")}
	if most := text("/checks/maxBytes"); most != "" {
		var ok bool
		if r.file.Checks.MaxBytes, ok = parseBytes(most); !ok {
			r.fail(r.at("/checks/maxBytes"), rule.Value, "write a smaller number, such as 2Gi", "checks.maxBytes: %q is more than anybody can store", words.Clip(most))
		}
	}
}

// aliasKind is one list of aliases.
type aliasKind struct {
	name string
	to   *map[string][]string
}

func kindsOfAliases(a *recap.Aliases) []aliasKind {
	return []aliasKind{
		{"events", &a.Events}, {"sessions", &a.Sessions}, {"topics", &a.Topics},
		{"people", &a.People}, {"organizations", &a.Organizations}, {"projects", &a.Projects},
	}
}

// texts returns lists of texts by key.
func texts(n *tree.Node) map[string][]string {
	var all map[string][]string
	for _, e := range n.Map() {
		for _, item := range e.Value.List() {
			if item.Kind != tree.String {
				continue
			}
			if all == nil {
				all = map[string][]string{}
			}
			all[e.Key.Text] = append(all[e.Key.Text], item.Text)
		}
	}
	return all
}

// parseBytes reads 536870912, 512Mi and the like.
func parseBytes(s string) (int64, bool) {
	shift := 0
	for unit, by := range map[string]int{"Ki": 10, "Mi": 20, "Gi": 30} {
		if digits, ok := strings.CutSuffix(s, unit); ok {
			s, shift = digits, by
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, false
	}
	return n << shift, true
}

// at returns the place of a value as it was written.
func (r *reader) at(pointer string) tree.Pos {
	pos, _ := r.root.Find(pointer)
	return pos
}

// judge reports what makes no sense, where the form is right.
func (r *reader) judge() {
	pack := r.file.Pack
	if err := recap.CheckSlug(pack.Name); err != nil {
		r.fail(r.at("/name"), rule.Slug, "choose another name", "name: %s", strings.TrimPrefix(err.Error(), "slug "))
	}
	r.license("/license", pack.License)
	r.license("/defaults/license", pack.Defaults.License)
	if f, ok := rule.CheckLink(pack.URL); pack.URL != "" && !ok {
		r.report(r.at("/url"), f.Severity, f.Rule, f.Mend, "url: %s", f.Message)
	}
	r.names("events", func(own func(id string, names ...string)) {
		for _, e := range r.root.Get("events").Map() {
			event := pack.Events[e.Key.Text]
			own(e.Key.Text, append([]string{event.Name}, event.AlternateName...)...)
		}
	})
	r.names("entities", func(own func(id string, names ...string)) {
		for _, e := range r.root.Get("entities").Map() {
			entity := pack.Entities[e.Key.Text]
			own(e.Key.Text, append([]string{entity.Name}, entity.AlternateName...)...)
		}
	})
	for _, kind := range kindsOfAliases(&pack.Aliases) {
		r.names("aliases."+kind.name, func(own func(id string, names ...string)) {
			for _, e := range r.root.At("/aliases/" + kind.name).Map() {
				own(e.Key.Text, (*kind.to)[e.Key.Text]...)
			}
		})
	}
	seen := map[string]int{}
	for i, a := range pack.Conflicts.Accepted {
		if first, twice := seen[a.ID]; twice {
			r.fail(r.at("/conflicts/accepted/"+strconv.Itoa(i)), rule.ID, "keep one of them", "conflicts.accepted[%d]: %q is there already (accepted[%d])", i, words.Clip(a.ID), first)
			continue
		}
		seen[a.ID] = i
	}
}

// names reports a name that two ids of one list claim: who asks for it would
// get one of them, and nobody could tell why.
func (r *reader) names(list string, each func(own func(id string, names ...string))) {
	owners := map[string]string{}
	each(func(id string, names ...string) {
		for _, name := range append([]string{id}, names...) {
			owner, taken := owners[name]
			if taken && owner != id {
				pointer := "/" + strings.ReplaceAll(list, ".", "/") + "/" + tree.Escape(id)
				r.fail(r.at(pointer), rule.ID, "leave the name to one of them", "%s.%s: the name %q is that of %s already", list, id, words.Clip(name), owner)
				continue
			}
			owners[name] = id
		}
	})
}

func (r *reader) license(pointer, expr string) {
	if expr == "" {
		return
	}
	field := strings.ReplaceAll(pointer[1:], "/", ".")
	license, err := spdx.Parse(expr)
	if err != nil {
		mend := "write an id of the SPDX list, such as CC-BY-4.0, a LicenseRef- of your own, or NOASSERTION"
		if e := (*recap.Error)(nil); errors.As(err, &e) && e.Hint != "" {
			mend = "write " + e.Hint
		}
		r.fail(r.at(pointer), rule.License, mend, "%s: %s", field, err)
		return
	}
	warnings := slices.Clone(license.Warnings)
	mend := "write it as the SPDX list does"
	if len(warnings) == 0 && license.Expression != strings.TrimSpace(expr) {
		warnings, mend = []string{strconv.Quote(words.Clip(expr)) + " is written otherwise on the SPDX list"}, "write "+license.Expression
	}
	for _, w := range warnings {
		r.report(r.at(pointer), recap.SeverityWarning, rule.OldLicense, mend, "%s: %s", field, w)
	}
}
