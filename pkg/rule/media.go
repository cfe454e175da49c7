// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// media applies R701, and R702 as far as no original is needed.
func (c *checker) media() {
	for i, m := range c.recap.Facts.Media {
		at := recap.Pointer("/recap").At("media", i)
		image := m.Kind == "image" || m.Kind == "" && recap.RoleOf(m.Src, recap.MediaTypeOf(m.Src)) == recap.RoleImage
		if image && !m.Unavailable && strings.TrimSpace(m.Alt) == "" {
			c.report("R701", at.To("alt"), "", "the image has no alternative text")
		}
	}
	eachSourceLines(c.recap, func(at recap.Pointer, lines string) {
		if c.recap.Facts.Source == nil {
			c.report("R702", at, "name the original under source, or drop the lines", "there is no original that has these lines")
		} else if _, err := lastSourceLine(lines); err != nil {
			c.report("R702", at, "write them as 8, 8-10 or 12,21", "%v", err)
		}
	})
}

// CheckSourceLines applies R702: lines is how many lines the original has.
func CheckSourceLines(r *recap.Recap, lines int) []Finding {
	c := checker{recap: r}
	eachSourceLines(r, func(at recap.Pointer, s string) {
		last, err := lastSourceLine(s)
		if err == nil && last > lines {
			c.report("R702", at, "", "line %d is beyond the %d of the original", last, lines)
		}
	})
	return c.findings
}

// eachSourceLines visits every field that names lines of the original.
func eachSourceLines(r *recap.Recap, f func(at recap.Pointer, lines string)) {
	const root = recap.Pointer("/recap")
	visit := func(at recap.Pointer, lines string) {
		if lines != "" {
			f(at.To("sourceLines"), lines)
		}
	}
	r.EachFact(func(at recap.Pointer, fact *recap.Fact) { visit(at, fact.SourceLines) })
	for i, d := range r.Facts.Disclosures {
		visit(root.At("disclosures", i), d.SourceLines)
	}
	for i, l := range r.Facts.Links {
		visit(root.At("links", i), l.SourceLines)
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
			return 0, fmt.Errorf("the lines %s go backwards", words.Clip(part))
		}
		last = max(last, high)
	}
	return last, nil
}

func sourceLine(s string) (int, error) {
	s = strings.TrimSpace(s)
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is no line", words.Clip(s))
	}
	return n, nil
}

// CheckQuotes applies R703. Each function counts how often a quote occurs in a
// text: body in the text of the recap, original in the article that it retells,
// nil where that isn't at hand.
//
// A recap that is an original is quoted from its own text, any other from the
// article; where that isn't at hand nothing can be said.
func CheckQuotes(r *recap.Recap, body, original func(quote string) int) []Finding {
	count, where := original, "the original"
	if source := r.Facts.Source; source == nil || source.Derivation == "original" {
		count, where = body, "the text"
	}
	if count == nil {
		return nil
	}
	c := checker{recap: r}
	r.EachFact(func(at recap.Pointer, fact *recap.Fact) {
		if fact.Quote == "" {
			return
		}
		switch n := count(fact.Quote); n {
		case 0:
			c.report("R703", at.To("quote"), "", "%q is not in %s", words.Clip(fact.Quote), where)
		case 1:
		default:
			c.report("R703", at.To("quote"), "", "%q is in %s %d times", words.Clip(fact.Quote), where, n)
		}
	})
	return c.findings
}
