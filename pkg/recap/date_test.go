// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"errors"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestDateInterval(t *testing.T) {
	tests := []struct {
		date     recap.Date
		from, to string
	}{
		{"2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"},
		{"2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2024-12", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"0001-01-01", "0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z"},
		{"2024-03-27T09:30:00Z", "2024-03-27T09:30:00Z", "2024-03-27T09:30:01Z"},
		{"2024-03-27t09:30:00z", "2024-03-27T09:30:00Z", "2024-03-27T09:30:01Z"},
		{"2024-03-27 09:30", "2024-03-27T09:30:00Z", "2024-03-27T09:31:00Z"},
		{"2024-03-27T00:30:00+02:00", "2024-03-26T22:30:00Z", "2024-03-26T22:30:01Z"},
		{"2024-03-27 00:30:00 -0430", "2024-03-27T05:00:00Z", "2024-03-27T05:00:01Z"},
		{"2024-03-27T09:30:00.5Z", "2024-03-27T09:30:00.5Z", "2024-03-27T09:30:00.500000001Z"},
		{"2024-03-27T09:30:00.1234567899Z", "2024-03-27T09:30:00.123456789Z", "2024-03-27T09:30:00.12345679Z"},
	}
	for _, tt := range tests {
		t.Run(string(tt.date), func(t *testing.T) {
			from, to, err := tt.date.Interval()
			if err != nil {
				t.Fatal(err)
			}
			if got := from.Format(time.RFC3339Nano); got != tt.from {
				t.Errorf("from = %s, want %s", got, tt.from)
			}
			if got := to.Format(time.RFC3339Nano); got != tt.to {
				t.Errorf("to = %s, want %s", got, tt.to)
			}
		})
	}
}

func TestDateValidateRefuses(t *testing.T) {
	for name, date := range map[string]recap.Date{
		"empty":              "",
		"year 0":             "0000",
		"year 0 with month":  "0000-05",
		"two-digit year":     "24-03-27",
		"five-digit year":    "12024-03-27",
		"negative year":      "-2024",
		"month 13":           "2026-13-45",
		"month 0":            "2026-00",
		"day 0":              "2026-01-00",
		"30 February":        "2024-02-30",
		"29 February":        "2023-02-29",
		"29 February 1900":   "1900-02-29",
		"hour 24":            "2024-03-27T24:00:00Z",
		"minute 60":          "2024-03-27T23:60:00Z",
		"second 60":          "2024-03-27T23:59:60Z",
		"hour alone":         "2024-03-27T09",
		"empty fraction":     "2024-03-27T09:30:00.Z",
		"offset of a day":    "2024-03-27T09:30:00+24:00",
		"half an offset":     "2024-03-27T09:30:00+02",
		"no hyphens":         "20240327",
		"slashes":            "2024/03/27",
		"American":           "03-27-2024",
		"words":              "March 27th, 2024",
		"trailing hyphen":    "2024-03-",
		"time on a month":    "2024-03T09:30:00Z",
		"trailing text":      "2024-03-27x",
		"leading space":      " 2024-03-27",
		"other digits":       "２０２４",
		"signed month":       "2024-+3",
		"line break for T":   "2024-03-27\n09:30:00Z",
		"invalid UTF-8":      "2024-03-27T\xff",
		"RFC 3339 two times": "2024-03-27T09:30:00Z09:30:00Z",
	} {
		t.Run(name, func(t *testing.T) {
			err := date.Validate()
			if !errors.Is(err, recap.Usage) {
				t.Fatalf("Validate(%q) = %v, want a usage error", date, err)
			}
			if _, ok := date.Created(); ok {
				t.Errorf("Created(%q) is stated all the same", date)
			}
		})
	}
}

func TestDateOrder(t *testing.T) {
	const (
		before   = "before"
		after    = "after"
		overlaps = "overlaps"
	)
	tests := []struct {
		name string
		d, e recap.Date
		want string
	}{
		{"days", "2024-03-26", "2024-03-27", before},
		{"same day", "2024-03-27", "2024-03-27", overlaps},
		{"month and its first day", "2024-03", "2024-03-01", overlaps},
		{"month and its last day", "2024-03", "2024-03-31", overlaps},
		{"month and the day after", "2024-03", "2024-04-01", before},
		{"year and its month", "2024", "2024-12", overlaps},
		{"year and the next", "2024", "2025-01", before},
		{"day and an instant in it", "2024-03-27", "2024-03-27T23:59:59Z", overlaps},
		{"instants across zones", "2024-03-27T01:00:00+02:00", "2024-03-26T23:30:00Z", before},
		{"same instant, two zones", "2024-03-27T01:00:00+02:00", "2024-03-26T23:00:00Z", overlaps},
		{"a day is the wall's where it was written", "2024-03-27", "2024-03-27T00:30:00+02:00", overlaps},
		{"a time without zone is the wall's too", "2024-03-27T00:45:00", "2024-03-27T00:30:00+02:00", after},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := tt.d.Before(tt.e), tt.want == before; got != want {
				t.Errorf("%s.Before(%s) = %t", tt.d, tt.e, got)
			}
			if got, want := tt.e.Before(tt.d), tt.want == after; got != want {
				t.Errorf("%s.Before(%s) = %t", tt.e, tt.d, got)
			}
			if got, want := tt.d.Overlaps(tt.e), tt.want == overlaps; got != want {
				t.Errorf("%s.Overlaps(%s) = %t", tt.d, tt.e, got)
			}
			if tt.d.Overlaps(tt.e) != tt.e.Overlaps(tt.d) {
				t.Error("Overlaps is not symmetric")
			}
		})
	}
	if recap.Date("soon").Before("2024") || recap.Date("2024").Before("soon") || recap.Date("soon").Overlaps("soon") {
		t.Error("a date that isn't one is ordered")
	}
}

func TestDateCreated(t *testing.T) {
	tests := []struct {
		date recap.Date
		want string // empty: not stated
	}{
		{"2024-03-27", "2024-03-27T00:00:00Z"},
		{"2024-03-27T09:30", "2024-03-27T09:30:00Z"},
		{"2024-03-27T09:30:00+02:00", "2024-03-27T07:30:00Z"},
		{"2024-03-27T09:30:00.250Z", "2024-03-27T09:30:00.25Z"},
		{"2024-03", ""},
		{"2024", ""},
		{"", ""},
		{"0001-01-01T00:30:00+01:00", ""}, // the year 0 in UTC
		{"9999-12-31T23:30:00-01:00", ""}, // five digits in UTC
	}
	for _, tt := range tests {
		got, ok := tt.date.Created()
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Date(%q).Created() = %q, %t, want %q", tt.date, got, ok, tt.want)
		}
	}
}

func TestDateReduced(t *testing.T) {
	for date, want := range map[recap.Date]bool{
		"2024": true, "2024-03": true, "2024-03-27": false, "2024-03-27T09:30:00Z": false, "": false, "soon": false,
	} {
		if got := date.Reduced(); got != want {
			t.Errorf("Date(%q).Reduced() = %t, want %t", date, got, want)
		}
	}
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2024", "2024-03", "2024-03-27", "2024-03-27T09:30:00.5+02:00", "2026-13-45", "0000", "2024-03-27 09:30 -0430"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := recap.Date(s)
		from, to, err := d.Interval()
		if (err == nil) != (d.Validate() == nil) {
			t.Fatal("Interval and Validate disagree")
		}
		if err != nil {
			return
		}
		if !from.Before(to) {
			t.Errorf("the interval of %q is empty: %s, %s", s, from, to)
		}
		if !d.Overlaps(d) || d.Before(d) {
			t.Errorf("%q does not overlap itself", s)
		}
		if created, ok := d.Created(); ok {
			at, err := time.Parse(time.RFC3339, created)
			if err != nil || !at.Equal(from) {
				t.Errorf("Created(%q) = %q: %v", s, created, err)
			}
		}
	})
}
