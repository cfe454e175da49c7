// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"fmt"
	"strconv"
	"strings"
)

// media applies R701, and R702 as far as no original is needed.
func (c *checker) media() {
	for i, m := range c.recap.Facts.Media {
		at := pointer("/recap").at("media", i)
		image := m.Kind == "image" || m.Kind == "" && RoleOf(m.Src, MediaTypeOf(m.Src)) == RoleImage
		if image && !m.Unavailable && strings.TrimSpace(m.Alt) == "" {
			c.report("R701", at.to("alt"), "", "the image has no alternative text")
		}
	}
	c.recap.eachSourceLines(func(at pointer, lines string) {
		if c.recap.Facts.Source == nil {
			c.report("R702", at, "name the original under source, or drop the lines", "there is no original that has these lines")
		} else if _, err := lastSourceLine(lines); err != nil {
			c.report("R702", at, "write them as 8, 8-10 or 12,21", "%v", err)
		}
	})
}

// CheckSourceLines applies R702: lines is how many lines the original has.
func (r *Recap) CheckSourceLines(lines int) []Finding {
	c := checker{recap: r}
	r.eachSourceLines(func(at pointer, s string) {
		last, err := lastSourceLine(s)
		if err == nil && last > lines {
			c.report("R702", at, "", "line %d is beyond the %d of the original", last, lines)
		}
	})
	return c.findings
}

// eachSourceLines visits every field that names lines of the original.
func (r *Recap) eachSourceLines(f func(at pointer, lines string)) {
	const root = pointer("/recap")
	visit := func(at pointer, lines string) {
		if lines != "" {
			f(at.to("sourceLines"), lines)
		}
	}
	r.eachFact(func(at pointer, fact *Fact) { visit(at, fact.SourceLines) })
	for i, d := range r.Facts.Disclosures {
		visit(root.at("disclosures", i), d.SourceLines)
	}
	for i, l := range r.Facts.Links {
		visit(root.at("links", i), l.SourceLines)
	}
}

// lastSourceLine returns the highest of lines such as 8, 8-10 and 12,21.
func lastSourceLine(lines string) (last int, err error) {
	for part := range strings.SplitSeq(lines, ",") {
		first, end, isRange := strings.Cut(part, "-")
		low, err := sourceLine(first)
		if err != nil {
			return 0, err
		}
		high := low
		if isRange {
			if high, err = sourceLine(end); err != nil {
				return 0, err
			}
		}
		if high < low {
			return 0, fmt.Errorf("the lines %s go backwards", clip(part))
		}
		last = max(last, high)
	}
	return last, nil
}

func sourceLine(s string) (int, error) {
	s = strings.TrimSpace(s)
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is no line", clip(s))
	}
	return n, nil
}

// CheckQuotes applies R703. Each function counts how often a quote occurs in a
// text: body in the text of the recap, original in the article that it retells,
// nil where that isn't at hand.
//
// A recap that is an original is quoted from its own text, any other from the
// article; where that isn't at hand nothing can be said.
func (r *Recap) CheckQuotes(body, original func(quote string) int) []Finding {
	count, where := original, "the original"
	if source := r.Facts.Source; source == nil || source.Derivation == "original" {
		count, where = body, "the text"
	}
	if count == nil {
		return nil
	}
	c := checker{recap: r}
	r.eachFact(func(at pointer, fact *Fact) {
		if fact.Quote == "" {
			return
		}
		switch n := count(fact.Quote); n {
		case 0:
			c.report("R703", at.to("quote"), "", "%q is not in %s", clip(fact.Quote), where)
		case 1:
		default:
			c.report("R703", at.to("quote"), "", "%q is in %s %d times", clip(fact.Quote), where, n)
		}
	})
	return c.findings
}
