// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"errors"
	"strconv"
)

// values applies R501 to R504 to the observations.
func (c *checker) values() {
	for i, o := range c.recap.Facts.Observations {
		at := pointer("/recap").at("observations", i)
		c.bounds(at, o)
		c.share(at, o)
		if o.TextValue == "" {
			continue
		}
		if _, _, err := ParseQuantity(o.TextValue); err != nil {
			mend := ""
			if e := (*Error)(nil); errors.As(err, &e) {
				mend = e.Hint
			}
			c.report("R504", at.to("value"), mend, "%v", err)
		}
	}
	c.contradictions()
}

func (c *checker) bounds(at pointer, o Observation) {
	if o.MinValue == nil || o.MaxValue == nil {
		return
	}
	low, high := *o.MinValue, *o.MaxValue
	switch {
	case low > high:
		c.report("R501", at.to("minValue"), "", "minValue %s is above maxValue %s", decimal(low), decimal(high))
	case low == high && (o.ExclusiveMin || o.ExclusiveMax):
		c.report("R501", at.to("minValue"), "drop the exclusive bound", "minValue and maxValue are both %s, and one of them is excluded", decimal(low))
	}
}

func (c *checker) share(at pointer, o Observation) {
	if !o.Share {
		return
	}
	if o.Unit == "" {
		c.report("R502", at.to("unit"), "name what it is a share of in unit, or drop share", "a share has no unit")
	}
	for _, v := range []struct {
		name  string
		value *float64
	}{{"value", o.Value}, {"minValue", o.MinValue}, {"maxValue", o.MaxValue}} {
		if v.value != nil && (*v.value < 0 || *v.value > 100) {
			c.report("R502", at.to(v.name), "", "%s is not within 0 and 100", decimal(*v.value))
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
		k := key{names.canonical(o.About), o.Property, o.Unit, o.Share}
		for _, j := range groups[k] {
			if comparisons++; comparisons > maxComparisons {
				return
			}
			other := observations[j]
			other.About = o.About // the same thing, by whatever name
			if o.Sic && other.Sic || !o.Compare(other, 0).Contradicts() {
				continue
			}
			c.report("R503", pointer("/recap").at("observations", i), "", "%s %s contradicts %s of observations[%d]",
				o.Property, o.Figure(), other.Figure(), j)
			break
		}
		groups[k] = append(groups[k], i)
	}
}

// Figure returns the value as it was written or, where that isn't known, in the
// grammar of [ParseQuantity].
func (o Observation) Figure() string {
	if o.AsWritten != "" {
		return clip(o.AsWritten)
	}
	text := o.TextValue
	switch {
	case o.Value != nil:
		text = decimal(*o.Value)
	case o.MinValue != nil && o.MaxValue != nil:
		text = decimal(*o.MinValue) + "-" + decimal(*o.MaxValue)
	case o.MinValue != nil && o.ExclusiveMin:
		text = ">" + decimal(*o.MinValue)
	case o.MinValue != nil:
		text = ">=" + decimal(*o.MinValue)
	case o.MaxValue != nil && o.ExclusiveMax:
		text = "<" + decimal(*o.MaxValue)
	case o.MaxValue != nil:
		text = "<=" + decimal(*o.MaxValue)
	}
	if o.Approximate {
		text = "~" + text
	}
	return clip(text)
}

// decimal writes v without an exponent, as people do.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
