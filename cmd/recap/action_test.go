// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// action is what this test understands of a composite GitHub Action: run: steps
// and nothing else.
type action struct {
	Name, Description, Author string
	Branding                  map[string]string

	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	Name, ID, If, Shell, Run, Uses string
	Env                            map[string]string
}

func readAction(t testing.TB) *action {
	t.Helper()
	file, err := os.Open("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var a action
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return &a
}

// TestActionIsOnlyItself holds what makes the action safe to use: it runs
// nothing of anybody else, and no value of a workflow becomes a part of a script.
func TestActionIsOnlyItself(t *testing.T) {
	a := readAction(t)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Fatalf("it is no composite action: %+v", a.Runs)
	}
	for _, step := range a.Runs.Steps {
		if step.Uses != "" || step.Run == "" || step.Shell != "bash" {
			t.Errorf("step %q is no script of bash of its own", step.Name)
		}
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %q has an expression in its script: whoever sets the value could run anything", step.Name)
		}
		for name, value := range step.Env {
			if strings.Contains(value, "secrets.") || strings.Contains(value, "github.token") {
				t.Errorf("step %q takes %s by itself; a workflow gives what it wants to give", step.Name, name)
			}
		}
	}
	for name, input := range a.Inputs {
		if input.Description == "" {
			t.Errorf("input %s has no description", name)
		}
	}
}

// run runs the action's steps as a runner does: `action [NAME=INPUT…]`. What it
// writes into its outputs and its summary is in the files outputs and summary.
func (a *action) run(ts *testscript.TestScript, neg bool, args []string) {
	inputs := map[string]string{}
	for name, input := range a.Inputs {
		inputs[name] = input.Default
	}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if _, known := inputs[name]; !ok || !known {
			ts.Fatalf("the action has no input %s", name)
		}
		inputs[name] = value
	}
	ts.Check(os.MkdirAll(ts.MkAbs("runner"), 0o700))
	r := runner{ts: ts, inputs: inputs, outputs: map[string]map[string]string{}}
	ts.Check(os.WriteFile(ts.MkAbs("summary"), nil, 0o600))
	failed := r.steps(a.Runs.Steps)
	if failed == nil && neg {
		ts.Fatalf("the action succeeded")
	}
	if failed != nil && !neg {
		ts.Fatalf("%v", failed)
	}
	var outputs strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a.Outputs)) {
		fmt.Fprintf(&outputs, "%s=%s\n", name, r.expand(a.Outputs[name].Value))
	}
	ts.Check(os.WriteFile(ts.MkAbs("outputs"), []byte(outputs.String()), 0o600))
}

// runner is as much of GitHub's runner as the action needs.
type runner struct {
	ts      *testscript.TestScript
	inputs  map[string]string
	outputs map[string]map[string]string // by step
	path    []string
}

var (
	expression = regexp.MustCompile(`\$\{\{(.*?)\}\}`)
	condition  = regexp.MustCompile(`^\$\{\{ inputs\.([a-z-]+) == '([a-z]*)' \}\}$`)
)

// expand replaces expressions; one that this doesn't understand ends the test.
func (r *runner) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(s string) string {
		s = strings.TrimSpace(expression.FindStringSubmatch(s)[1])
		if name, ok := strings.CutPrefix(s, "inputs."); ok {
			value, known := r.inputs[name]
			if !known {
				r.ts.Fatalf("the action uses an input that it doesn't have: %s", name)
			}
			return value
		}
		parts := strings.Split(s, ".")
		if len(parts) != 4 || parts[0] != "steps" || parts[2] != "outputs" {
			r.ts.Fatalf("the test doesn't understand ${{ %s }}", s)
		}
		return r.outputs[parts[1]][parts[3]]
	})
}

// wanted says whether a step's condition holds.
func (r *runner) wanted(step actionStep) bool {
	if step.If == "" {
		return true
	}
	m := condition.FindStringSubmatch(step.If)
	if m == nil {
		r.ts.Fatalf("the test doesn't understand if: %s", step.If)
	}
	return r.inputs[m[1]] == m[2]
}

// steps runs them until one fails.
func (r *runner) steps(steps []actionStep) error {
	for i, step := range steps {
		if !r.wanted(step) {
			continue
		}
		if err := r.step(i, step); err != nil {
			return fmt.Errorf("step %q: %w", step.Name, err)
		}
	}
	return nil
}

// step runs one script with the shell, the files and the variables that the
// documentation of GitHub Actions promises it.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
func (r *runner) step(i int, step actionStep) error {
	dir := r.ts.MkAbs("runner")
	file := func(name string) string { return filepath.Join(dir, fmt.Sprint(name, i)) }
	for _, name := range []string{"output", "path"} {
		r.ts.Check(os.WriteFile(file(name), nil, 0o600))
	}
	r.ts.Check(os.WriteFile(file("script"), []byte(step.Run), 0o600))
	root, err := filepath.Abs("../..")
	r.ts.Check(err)
	variables := map[string]string{
		"GITHUB_OUTPUT": file("output"), "GITHUB_PATH": file("path"), "GITHUB_STEP_SUMMARY": r.ts.MkAbs("summary"),
		"GITHUB_ACTION_PATH": root, "RUNNER_TEMP": dir,
		"PATH": strings.Join(append(r.path, r.ts.Getenv("PATH")), string(filepath.ListSeparator)),
	}
	for name, value := range step.Env {
		variables[name] = r.expand(value)
	}
	before := map[string]string{}
	for name, value := range variables {
		before[name] = r.ts.Getenv(name)
		r.ts.Setenv(name, value)
	}
	failed := r.ts.Exec("bash", "--noprofile", "--norc", "-eo", "pipefail", file("script"))
	for name, value := range before {
		r.ts.Setenv(name, value)
	}
	for line := range strings.Lines(r.ts.ReadFile(file("path"))) {
		r.path = append([]string{strings.TrimSuffix(line, "\n")}, r.path...)
	}
	r.outputs[step.ID] = map[string]string{}
	for line := range strings.Lines(r.ts.ReadFile(file("output"))) {
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
			return fmt.Errorf("%q is no output", line) // as a runner says
		}
		r.outputs[step.ID][name] = value
	}
	return failed
}

// goEnvironment lets the action's go install find what is built already.
func goEnvironment(t testing.TB) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	values := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	return map[string]string{"GOCACHE": values[0], "GOMODCACHE": values[1], "GOPROXY": values[2], "GOTOOLCHAIN": "local"}
}
