// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"errors"
	"strings"
)

// licenses applies R401 to R406.
func (c *checker) licenses() {
	const root = pointer("/recap")
	facts := &c.recap.Facts
	own, ok := c.license(root.to("license"), facts.License)
	switch {
	case facts.License == "":
		if !c.recap.unavailable("/recap/license") {
			c.report("R405", root.to("license"), "", "the recap has no license")
		}
	case ok && (own.NoAssertion || own.None):
		c.report("R402", root.to("license"), "", "%s allows nobody to use the text", own.Expression)
	}
	if source := facts.Source; source != nil {
		at := root.to("source").to("license")
		license, ok := c.license(at, source.License)
		missing := source.License == "" || ok && (license.NoAssertion || license.None)
		if source.Derivation == "verbatim" && missing {
			c.report("R403", at, "", "the text is a verbatim copy of an article that has no licence")
		}
	}
	for i, m := range facts.Media {
		c.license(root.at("media", i).to("license"), m.License)
	}
}

// license applies R401 and R406 to one expression.
func (c *checker) license(at pointer, expr string) (License, bool) {
	if expr == "" {
		return License{}, false
	}
	license, err := ParseLicense(expr)
	if err != nil {
		mend := ""
		if e := (*Error)(nil); errors.As(err, &e) && e.Hint != "" {
			mend = "write " + e.Hint
		}
		c.report("R401", at, mend, "%v", err)
		return License{}, false
	}
	for _, warning := range license.Warnings {
		c.report("R406", at, "", "%s", warning)
	}
	if len(license.Warnings) == 0 && license.Expression != strings.TrimSpace(expr) {
		c.report("R406", at, "write "+license.Expression, "%q is written otherwise on the SPDX list", clip(expr))
	}
	return license, true
}
