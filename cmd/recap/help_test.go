// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpIsTrue holds each command's examples and text against what there is:
// an example is a line of that command with flags that it has, and a flag that a
// text mentions exists.
func TestHelpIsTrue(t *testing.T) {
	newRoot := func() *cobra.Command {
		return newRootCmd(&env{stdin: &bytes.Buffer{}, stdout: &answer{w: &bytes.Buffer{}}, stderr: &bytes.Buffer{}})
	}
	var commands []*cobra.Command
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		commands = append(commands, c)
		for _, sub := range c.Commands() {
			collect(sub)
		}
	}
	collect(newRoot())
	known := func(flag string) bool {
		for _, c := range commands {
			if c.Flags().Lookup(flag) != nil || flag == "help" {
				return true
			}
		}
		return false
	}
	quoted := regexp.MustCompile(`"[^"]*"|'[^']*'`)
	flag := regexp.MustCompile(`--([a-z][a-z-]*[a-z])`)
	verb := regexp.MustCompile(`\brecap (trust|policy|store|key) ([a-z]+)`)
	for _, c := range commands {
		t.Run(c.CommandPath(), func(t *testing.T) {
			for line := range strings.Lines(c.Example) {
				line = strings.TrimSpace(line)
				if _, after, piped := strings.Cut(line, "| "); piped {
					line = after
				}
				line, _, _ = strings.Cut(line, " > ")
				words := strings.Fields(quoted.ReplaceAllString(line, "word"))
				if len(words) == 0 || words[0] != "recap" {
					t.Errorf("example %q is no line of recap", line)
					continue
				}
				found, rest, err := newRoot().Find(words[1:])
				if err != nil || found.CommandPath() != c.CommandPath() {
					t.Errorf("example %q is one of %s: %v", line, found.CommandPath(), err)
					continue
				}
				if err := found.ParseFlags(rest); err != nil {
					t.Errorf("example %q: %v", line, err)
				} else if err := found.ValidateArgs(found.Flags().Args()); err != nil {
					t.Errorf("example %q: %v", line, err)
				}
			}
			for _, text := range []string{c.Short, c.Long} {
				for _, m := range flag.FindAllStringSubmatch(text, -1) {
					if !known(m[1]) {
						t.Errorf("there is no flag --%s", m[1])
					}
				}
				for _, m := range verb.FindAllStringSubmatch(text, -1) {
					if found, _, err := newRoot().Find(m[1:]); err != nil || found.Name() != m[2] {
						t.Errorf("there is no command recap %s %s", m[1], m[2])
					}
				}
			}
		})
	}
}
