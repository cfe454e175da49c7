// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/report"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/schemas"
)

// hostile is a problem that tries to act on whatever shows it.
var hostile = recap.Problem{
	Path: "a,b:c%\n::set-output/\x1b[2J.md", Line: 3, Col: 7, Severity: recap.SeverityError, Rule: "R102",
	Message: "there is no file \"x\r\n::error::y\u202e\U000e0041\u009b\"", Mend: "100% <b>add</b> it",
}

var whole = recap.Problem{Path: "data/a.csv", Severity: recap.SeverityWarning, Rule: "R103", Message: "nothing refers to data/a.csv"}

func TestWriteText(t *testing.T) {
	var b bytes.Buffer
	if err := report.Of(rule.LevelValid, []string{"."}, []recap.Problem{hostile, whole}).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	const want = `a,b:c%\x0a::set-output/\x1b[2J.md:3:7: error R102: there is no file "x\x0d\x0a::error::y\u202e\U000e0041\x9b"; 100% <b>add</b> it` + "\n" +
		"data/a.csv: warning R103: nothing refers to data/a.csv\n"
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
}

func TestWriteGitHub(t *testing.T) {
	var b bytes.Buffer
	if err := report.Of(rule.LevelValid, nil, []recap.Problem{hostile, whole}).WriteGitHub(&b); err != nil {
		t.Fatal(err)
	}
	const want = `::error file=a%2Cb%3Ac%25%0A%3A%3Aset-output/\x1b[2J.md,line=3,col=7,title=R102::there is no file "x%0D%0A::error::y\u202e\U000e0041\x9b"; 100%25 <b>add</b> it` + "\n" +
		"::warning file=data/a.csv,title=R103::nothing refers to data/a.csv\n"
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
}

// compiled returns the schema of that name.
func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	data, err := schemas.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemas.URL(name), doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(schemas.URL(name))
}

// TestJSON holds the report to its schema, and that nothing is lost in it.
func TestJSON(t *testing.T) {
	for _, problems := range [][]recap.Problem{nil, {whole}, {whole, hostile}} {
		data, err := json.Marshal(report.Of(rule.LevelComplete, []string{"a"}, problems))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled(t, "check").Validate(v); err != nil {
			t.Errorf("does not fit its schema: %v", err)
		}
		var back report.Outcome
		if err := json.Unmarshal(data, &back); err != nil || len(back.Problems) != len(problems) || len(problems) > 1 && back.Problems[0] != hostile {
			t.Errorf("the problems came back as %+v, %v", back.Problems, err)
		}
	}
}

func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		level   rule.Level
		ok      bool
		counted int
	}{{rule.LevelValid, true, 0}, {rule.LevelComplete, false, 1}, {rule.LevelPublishable, false, 1}} {
		r := report.Of(tt.level, nil, []recap.Problem{whole})
		if r.OK != tt.ok || r.Counts != (report.Counts{Warnings: 1, Counted: tt.counted}) {
			t.Errorf("%s: %+v", tt.level, r)
		}
	}
}

// TestDemotes shows what is an error only for a publisher as a warning to
// everybody else.
func TestDemotes(t *testing.T) {
	noassertion := recap.Problem{Path: "index.md", Line: 1, Col: 1, Severity: recap.SeverityError, Rule: "R402"}
	for level, want := range map[rule.Level]recap.Severity{
		rule.LevelValid: recap.SeverityWarning, rule.LevelComplete: recap.SeverityWarning, rule.LevelPublishable: recap.SeverityError,
	} {
		r := report.Of(level, nil, []recap.Problem{noassertion})
		if r.Problems[0].Severity != want || r.OK != (want == recap.SeverityWarning) {
			t.Errorf("%s: %+v", level, r)
		}
	}
}

func TestWriteSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := report.Of(rule.LevelValid, nil, []recap.Problem{hostile, whole}).WriteSARIF(&b, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\u202e\u009b\U000e0041") {
		t.Errorf("something raw reaches the terminal: %q", b.String())
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name, Version string
					Rules         []struct{ ID string }
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           *struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != 2 || log.Runs[0].Tool.Driver.Name != "recap" || log.Runs[0].Tool.Driver.Version != "1.2.3" {
		t.Fatalf("log is %+v", log)
	}
	for _, r := range log.Runs[0].Results {
		rules := log.Runs[0].Tool.Driver.Rules
		if r.RuleIndex < 0 || r.RuleIndex >= len(rules) || rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s has rule index %d of %v", r.RuleID, r.RuleIndex, rules)
		}
		if len(r.Locations) != 1 || r.Message.Text == "" || r.Level != "error" && r.Level != "warning" {
			t.Errorf("result is %+v", r)
		}
	}
	first := log.Runs[0].Results[0].Locations[0].PhysicalLocation
	if first.Region == nil || first.Region.StartLine != 3 || strings.ContainsAny(first.ArtifactLocation.URI, "\n\x1b %:") && !strings.Contains(first.ArtifactLocation.URI, "%0A") {
		t.Errorf("location is %+v", first)
	}
	if region := log.Runs[0].Results[1].Locations[0].PhysicalLocation.Region; region != nil {
		t.Errorf("a finding about a whole file has a region %+v", region)
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	last := ""
	for _, r := range rule.All() {
		if seen[r.Code] || r.Code <= last {
			t.Errorf("%s is there twice, or out of order", r.Code)
		}
		seen[r.Code], last = true, r.Code
		if r.Title == "" || r.Why == "" || r.Mend == "" || r.Severity == "" || r.Level == "" {
			t.Errorf("%s is not documented: %+v", r.Code, r)
		}
	}
	for _, code := range []string{"R001", "R005", "R101", "R110", "R404", "R603", "R605", "R704"} {
		if !seen[code] {
			t.Errorf("%s is not documented", code)
		}
	}
}

func TestParseLevel(t *testing.T) {
	for _, s := range []string{"valid", "complete", "publishable"} {
		if l, err := rule.ParseLevel(s); err != nil || string(l) != s {
			t.Errorf("ParseLevel(%q) = %q, %v", s, l, err)
		}
	}
	if _, err := rule.ParseLevel("Valid"); err == nil {
		t.Error("Valid is accepted")
	}
}
