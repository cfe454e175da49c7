// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"fmt"
	"time"

	"github.com/recap-oci/recap/pkg/internal/words"
)

// Date is an ISO 8601 date of the precision its author knows, kept as written:
//
//	2024
//	2024-03
//	2024-03-27
//	2024-03-27T09:30:00Z    RFC 3339, and its neighbours: a space for the T, no
//	                        seconds, fractions, +0200 for +02:00, no zone
//
// What has no zone is read as UTC, as site generators do.
type Date string

// datePrecision is how much of a Date is given.
type datePrecision int

const (
	toYear datePrecision = iota
	toMonth
	toDay
	toMinute
	toSecond
	toNanosecond
)

// parsedDate is a Date taken apart.
type parsedDate struct {
	from      time.Time // in the zone as written, UTC where none is
	precision datePrecision
	zoned     bool
}

// Validate returns an error when d isn't written as a [Date] or names no day of
// the calendar: the 45th of a month, the 29th of February 2023, the year 0. The
// error is an [Error] of kind [Usage] with code bad-date.
func (d Date) Validate() error {
	_, err := d.parse()
	return err
}

// Interval returns the instants that d may mean, from the first to the one
// after the last, in UTC. Its errors are those of [Date.Validate].
func (d Date) Interval() (from, to time.Time, err error) {
	p, err := d.parse()
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	return p.from.UTC(), p.end().UTC(), nil
}

// Reduced reports whether d names less than a day.
func (d Date) Reduced() bool {
	p, err := d.parse()
	return err == nil && p.precision < toDay
}

// Before reports whether d is over when e begins, whatever instants the two may
// mean: 2024-03 isn't before 2024-03-27. A date without a zone is compared with
// what a calendar on the wall shows at the other. A date that isn't valid is
// before nothing.
func (d Date) Before(e Date) bool {
	a, b, ok := aligned(d, e)
	return ok && !a.end().After(b.from)
}

// Overlaps reports whether d and e may mean the same instant, compared as
// [Date.Before] does.
func (d Date) Overlaps(e Date) bool {
	a, b, ok := aligned(d, e)
	return ok && a.from.Before(b.end()) && b.from.Before(a.end())
}

// Created returns d as RFC 3339 in UTC, the form of the annotation
// org.opencontainers.image.created; a day without a time is its first instant.
// ok is false where d names no day: nothing is invented.
func (d Date) Created() (created string, ok bool) {
	p, err := d.parse()
	if err != nil || p.precision < toDay {
		return "", false
	}
	utc := p.from.UTC()
	if year := utc.Year(); year < 1 || year > 9999 { // a zone moved it out of RFC 3339
		return "", false
	}
	return utc.Format(time.RFC3339Nano), true
}

// aligned reads two dates for comparing them: by instant where both tell
// their zone, otherwise by the wall.
func aligned(d, e Date) (a, b parsedDate, ok bool) {
	a, errA := d.parse()
	b, errB := e.parse()
	if errA != nil || errB != nil {
		return a, b, false
	}
	if !a.zoned || !b.zoned {
		a.from, b.from = onTheWall(a.from), onTheWall(b.from)
	}
	return a, b, true
}

// onTheWall returns the instant at which a clock in UTC shows what t shows.
func onTheWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// end returns the first instant after p.
func (p parsedDate) end() time.Time {
	switch p.precision {
	case toYear:
		return p.from.AddDate(1, 0, 0)
	case toMonth:
		return p.from.AddDate(0, 1, 0)
	case toDay:
		return p.from.AddDate(0, 0, 1)
	case toMinute:
		return p.from.Add(time.Minute)
	case toSecond:
		return p.from.Add(time.Second)
	default:
		return p.from.Add(time.Nanosecond)
	}
}

func (d Date) parse() (parsedDate, error) {
	s := scanner{rest: string(d)}
	year := s.digits(4)
	month, day := 1, 1
	var hour, minute, second, nanosecond int
	p := parsedDate{precision: toYear}
	zone := time.UTC

	if s.accept("-") {
		month, p.precision = s.digits(2), toMonth
	}
	if p.precision == toMonth && s.accept("-") {
		day, p.precision = s.digits(2), toDay
	}
	if p.precision == toDay && (s.accept("T") || s.accept("t") || s.accept(" ")) {
		hour, p.precision = s.digits(2), toMinute
		s.expect(":")
		minute = s.digits(2)
		if s.accept(":") {
			second, p.precision = s.digits(2), toSecond
			if s.accept(".") {
				nanosecond, p.precision = s.fraction(), toNanosecond
			}
		}
		for s.accept(" ") {
		}
		zone, p.zoned = s.zone()
	}
	if s.failed || s.rest != "" {
		return p, Errorf(Usage, "bad-date", "date %q is not written as 2024, 2024-03, 2024-03-27 or 2024-03-27T09:30:00Z", words.Clip(string(d)))
	}
	if err := checkCalendar(year, month, day, hour, minute, second); err != nil {
		return p, Errorf(Usage, "bad-date", "date %q: %w", string(d), err)
	}
	p.from = time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, zone)
	return p, nil
}

func checkCalendar(year, month, day, hour, minute, second int) error {
	switch {
	case year == 0:
		return fmt.Errorf("there is no year 0")
	case month < 1 || month > 12:
		return fmt.Errorf("there is no month %d", month)
	}
	if last := daysIn(year, month); day < 1 || day > last {
		return fmt.Errorf("%s %d has %d days", time.Month(month), year, last)
	}
	if hour > 23 || minute > 59 || second > 59 {
		return fmt.Errorf("there is no time %02d:%02d:%02d", hour, minute, second)
	}
	return nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// scanner reads the fields of a date from the left; once it fails it stays so.
type scanner struct {
	rest   string
	failed bool
}

// accept takes prefix from the left where it stands there.
func (s *scanner) accept(prefix string) bool {
	if s.failed || len(s.rest) < len(prefix) || s.rest[:len(prefix)] != prefix {
		return false
	}
	s.rest = s.rest[len(prefix):]
	return true
}

func (s *scanner) expect(prefix string) {
	if !s.accept(prefix) {
		s.failed = true
	}
}

// digits takes exactly n decimal digits.
func (s *scanner) digits(n int) int {
	if s.failed || len(s.rest) < n {
		s.failed = true
		return 0
	}
	value := 0
	for i := range n {
		c := s.rest[i]
		if c < '0' || c > '9' {
			s.failed = true
			return 0
		}
		value = value*10 + int(c-'0')
	}
	s.rest = s.rest[n:]
	return value
}

// fraction takes the digits of a fraction of a second, nine of which count.
func (s *scanner) fraction() (nanoseconds int) {
	n := 0
	for ; n < len(s.rest) && '0' <= s.rest[n] && s.rest[n] <= '9'; n++ {
		if n < 9 {
			nanoseconds = nanoseconds*10 + int(s.rest[n]-'0')
		}
	}
	if n == 0 {
		s.failed = true
		return 0
	}
	s.rest = s.rest[n:]
	for ; n < 9; n++ {
		nanoseconds *= 10
	}
	return nanoseconds
}

// zone takes Z or an offset; without one the zone is UTC and unknown.
func (s *scanner) zone() (*time.Location, bool) {
	if s.accept("Z") || s.accept("z") {
		return time.UTC, true
	}
	sign := 1
	switch {
	case s.accept("+"):
	case s.accept("-"):
		sign = -1
	default:
		return time.UTC, false
	}
	hours := s.digits(2)
	s.accept(":")
	minutes := s.digits(2)
	if hours > 23 || minutes > 59 {
		s.failed = true
	}
	return time.FixedZone("", sign*(hours*60+minutes)*60), true
}
