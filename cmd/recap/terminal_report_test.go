// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// fill puts poison into every text of v, however deep, two elements into every
// list and one into every map.
func fill(v reflect.Value, deep int) {
	if deep--; deep == 0 { // a node holds nodes
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x" + poison)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(2)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), deep)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), deep)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, deep)
		fill(value, deep)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), deep)
			}
		}
	}
}

func filled[T any]() T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), 8)
	return v
}

// What a certificate names its holder, what a provider answers and what a report
// was kept of can't all be had from a real service, so here the printers get
// values that are hostile in every field.
func TestTerminalReports(t *testing.T) {
	var out bytes.Buffer
	e := &env{stdout: &answer{w: &out}, stderr: &out}
	for _, verdict := range []trust.Verdict{trust.VerdictVerified, trust.VerdictWarned, trust.VerdictRefused, trust.VerdictOwnSource, "x" + poison} {
		for _, outcome := range []trust.Outcome{trust.Verified, trust.WrongSigner, trust.Attestation} {
			for _, state := range []ratchet.State{ratchet.FirstUse, ratchet.Same, ratchet.Advanced, ratchet.Pinned, ratchet.Off, ratchet.Unversioned} {
				r := filled[trust.Report]()
				r.Verdict, r.Rollback.State = verdict, state
				for i := range r.Signatures {
					r.Signatures[i].Outcome = outcome
				}
				r.Signatures[0].Certificate = nil
				for _, claim := range []string{"sourceRepositoryURI", "sourceRepositoryRef", "buildSignerURI", "runnerEnvironment"} {
					r.Signatures[1].Certificate.Claims[claim] = claim + poison
				}
				r.Attestations[0].Met = false
				for _, explain := range []bool{false, true} {
					(&reportPrinter{w: &out, explain: explain, rule: []string{poison}}).print("x"+poison, r)
				}
				r.Mode = policy.Warn
				out.WriteString(rollback(r) + "\n")
				printSigner(&out, 1, r.Signatures[1], "example.com/"+poison)
			}
		}
	}
	printTrusted(&out, poison, filled[policy.Rule]())
	printInspection(&out, poison, filled[transfer.Inspection]())
	e.notice(filled[target.Notice]())
	e.signingNotice(filled[sigstore.Notice]())
	prompt := filled[oidc.Prompt]()
	e.showPrompt(prompt)
	prompt.Code = ""
	e.showPrompt(prompt)
	if leak := leaked(out.String()); leak != "" {
		t.Error(leak)
	}
	for line := range bytes.Lines(out.Bytes()) {
		if bytes.HasPrefix(line, []byte("forged")) {
			t.Errorf("a line is forged: %q", line)
		}
	}
	if out.Len() < 100_000 {
		t.Errorf("%d bytes are too few to say anything", out.Len())
	}
}
