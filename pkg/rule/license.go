// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"errors"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/spdx"
)

// licenses applies R401 to R406.
func (c *checker) licenses() {
	const root = recap.Pointer("/recap")
	facts := &c.recap.Facts
	own, ok := c.license(root.To("license"), facts.License)
	switch {
	case facts.License == "":
		if !unavailable(c.recap, "/recap/license") {
			c.report("R405", root.To("license"), "", "the recap has no license")
		}
	case ok && (own.NoAssertion || own.None):
		c.report("R402", root.To("license"), "", "%s allows nobody to use the text", own.Expression)
	}
	if source := facts.Source; source != nil {
		at := root.To("source").To("license")
		license, ok := c.license(at, source.License)
		missing := source.License == "" || ok && (license.NoAssertion || license.None)
		if source.Derivation == "verbatim" && missing {
			c.report("R403", at, "", "the text is a verbatim copy of an article that has no licence")
		}
	}
	for i, m := range facts.Media {
		c.license(root.At("media", i).To("license"), m.License)
	}
}

// license applies R401 and R406 to one expression.
func (c *checker) license(at recap.Pointer, expr string) (spdx.License, bool) {
	if expr == "" {
		return spdx.License{}, false
	}
	license, err := spdx.Parse(expr)
	if err != nil {
		mend := ""
		if e := (*recap.Error)(nil); errors.As(err, &e) && e.Hint != "" {
			mend = "write " + e.Hint
		}
		c.report("R401", at, mend, "%v", err)
		return spdx.License{}, false
	}
	for _, warning := range license.Warnings {
		c.report("R406", at, "", "%s", warning)
	}
	if len(license.Warnings) == 0 && license.Expression != strings.TrimSpace(expr) {
		c.report("R406", at, "write "+license.Expression, "%q is written otherwise on the SPDX list", words.Clip(expr))
	}
	return license, true
}
