// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/target"
)

func TestHintsLeadThere(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	parsed := func(s string) target.Reference {
		ref, err := target.ParseReference(s)
		if err != nil {
			t.Fatal(err)
		}
		return ref
	}
	one := &whereabouts{}
	one.reach("r.example", []string{"ca-file my.pem"})
	one.reach("p.example:80", []string{"plain-http", "registry-config 'a b'"})
	one.reach("[::1]:5000", []string{"insecure"})
	one.reach("", []string{"plain-http"}) // a layout
	one.meant(parsed("r.example/team/a:v1"), true)
	two := &whereabouts{}
	two.reach("r.example", []string{"ca-file my.pem"})
	two.meant(parsed("r.example/team/a:v1"), true)
	two.meant(parsed("r.example/team/b:v1"), false)
	none := &whereabouts{}
	none.meant(parsed("r.example/team/b:v1"), false)

	for _, c := range []struct {
		name       string
		at         *whereabouts
		text, want string
	}{
		{"no command", one, "add --force", "add --force"},
		{"nothing", one, "", ""},
		{"the word alone", one, "ask recap", "ask recap"},
		{"a verb alone", one, "mend what recap check lists", "mend what recap check lists"},
		{"what was typed", one, "recap list REF shows what it holds", "recap list r.example/team/a:v1 --ca-file my.pem shows what it holds"},
		{"at the end", one, "the signature may be there: recap verify REF", "the signature may be there: recap verify r.example/team/a:v1 --ca-file my.pem"},
		{"before a comma", one, "recap inspect REF, or not", "recap inspect r.example/team/a:v1 --ca-file my.pem, or not"},
		{"no command's", one, "whoever signed REF", "whoever signed REF"},
		{"flags behind it", one, "recap verify r.example/team/a@" + digest + " --explain", "recap verify r.example/team/a@" + digest + " --ca-file my.pem --explain"},
		{"another host", one, "recap list q.example/team/a shows", "recap list q.example/team/a shows"},
		{"a layout", one, "recap list oci-layout://out shows", "recap list oci-layout://out shows"},
		{"of two words", one, "recap policy init r.example/team/a:v1 says", "recap policy init r.example/team/a:v1 --ca-file my.pem says"},
		{"a placeholder that is no reference", one, "recap trust import LAYOUT", "recap trust import LAYOUT"},
		{"a host", one, "run recap login p.example:80", "run recap login p.example:80 --plain-http --registry-config 'a b'"},
		{"quoted", one, "recap list '[::1]:5000/a'; so", "recap list '[::1]:5000/a' --insecure; so"},
		{"two ends", one, "recap diff r.example/a@" + digest + " p.example:80/a:v1; then", "recap diff r.example/a@" + digest + " --from-ca-file my.pem p.example:80/a:v1 --to-plain-http --to-registry-config 'a b'; then"},
		{"one end", one, "recap copy r.example/a:v1 oci-layout://b.tar:v1", "recap copy r.example/a:v1 --from-ca-file my.pem oci-layout://b.tar:v1"},
		{"twice", one, "recap verify REF; recap inspect REF", "recap verify r.example/team/a:v1 --ca-file my.pem; recap inspect r.example/team/a:v1 --ca-file my.pem"},
		{"two it may be", two, "recap list REF shows", "recap list REF shows"},
		{"what is not there yet", none, "recap verify REF", "recap verify REF"},
		{"another tag of it", none, "first: recap delete REF:1.0.0", "first: recap delete r.example/team/b:1.0.0"},
		{"another tag, with flags", one, "recap delete REF:1.0.0; or", "recap delete r.example/team/a:1.0.0 --ca-file my.pem; or"},
		{"another tag of the destination", two, "recap delete REF:1.0.0", "recap delete r.example/team/b:1.0.0 --ca-file my.pem"},
		{"another tag of nobody knows what", &whereabouts{}, "recap delete REF:1.0.0", "recap delete REF:1.0.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.at.complete(c.text); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestHintsCarryFlags keeps each flag that says how a registry is reached, but
// those that only say how fast.
func TestHintsCarryFlags(t *testing.T) {
	for _, prefix := range []string{"", "from-"} {
		var r registryFlags
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		r.register(flags, prefix)
		if got := r.given(); got != nil {
			t.Errorf("without flags: %q", got)
		}
		var line, want []string
		flags.VisitAll(func(f *pflag.Flag) {
			name := strings.TrimPrefix(f.Name, prefix)
			switch {
			case name == "timeout" || name == "concurrency" || name == flagVerbose:
			case f.Value.Type() == "bool":
				line, want = append(line, "--"+f.Name), append(want, name)
			default:
				line, want = append(line, "--"+f.Name, "my file"), append(want, name+" 'my file'")
			}
		})
		if err := flags.Parse(line); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, flag := range r.given() {
			got[flag] = true
		}
		wanted := map[string]bool{}
		for _, flag := range want {
			wanted[flag] = true
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Error(diff)
		}
	}
	var r registryFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	r.register(flags, "")
	if err := flags.Parse([]string{"--plain-http=false"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"plain-http=false"}, r.given()); diff != "" {
		t.Error(diff)
	}
}
