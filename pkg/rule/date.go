// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"errors"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

// dates applies R201 to R207.
func (c *checker) dates() {
	r := c.recap
	eachDate(r, func(at recap.Pointer, d recap.Date) {
		if err := d.Validate(); d != "" && err != nil {
			c.report("R205", at, "", "%v", errors.Unwrap(err))
		}
	})
	for _, own := range []struct {
		at   recap.Pointer
		date recap.Date
	}{{"/date", r.Date}, {"/lastmod", r.LastMod}} {
		if own.date.Reduced() {
			c.report("R206", own.at, "", "%s names less than a day", own.date)
		}
	}
	if r.Date == "" && !unavailable(r, "/date") {
		c.report("R207", "/date", "", "the recap has no date")
	}
	article := articleDate(r)
	if start := r.Facts.Event.StartDate; article.Before(start) {
		c.report("R202", "/recap/event/startDate", "", "the event begins on %s, after the article of %s", start, article)
	}
	for i, e := range r.Facts.Upcoming {
		at := recap.Pointer("/recap").At("upcoming", i)
		if last, name := lastDay(e); last.Before(article) {
			c.report("R203", at.To(name), "", "%s is before the article of %s", last, article)
		}
	}
	r.EachEvent(func(at recap.Pointer, e, super *recap.Event) {
		if e.EndDate.Before(e.StartDate) {
			c.report("R201", at.To("endDate"), "", "the event ends on %s, before it begins on %s", e.EndDate, e.StartDate)
		}
		if super == nil {
			return
		}
		if e.StartDate != "" && outside(e.StartDate, super) {
			c.report("R204", at.To("startDate"), "", "%s is more than three days from the event that it belongs to", e.StartDate)
		} else if e.EndDate != "" && outside(e.EndDate, super) {
			c.report("R204", at.To("endDate"), "", "%s is more than three days from the event that it belongs to", e.EndDate)
		}
	})
}

// articleDate returns when the report of the event appeared. A retelling of
// another article may be written years later, so its own date says nothing.
func articleDate(r *recap.Recap) recap.Date {
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
func lastDay(e recap.Event) (recap.Date, string) {
	if e.EndDate != "" {
		return e.EndDate, "endDate"
	}
	return e.StartDate, "startDate"
}

// outside reports whether d is more than three days from the days of super.
func outside(d recap.Date, super *recap.Event) bool {
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
func eachDate(r *recap.Recap, f func(at recap.Pointer, d recap.Date)) {
	const root = recap.Pointer("/recap")
	f("/date", r.Date)
	f("/lastmod", r.LastMod)
	r.EachEvent(func(at recap.Pointer, e, _ *recap.Event) {
		f(at.To("startDate"), e.StartDate)
		f(at.To("endDate"), e.EndDate)
	})
	if source := r.Facts.Source; source != nil {
		f(root.To("source").To("datePublished"), source.DatePublished)
		f(root.To("source").To("retrieved"), source.Retrieved)
	}
	r.EachEntity(func(at recap.Pointer, _ string, e recap.Entity) { f(at.To("maturityAsOf"), e.MaturityAsOf) })
	for i, s := range r.Facts.Sessions {
		f(root.At("sessions", i).To("day"), s.Day)
		f(root.At("sessions", i).To("startDate"), s.StartDate)
	}
	for i, o := range r.Facts.Observations {
		f(root.At("observations", i).To("observationDate"), o.ObservationDate)
	}
	for i, a := range r.Facts.Announcements {
		f(root.At("announcements", i).To("date"), a.Date)
	}
}
