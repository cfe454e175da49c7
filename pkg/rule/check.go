// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"fmt"

	"github.com/recap-oci/recap/pkg/recap"
)

// Check applies every rule that needs no file, in the order of their codes. It
// doesn't change r, and takes a config from anywhere: what the schema would
// have refused is at worst not looked at.
//
// What needs the text of the recap or of its original is in [CheckQuotes]
// and [CheckSourceLines].
func Check(r *recap.Recap) []Finding {
	c := checker{recap: r}
	c.dates()
	c.identities()
	c.licenses()
	c.values()
	c.links()
	c.media()
	c.pointers()
	return c.findings
}

// checker collects the findings about one recap.
type checker struct {
	recap    *recap.Recap
	findings []Finding
}

// report adds a finding of the rule with the given code. mend empty means the
// rule's own.
func (c *checker) report(code string, at recap.Pointer, mend, format string, args ...any) {
	rule, _ := Lookup(code)
	if mend == "" {
		mend = rule.Mend
	}
	c.findings = append(c.findings, Finding{
		Pointer:  string(at),
		Severity: rule.Severity,
		Rule:     code,
		Message:  at.Field() + ": " + fmt.Sprintf(format, args...),
		Mend:     mend,
	})
}
