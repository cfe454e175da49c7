// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"errors"
	"strconv"

	"github.com/recap-oci/recap/pkg/recap"
)

// values applies R501 to R504 to the observations.
func (c *checker) values() {
	for i, o := range c.recap.Facts.Observations {
		at := recap.Pointer("/recap").At("observations", i)
		c.bounds(at, o)
		c.share(at, o)
		if o.TextValue == "" {
			continue
		}
		if _, _, err := recap.ParseQuantity(o.TextValue); err != nil {
			mend := ""
			if e := (*recap.Error)(nil); errors.As(err, &e) {
				mend = e.Hint
			}
			c.report("R504", at.To("value"), mend, "%v", err)
		}
	}
	c.contradictions()
}

func (c *checker) bounds(at recap.Pointer, o recap.Observation) {
	if o.MinValue == nil || o.MaxValue == nil {
		return
	}
	low, high := *o.MinValue, *o.MaxValue
	switch {
	case low > high:
		c.report("R501", at.To("minValue"), "", "minValue %s is above maxValue %s", decimal(low), decimal(high))
	case low == high && (o.ExclusiveMin || o.ExclusiveMax):
		c.report("R501", at.To("minValue"), "drop the exclusive bound", "minValue and maxValue are both %s, and one of them is excluded", decimal(low))
	}
}

func (c *checker) share(at recap.Pointer, o recap.Observation) {
	if !o.Share {
		return
	}
	if o.Unit == "" {
		c.report("R502", at.To("unit"), "name what it is a share of in unit, or drop share", "a share has no unit")
	}
	for _, v := range []struct {
		name  string
		value *float64
	}{{"value", o.Value}, {"minValue", o.MinValue}, {"maxValue", o.MaxValue}} {
		if v.value != nil && (*v.value < 0 || *v.value > 100) {
			c.report("R502", at.To(v.name), "", "%s is not within 0 and 100", decimal(*v.value))
		}
	}
}

// maxComparisons is how many pairs of observations are compared: all, where
// there are as many observations as the schema allows.
const maxComparisons = 2_000_000

// contradictions applies R503. Each observation is reported once, against the
// first that it contradicts.
func (c *checker) contradictions() {
	type key struct {
		about, property, unit string
		share                 bool
	}
	names := c.recap.Resolver()
	observations := c.recap.Facts.Observations
	groups, comparisons := map[key][]int{}, 0
	for i, o := range observations {
		k := key{canonical(names, o.About), o.Property, o.Unit, o.Share}
		for _, j := range groups[k] {
			if comparisons++; comparisons > maxComparisons {
				return
			}
			other := observations[j]
			other.About = o.About // the same thing, by whatever name
			if o.Sic && other.Sic || !o.Compare(other, 0).Contradicts() {
				continue
			}
			c.report("R503", recap.Pointer("/recap").At("observations", i), "", "%s %s contradicts %s of observations[%d]",
				o.Property, o.Figure(), other.Figure(), j)
			break
		}
		groups[k] = append(groups[k], i)
	}
}

// decimal writes v without an exponent, as people do.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// canonical returns what two references to one thing have in common.
func canonical(names *recap.Resolver, ref string) string {
	if t, ok := names.Resolve(ref); ok {
		return t.Pointer
	}
	return "name:" + ref
}
