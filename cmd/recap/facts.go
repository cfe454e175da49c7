// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// factSheet draws the typed facts of a recap as lists, names in place of ids:
// what a machine can ask, for people.
type factSheet struct {
	w       io.Writer
	names   *recap.Resolver
	columns int
	colours bool
}

func (f *factSheet) draw(facts recap.Facts) {
	var figures, sessions, picks, topics, news, upcoming []string
	for _, o := range facts.Observations {
		figures = append(figures, f.figure(o))
	}
	for _, s := range facts.Sessions {
		sessions = append(sessions, join(" — ", either(s.Title, s.Text), f.people(s.Speakers, s.MoreSpeakers), s.Kind))
	}
	for _, r := range facts.Recommendations {
		position := ""
		if r.Position > 0 {
			position = strconv.Itoa(r.Position) + ". "
		}
		picks = append(picks, position+join(" — ", f.name(r.Session), r.Strength, r.Text))
	}
	for _, t := range facts.Topics {
		topics = append(topics, join(" — ", f.name(t.Name), t.Signal, t.Text))
	}
	for _, a := range facts.Announcements {
		news = append(news, join(" — ", a.Title, a.Kind, f.list(a.By), f.list(a.Recipients), a.Text))
	}
	for _, u := range facts.Upcoming {
		upcoming = append(upcoming, join(" — ", u.Name, span(u.StartDate, u.EndDate), place(u.Place), u.Text))
	}
	f.section("Figures", figures)
	f.section("Sessions", sessions)
	f.section("Recommended", picks)
	f.section("Topics", topics)
	f.section("Announcements", news)
	f.section("Upcoming", upcoming)
}

func (f *factSheet) section(title string, items []string) {
	if len(items) == 0 {
		return
	}
	d := &drawing{colours: f.colours}
	d.line("", "")
	d.line("", d.styled(title, styleHeading))
	for _, item := range items {
		item = safe(strings.Join(strings.Fields(item), " "))
		d.wrap(plain(item), "• ", "  ", f.columns)
	}
	_, _ = io.WriteString(f.w, d.out.String()) // a failed write is remembered by stdout
}

// name returns what an id stands for, else the reference itself.
func (f *factSheet) name(ref string) string {
	if t, ok := f.names.Resolve(ref); ok && t.Name != "" {
		return t.Name
	}
	return ref
}

func (f *factSheet) list(refs []string) string {
	var names []string
	for _, ref := range refs {
		names = append(names, f.name(ref))
	}
	return strings.Join(names, ", ")
}

func (f *factSheet) people(agents []recap.Agent, more bool) string {
	var names []string
	for _, a := range agents {
		a.Name, a.Affiliation = f.name(a.Name), f.name(a.Affiliation)
		names = append(names, a.String())
	}
	if more {
		names = append(names, "and others")
	}
	return strings.Join(names, ", ")
}

// figure writes an observation as bounds: attendance of KubeCon: ≥ 13,000
// people.
func (f *factSheet) figure(o recap.Observation) string {
	value := o.TextValue
	switch {
	case o.Value != nil:
		value = number(*o.Value)
	case o.MinValue != nil && o.MaxValue != nil:
		value = number(*o.MinValue) + " to " + number(*o.MaxValue)
	case o.MinValue != nil:
		value = map[bool]string{true: "> ", false: "≥ "}[o.ExclusiveMin] + number(*o.MinValue)
	case o.MaxValue != nil:
		value = map[bool]string{true: "< ", false: "≤ "}[o.ExclusiveMax] + number(*o.MaxValue)
	}
	if o.Approximate {
		value = "about " + value
	}
	if o.Unit != "" {
		value += " " + o.Unit
	}
	s := o.Property + " of " + f.name(o.About) + ": " + value
	if o.Certainty != "" && o.Certainty != recap.Stated {
		s += " (" + join(", ", string(o.Certainty), f.name(o.Attribution)) + ")"
	}
	return s
}

// number writes a value as people do: 12,000.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}

func span(from, to recap.Date) string {
	if from == "" || to == "" || from == to {
		return string(from + to)
	}
	return string(from) + " to " + string(to)
}

func place(p *recap.Place) string {
	if p == nil {
		return ""
	}
	return join(", ", p.Venue, p.City, p.Region, p.Country, p.Text)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// join joins what there is.
func join(separator string, parts ...string) string {
	var present []string
	for _, p := range parts {
		if p != "" {
			present = append(present, p)
		}
	}
	return strings.Join(present, separator)
}
