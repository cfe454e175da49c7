// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

func readYAML(t testing.TB, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestWorkflowAsksForLittle holds examples/ci/github.yml to the least that its
// jobs need, and to inputs and outputs that the action has.
func TestWorkflowAsksForLittle(t *testing.T) {
	var workflow struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			If          string
			Permissions map[string]string
			Steps       []struct {
				Uses, ID string
				With     map[string]string
				Env      map[string]string
			}
		}
	}
	readYAML(t, "../../examples/ci/github.yml", &workflow)
	if workflow.Permissions == nil || len(workflow.Permissions) != 0 {
		t.Errorf("the workflow's own permissions are %v", workflow.Permissions)
	}
	got := map[string]map[string]string{}
	a, used := readAction(t), 0
	for name, job := range workflow.Jobs {
		got[name] = job.Permissions
		for _, step := range job.Steps {
			if !strings.HasPrefix(step.Uses, "recap-oci/recap@") {
				if step.Uses != "" && !strings.HasPrefix(step.Uses, "actions/checkout@") {
					t.Errorf("job %s uses %s", name, step.Uses)
				}
				continue
			}
			used++
			for input := range step.With {
				if _, known := a.Inputs[input]; !known {
					t.Errorf("job %s gives the action %s, which it doesn't take", name, input)
				}
			}
		}
	}
	want := map[string]map[string]string{
		"check":   {"contents": "read"},
		"publish": {"contents": "read", "packages": "write", "id-token": "write"},
	}
	if diff := cmp.Diff(got, want); diff != "" || used != 2 {
		t.Errorf("permissions (-got +want), in %d uses:\n%s", used, diff)
	}
}

// gitLabScript writes what a runner of GitLab runs of a job in
// examples/ci/gitlab.yml, besides installing recap: gitlab JOB FILE.
func gitLabScript(t testing.TB) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: gitlab JOB FILE")
		}
		var file map[string]yaml.Node
		readYAML(t, "../../examples/ci/gitlab.yml", &file)
		var variables map[string]string
		node := file["variables"]
		ts.Check(node.Decode(&variables))
		var job struct {
			Script      []string
			AfterScript []string `yaml:"after_script"`
		}
		node = file[args[0]]
		ts.Check(node.Decode(&job))
		if len(job.Script) == 0 {
			ts.Fatalf("there is no job %s", args[0])
		}
		var script strings.Builder
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			// The runner's own come first; these may refer to them.
			script.WriteString("export " + name + "=\"${" + name + ":-" + variables[name] + "}\"\n")
		}
		for _, line := range append(job.Script, job.AfterScript...) {
			script.WriteString(line + "\n")
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(script.String()), 0o600))
	}
}
