// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/trust"
	"github.com/recap-oci/recap/schemas"
)

// fullReport has something in every field.
func fullReport(t testing.TB) trust.Report {
	t.Helper()
	s := newStore()
	root := s.newRoot(t)
	attachAll(t, s, root,
		by(t, certified(githubIssuer, workflow, map[string]string{"sourceRepositoryURI": "https://github.com/acme/recaps"}), about(root, signType)),
		by(t, certified(githubIssuer, workflow, nil), about(root, slsaType)), []byte("garbage"))
	ci := policy.Authority{Name: "ci", Keyless: &policy.Keyless{Identities: []policy.Identity{{Issuer: githubIssuer, Subject: workflow}}}}
	report, err := judged(t, &notary{}, policy.Rule{Authorities: []policy.Authority{ci}, Attestations: []policy.AttestationRule{{PredicateType: slsaType}}}, s, root)
	if err != nil {
		t.Fatal(err)
	}
	report.Tag, report.Code, report.Reason = "1", "unsigned", "because"
	report.Rollback = ratchet.Report{State: ratchet.Advanced, Version: "2.0.0", KnownVersion: "1.0.0", KnownDigest: root.Digest, Warning: "other signers"}
	for i := range report.Signatures {
		report.Signatures[i].Legacy, report.Signatures[i].Added = true, true
	}
	return report
}

// Every field of a report is in its schema, with the same name, and every field
// of the schema in a report.
func TestReportSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	raw, err := schemas.Read("report")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource(schemas.URL("report"), doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(schemas.URL("report"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := json.Marshal(fullReport(t))
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Errorf("%s\n%v", report, err)
	}
	compareFields(t, "report", doc.(map[string]any), reflect.TypeFor[trust.Report]())
}

// compareFields compares a schema's properties with a struct's JSON names.
func compareFields(t *testing.T, at string, schema map[string]any, typ reflect.Type) {
	t.Helper()
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if items, ok := schema["items"].(map[string]any); ok && typ.Kind() == reflect.Slice {
			schema = items
		}
		typ = typ.Elem()
	}
	properties, _ := schema["properties"].(map[string]any)
	if typ.Kind() != reflect.Struct || typ.PkgPath() == "time" {
		return
	}
	known := make(map[string]bool)
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		known[name] = true
		property, ok := properties[name].(map[string]any)
		if !ok {
			t.Errorf("%s.%s is not in the schema", at, name)
			continue
		}
		compareFields(t, at+"."+name, property, typ.Field(i).Type)
	}
	for name := range properties {
		if !known[name] {
			t.Errorf("%s.%s is in the schema alone", at, name)
		}
	}
}

func TestReportSurvivesJSON(t *testing.T) {
	want := fullReport(t)
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got trust.Report
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report lost in JSON (-want +got):\n%s", diff)
	}
	for _, field := range []string{"certificate", "claims", "notBefore", "timestamps", "source", "logEntries", "log", "checks", "passed", "detail", "attestations", "met", "legacy", "rollback"} {
		if !bytes.Contains(raw, []byte(`"`+field+`":`)) {
			t.Errorf("no %q in %s", field, raw)
		}
	}
}

// What a caller does to the evidence in a report changes nothing either.
func TestAdmittedNeverChangesDeep(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	attachAll(t, s, root, by(t, certified("https://issuer.example.com", "ann@example.com", map[string]string{"k": "v"}), about(root, signType)))
	gate, err := trust.NewGate(&policy.Policy{Rules: []policy.Rule{{Name: "r", Scopes: []string{"x.example/**"}, Authorities: []policy.Authority{mail("ann", "ann@example.com")}}}}, &notary{}, trust.GateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	admitted, err := gate.Admit(t.Context(), s, trust.Request{Name: "x.example/y", Root: root})
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(admitted.Report())
	if err != nil {
		t.Fatal(err)
	}
	touched := admitted.Report()
	sig := &touched.Signatures[0]
	sig.Certificate.Subject, sig.Certificate.Claims["k"] = "mallory", "w"
	sig.Timestamps[0].Source, sig.LogEntries[0].Log, sig.Checks[0].Detail = "m", "m", "m"
	got, err := json.Marshal(admitted.Report())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("report changed (-was +is):\n%s", diff)
	}
}

// TestPlainKeyID holds that the words name a key as reports do.
func TestPlainKeyID(t *testing.T) {
	alice := newSigner(t, "alice")
	authority := authorityOf(t, alice)
	s := newStore()
	root := s.newRoot(t)
	s.attach(t, root, sign(t, alice, about(root, signType)), nil)
	admitted, err := admitUnder(t, policy.ForKeys(authority), s, root)
	if err != nil {
		t.Fatal(err)
	}
	id := admitted.Report().Signatures[0].KeyID
	if got := (policy.Rule{Authorities: []policy.Authority{authority}}).Plain(); len(id) != 64 || !strings.HasSuffix(got[0], " "+id) {
		t.Errorf("got %q, and the report says %q", got, id)
	}
}
