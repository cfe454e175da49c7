// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"math"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

// figure reads a value as an author writes it.
func figure(t testing.TB, text string) recap.Observation {
	t.Helper()
	q, numeric, err := recap.ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	o := recap.Observation{About: "it", Property: "size"}
	if !numeric {
		o.TextValue = text
		return o
	}
	o.Value, o.MinValue, o.MaxValue = q.Value, q.MinValue, q.MaxValue
	o.ExclusiveMin, o.ExclusiveMax, o.Approximate, o.Unit = q.ExclusiveMin, q.ExclusiveMax, q.Approximate, q.Unit
	return o
}

func TestCompareFigures(t *testing.T) {
	tests := []struct {
		name      string
		a, b      string
		tolerance float64
		want      recap.Relation
	}{
		// Three articles about one event.
		{"attendance, exact and at least", "12,000", "13,000+", 0, recap.Conflict},
		{"attendance, over and exact", "over 12,000", "12,000", 0, recap.ConflictStrict},
		{"attendance, over and exact, tolerant", "over 12,000", "12,000", 0.01, recap.Compatible},
		{"attendance, over and at least", "over 12,000", "13,000+", 0, recap.Refines},
		{"attendance, exact and at least, tolerant", "12,000", "13,000+", 0.01, recap.Conflict},
		{"new certifications", "4", "5", 0, recap.Conflict},

		{"equal", "12,000", "12,000", 0, recap.Agrees},
		{"equal bounds", ">9,000", "more than 9k", 0, recap.Agrees},
		{"closed within open", ">=9,001", ">9,000", 0, recap.Refines},
		{"open within closed", ">9,000", ">=9,000", 0, recap.Refines},
		{"value on the closed bound", "9,000", "9,000+", 0, recap.Refines},
		{"range within range", "22k-25k", "20k-30k", 0, recap.Refines},
		{"ranges that overlap", "20k-30k", "25k-40k", 0, recap.Compatible},
		{"ranges that touch", "20k-30k", "30k-40k", 0, recap.Compatible},
		{"range and open bound that touch", "20k-30k", ">30k", 0, recap.ConflictStrict},
		{"two open bounds that touch", "<5", ">5", 0, recap.ConflictStrict},
		{"two bounds that overlap", "<=10", ">=5", 0, recap.Compatible},
		{"two bounds apart", "<5", ">=6", 0, recap.Conflict},
		{"negative", "-3", "-5--4", 0, recap.Conflict},

		{"approximate and within its digits", "~200k", "190k", 0, recap.Refines},
		{"approximate and at its edge", "~200k", "250k", 0, recap.Refines},
		{"approximate and beyond", "~200k", "260k", 0, recap.Conflict},
		{"approximate with more digits", "~12,300", "12,400", 0, recap.Conflict},
		{"approximate twice, the same", "~12,000", "~12,000", 0, recap.Agrees},
		{"approximate and the same exactly", "~12,000", "12,000", 0, recap.Refines},
		{"approximate range", "~20-30", "32", 0, recap.Refines},
		{"approximate zero", "~0", "1", 0, recap.Conflict},

		{"tolerance joins", "100", "101", 0.01, recap.Compatible},
		{"tolerance doesn't", "100", "102", 0.01, recap.Conflict},
		{"tolerance changes nothing else", "100", "100+", 0.5, recap.Refines},

		{"another unit", "58%", "58", 0, recap.Unrelated},
		{"text and number", "many", "5", 0, recap.Unrelated},
		{"same text", "Sold  out", "sold out", 0, recap.Agrees},
		{"other text", "sold out", "half empty", 0, recap.Unrelated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := figure(t, tt.a), figure(t, tt.b)
			if got := a.Compare(b, tt.tolerance); got != tt.want {
				t.Errorf("%s to %s: %s, want %s", tt.a, tt.b, got, tt.want)
			}
			if got := b.Compare(a, tt.tolerance); got != tt.want {
				t.Errorf("%s to %s: %s, want %s", tt.b, tt.a, got, tt.want)
			}
		})
	}
}

func TestCompareKeys(t *testing.T) {
	tests := []struct {
		name   string
		mutate func(o *recap.Observation)
		want   recap.Relation
	}{
		{"same key", func(o *recap.Observation) {}, recap.Conflict},
		{"another thing", func(o *recap.Observation) { o.About = "kubernetes" }, recap.Unrelated},
		{"another property", func(o *recap.Observation) { o.Property = "projects" }, recap.Unrelated},
		{"a share", func(o *recap.Observation) { o.Share = true }, recap.Unrelated},
		{"another year", func(o *recap.Observation) { o.ObservationDate = "2023" }, recap.Unrelated},
		{"a day of the same month", func(o *recap.Observation) { o.ObservationDate = "2024-03-20" }, recap.Conflict},
		{"no date", func(o *recap.Observation) { o.ObservationDate = "" }, recap.Unrelated},
		{"said by somebody else", func(o *recap.Observation) { o.Attribution = "Ann"; o.Certainty = recap.Reported }, recap.Conflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := figure(t, "159"), figure(t, "180")
			a.ObservationDate, b.ObservationDate = "2024-03", "2024-03"
			tt.mutate(&b)
			if got := a.Compare(b, 0); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// Relations are symmetric, reflexive, and a conflict means that no value is
// allowed by both.
func FuzzCompare(f *testing.F) {
	f.Add(12000.0, math.Inf(1), true, false, 13000.0, 13000.0, false, false)
	f.Add(1.0, 2.0, false, true, 2.0, 3.0, true, false)
	f.Fuzz(func(t *testing.T, min1, max1 float64, open1, openMax1 bool, min2, max2 float64, open2, openMax2 bool) {
		for _, v := range []float64{min1, max1, min2, max2} {
			if math.IsNaN(v) {
				return
			}
		}
		if min1 > max1 || min2 > max2 || min1 == max1 && (open1 || openMax1) || min2 == max2 && (open2 || openMax2) {
			return // R501
		}
		i := recap.Interval{Min: min1, Max: max1, OpenMin: open1, OpenMax: openMax1}
		j := recap.Interval{Min: min2, Max: max2, OpenMin: open2, OpenMax: openMax2}
		if i.Compare(i, 0) != recap.Agrees {
			t.Errorf("%+v does not agree with itself", i)
		}
		relation := i.Compare(j, 0)
		if back := j.Compare(i, 0); back != relation {
			t.Errorf("%s one way, %s the other", relation, back)
		}
		common := max(min1, min2) < min(max1, max2)
		if at := max(min1, min2); at == min(max1, max2) {
			common = holds(i, at) && holds(j, at)
		}
		if relation.Contradicts() == common {
			t.Errorf("%+v and %+v: %s", i, j, relation)
		}
	})
}

func holds(i recap.Interval, v float64) bool {
	return (v > i.Min || v == i.Min && !i.OpenMin) && (v < i.Max || v == i.Max && !i.OpenMax)
}
