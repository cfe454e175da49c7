// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// version is that of the JSON of an [Outcome].
const version = 1

// Outcome is what a check came to: what recap check prints. Its JSON is
// described by the schema "check".
type Outcome struct {
	SchemaVersion int             `json:"schemaVersion"`
	Level         rule.Level      `json:"level"`
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

// Of returns the outcome of checking paths at a level. What is an error
// only at a higher level, such as NOASSERTION for a licence, is a warning in
// it: an error in a report is always what stopped the check.
func Of(level rule.Level, paths []string, problems []recap.Problem) Outcome {
	o := Outcome{
		SchemaVersion: version, Level: level,
		Paths: append([]string{}, paths...), Problems: append([]recap.Problem{}, problems...),
	}
	recap.SortProblems(o.Problems)
	for i, p := range o.Problems {
		if level.Stops(p) {
			o.Counts.Counted++
		} else {
			o.Problems[i].Severity = recap.SeverityWarning
		}
		if o.Problems[i].Severity == recap.SeverityError {
			o.Counts.Errors++
		} else {
			o.Counts.Warnings++
		}
	}
	o.OK = o.Counts.Counted == 0
	return o
}

// Summary returns the outcome in a line: "3 errors, 1 warning".
func (o Outcome) Summary() string {
	switch {
	case len(o.Problems) == 0:
		return "no problems"
	case o.OK:
		return fmt.Sprintf("%s, %s; none counts at level %s", words.Count(o.Counts.Errors, "error"), words.Count(o.Counts.Warnings, "warning"), o.Level)
	}
	return fmt.Sprintf("%s, %s", words.Count(o.Counts.Errors, "error"), words.Count(o.Counts.Warnings, "warning"))
}

// WriteText writes one line for each problem, as [recap.Problem] prints it,
// with everything escaped that a terminal would act on or not show.
func (o Outcome) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, p := range o.Problems {
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
func (o Outcome) WriteGitHub(w io.Writer) error {
	var b strings.Builder
	for _, p := range o.Problems {
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
func rulesOf(problems []recap.Problem) []rule.Rule {
	var rules []rule.Rule
	for _, p := range problems {
		if slices.ContainsFunc(rules, func(r rule.Rule) bool { return r.Code == p.Rule }) {
			continue
		}
		r, ok := rule.Lookup(p.Rule)
		if !ok {
			r = rule.Rule{Code: p.Rule, Severity: p.Severity, Title: p.Rule}
		}
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b rule.Rule) int { return strings.Compare(a.Code, b.Code) })
	return rules
}
