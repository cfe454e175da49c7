// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// reportVersion is the version of the JSON of a [Report].
const reportVersion = 1

// Report is the outcome of a check: what recap check prints. Its JSON is
// described by the schema "check".
type Report struct {
	SchemaVersion int             `json:"schemaVersion"`
	Level         recap.Level     `json:"level"`
	OK            bool            `json:"ok"`
	Paths         []string        `json:"paths"`
	Problems      []recap.Problem `json:"problems"`
	Counts        Counts          `json:"counts"`
}

// Counts are the numbers of findings.
type Counts struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Counted  int `json:"counted"` // those that count at the level
}

// NewReport returns the outcome of checking paths at a level. What is an error
// only at a higher level, such as NOASSERTION for a licence, is a warning in
// it: an error in a report is always what stopped the check.
func NewReport(level recap.Level, paths []string, problems []recap.Problem) Report {
	r := Report{
		SchemaVersion: reportVersion, Level: level,
		Paths: append([]string{}, paths...), Problems: append([]recap.Problem{}, problems...),
	}
	recap.SortProblems(r.Problems)
	byCode := rulesByCode()
	for i, p := range r.Problems {
		if counts(byCode, p, level) {
			r.Counts.Counted++
		} else {
			r.Problems[i].Severity = recap.SeverityWarning
		}
		if r.Problems[i].Severity == recap.SeverityError {
			r.Counts.Errors++
		} else {
			r.Counts.Warnings++
		}
	}
	r.OK = r.Counts.Counted == 0
	return r
}

// Summary returns the outcome in a line: "3 errors, 1 warning".
func (r Report) Summary() string {
	switch {
	case len(r.Problems) == 0:
		return "no problems"
	case r.OK:
		return fmt.Sprintf("%s, %s; none counts at level %s", plural(r.Counts.Errors, "error"), plural(r.Counts.Warnings, "warning"), r.Level)
	}
	return fmt.Sprintf("%s, %s", plural(r.Counts.Errors, "error"), plural(r.Counts.Warnings, "warning"))
}

// WriteText writes one line for each problem, as [recap.Problem] prints it,
// with everything escaped that a terminal would act on or not show.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, p := range r.Problems {
		b.WriteString(recap.Printable(p.String()))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteGitHub writes one workflow command for each problem, by which GitHub
// Actions marks the line in a pull request:
//
//	::error file=index.md,line=12,col=5,title=R501::message
func (r Report) WriteGitHub(w io.Writer) error {
	var b strings.Builder
	for _, p := range r.Problems {
		b.WriteString("::")
		b.WriteString(string(p.Severity))
		b.WriteString(" file=" + property(p.Path))
		if p.Line > 0 {
			fmt.Fprintf(&b, ",line=%d,col=%d", p.Line, p.Col)
		}
		b.WriteString(",title=" + property(p.Rule) + "::")
		b.WriteString(data(sentence(p)))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// sentence joins what is wrong and how to mend it.
func sentence(p recap.Problem) string {
	if p.Mend == "" {
		return p.Message
	}
	return p.Message + "; " + p.Mend
}

// data escapes the message of a workflow command, and property one of its
// properties, as the toolkit of GitHub Actions does: a line feed would begin
// another command.
func data(s string) string {
	s = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
	return recap.Printable(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}

// rulesOf returns the rules that problems name, in the order of their codes.
func rulesOf(problems []recap.Problem) []recap.Rule {
	byCode := rulesByCode()
	var rules []recap.Rule
	for _, p := range problems {
		if slices.ContainsFunc(rules, func(r recap.Rule) bool { return r.Code == p.Rule }) {
			continue
		}
		rule, ok := byCode[p.Rule]
		if !ok {
			rule = recap.Rule{Code: p.Rule, Severity: p.Severity, Title: p.Rule}
		}
		rules = append(rules, rule)
	}
	slices.SortFunc(rules, func(a, b recap.Rule) int { return strings.Compare(a.Code, b.Code) })
	return rules
}
