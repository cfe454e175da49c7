// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"errors"
	"time"
)

// dates applies R201 to R207.
func (c *checker) dates() {
	r := c.recap
	r.eachDate(func(at pointer, d Date) {
		if err := d.Validate(); d != "" && err != nil {
			c.report("R205", at, "", "%v", errors.Unwrap(err))
		}
	})
	for _, own := range []struct {
		at   pointer
		date Date
	}{{"/date", r.Date}, {"/lastmod", r.LastMod}} {
		if own.date.Reduced() {
			c.report("R206", own.at, "", "%s names less than a day", own.date)
		}
	}
	if r.Date == "" && !r.unavailable("/date") {
		c.report("R207", "/date", "", "the recap has no date")
	}
	article := r.articleDate()
	if start := r.Facts.Event.StartDate; article.Before(start) {
		c.report("R202", "/recap/event/startDate", "", "the event begins on %s, after the article of %s", start, article)
	}
	for i, e := range r.Facts.Upcoming {
		at := pointer("/recap").at("upcoming", i)
		if last, name := lastDay(e); last.Before(article) {
			c.report("R203", at.to(name), "", "%s is before the article of %s", last, article)
		}
	}
	r.eachEvent(func(at pointer, e, super *Event) {
		if e.EndDate.Before(e.StartDate) {
			c.report("R201", at.to("endDate"), "", "the event ends on %s, before it begins on %s", e.EndDate, e.StartDate)
		}
		if super == nil {
			return
		}
		if e.StartDate != "" && outside(e.StartDate, super) {
			c.report("R204", at.to("startDate"), "", "%s is more than three days from the event that it belongs to", e.StartDate)
		} else if e.EndDate != "" && outside(e.EndDate, super) {
			c.report("R204", at.to("endDate"), "", "%s is more than three days from the event that it belongs to", e.EndDate)
		}
	})
}

// articleDate returns when the report of the event appeared. A retelling of
// another article may be written years later, so its own date says nothing.
func (r *Recap) articleDate() Date {
	source := r.Facts.Source
	switch {
	case source == nil:
		return r.Date
	case source.DatePublished != "" || source.Derivation != "original":
		return source.DatePublished
	}
	return r.Date
}

// lastDay returns the last date that e states, and the name of the field.
func lastDay(e Event) (Date, string) {
	if e.EndDate != "" {
		return e.EndDate, "endDate"
	}
	return e.StartDate, "startDate"
}

// outside reports whether d is more than three days from the days of super.
func outside(d Date, super *Event) bool {
	const slack = 3 * 24 * time.Hour
	from, to, err := d.Interval()
	if err != nil {
		return false
	}
	if begin, _, err := super.StartDate.Interval(); err == nil && !to.After(begin.Add(-slack)) {
		return true
	}
	last, _ := lastDay(*super)
	_, end, err := last.Interval()
	return err == nil && !from.Before(end.Add(slack))
}

// eachDate visits every date field.
func (r *Recap) eachDate(f func(at pointer, d Date)) {
	const root = pointer("/recap")
	f("/date", r.Date)
	f("/lastmod", r.LastMod)
	r.eachEvent(func(at pointer, e, _ *Event) {
		f(at.to("startDate"), e.StartDate)
		f(at.to("endDate"), e.EndDate)
	})
	if source := r.Facts.Source; source != nil {
		f(root.to("source").to("datePublished"), source.DatePublished)
		f(root.to("source").to("retrieved"), source.Retrieved)
	}
	r.eachEntity(func(at pointer, _ string, e Entity) { f(at.to("maturityAsOf"), e.MaturityAsOf) })
	for i, s := range r.Facts.Sessions {
		f(root.at("sessions", i).to("day"), s.Day)
		f(root.at("sessions", i).to("startDate"), s.StartDate)
	}
	for i, o := range r.Facts.Observations {
		f(root.at("observations", i).to("observationDate"), o.ObservationDate)
	}
	for i, a := range r.Facts.Announcements {
		f(root.at("announcements", i).to("date"), a.Date)
	}
}
