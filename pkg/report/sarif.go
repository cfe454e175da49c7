// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// The parts of SARIF 2.1.0 that a check fills.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		ShortDescription     sarifText          `json:"shortDescription"`
		FullDescription      *sarifText         `json:"fullDescription,omitempty"`
		Help                 *sarifText         `json:"help,omitempty"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	// sarifRegion has no column: SARIF counts them in UTF-16 units or code
	// points, and a problem in bytes.
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)

// WriteSARIF writes the outcome as SARIF 2.1.0, which code scanning services
// read. version is that of the tool, and may be empty.
func (o Outcome) WriteSARIF(w io.Writer, version string) error {
	rules := rulesOf(o.Problems)
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name: "recap", InformationURI: "https://github.com/recap-oci/recap", Version: version,
			Rules: make([]sarifRule, 0, len(rules)),
		}},
		Results: make([]sarifResult, 0, len(o.Problems)),
	}
	for _, r := range rules {
		s := sarifRule{ID: r.Code, ShortDescription: sarifText{r.Title}}
		s.DefaultConfiguration.Level = string(r.Severity)
		if r.Why != "" {
			s.FullDescription = &sarifText{r.Why}
		}
		if r.Mend != "" {
			s.Help = &sarifText{r.Mend}
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, s)
	}
	for _, p := range o.Problems {
		// The path is a URI reference: a colon or a space in it is escaped.
		physical := sarifPhysical{ArtifactLocation: sarifArtifact{URI: (&url.URL{Path: p.Path}).String()}}
		if p.Line > 0 {
			physical.Region = &sarifRegion{StartLine: p.Line}
		}
		run.Results = append(run.Results, sarifResult{
			RuleID: p.Rule,
			RuleIndex: slices.IndexFunc(rules, func(r rule.Rule) bool {
				return r.Code == p.Rule
			}),
			Level:     string(p.Severity),
			Message:   sarifText{sentence(p)},
			Locations: []sarifLocation{{PhysicalLocation: physical}},
		})
	}
	log, err := json.MarshalIndent(sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	}, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", recap.PrintableJSON(log))
	return err
}
