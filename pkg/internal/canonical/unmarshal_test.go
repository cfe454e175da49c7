// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type base struct {
	SchemaVersion int `json:"schemaVersion"`
}

type doc struct {
	base
	MediaType string            `json:"mediaType,omitempty"`
	Size      int64             `json:"size,omitempty"`
	Layers    []layer           `json:"layers,omitempty"`
	Subject   *layer            `json:"subject,omitempty"`
	Notes     map[string]string `json:"notes,omitempty"`
	Any       any               `json:"any,omitempty"`
	Data      []byte            `json:"data,omitempty"`
	Rows      map[string]layer  `json:"rows,omitempty"`
	Late      json.RawMessage   `json:"late,omitempty"`
	Ignored   string            `json:"-"`
	Untagged  bool
}

type layer struct {
	Digest string `json:"digest"`
	Kids   []layer
}

func TestUnmarshal(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want doc
	}{
		{"empty", `{}`, doc{}},
		{"white space around", " \t\r\n{ } \n", doc{}},
		{"promoted field", `{"schemaVersion":2}`, doc{base: base{2}}},
		{"unknown keys", `{"new":{"deep":[1,null,{"x":true}]},"mediaType":"m"}`, doc{MediaType: "m"}},
		{"escaped key", `{"media\u0054ype":"m"}`, doc{MediaType: "m"}},
		{"surrogate pair", `{"mediaType":"\ud83d\uDE00\/"}`, doc{MediaType: "😀/"}},
		{"null where it can be held", `{"layers":null,"subject":null,"notes":null,"any":null,"late":null}`, doc{Late: json.RawMessage("null")}},
		{"null for a field is its absence", `{"mediaType":null,"schemaVersion":null,"Untagged":null,"size":null}`, doc{}},
		{"nested", `{"layers":[{"digest":"a","Kids":[{"digest":"b"}]}]}`, doc{Layers: []layer{{"a", []layer{{Digest: "b"}}}}}},
		{"keys of a map are as they are", `{"notes":{"Digest":"x","MediaType":"y"}}`, doc{Notes: map[string]string{"Digest": "x", "MediaType": "y"}}},
		{"number forms", `{"any":[0,-1,1.5,1e2,1E-2,2e+3]}`, doc{Any: []any{0., -1., 1.5, 100., 0.01, 2000.}}},
		{"base64", `{"data":"e30="}`, doc{Data: []byte("{}")}},
		{"largest integer", `{"size":9223372036854775807}`, doc{Size: 1<<63 - 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got doc
			if err := Unmarshal([]byte(tt.in), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(doc{})); diff != "" {
				t.Errorf("Unmarshal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	tests := []struct {
		name      string
		in        string
		want      string
		ambiguous bool
	}{
		{"nothing", ``, "ends early", false},
		{"white space only", " \n", "ends early", false},
		{"two values", `{} {}`, "after the end", false},
		{"trailing comma", `{},`, "after the end", false},
		{"NUL after it", "{}\x00", "after the end", false},
		{"byte order mark", "\xef\xbb\xbf{}", "unexpected", false},
		{"UTF-16", "{\x00}\x00", "no key", false},
		{"not UTF-8", "{\"mediaType\":\"\xff\"}", "byte 14 is not UTF-8", false},
		{"surrogate as UTF-8", "{\"mediaType\":\"\xed\xa0\x80\"}", "not UTF-8", false},
		{"overlong", "{\"mediaType\":\"\xc0\xaf\"}", "not UTF-8", false},
		{"high half alone", `{"mediaType":"\ud800"}`, "surrogate", false},
		{"low half alone", `{"mediaType":"\udc00"}`, "surrogate", false},
		{"high half twice", `{"mediaType":"\ud800\ud800"}`, "surrogate", false},
		{"high half, then a letter", `{"mediaType":"\ud800x"}`, "surrogate", false},
		{"half in a key", `{"\ud800":1}`, "surrogate", false},
		{"escape", `{"mediaType":"\x41"}`, "no such escape", false},
		{"escape by NUL", "{\"mediaType\":\"\\\x00\"}", "no such escape", false},
		{"signed escape", `{"mediaType":"\u+041"}`, "no such escape", false},
		{"half an escape", `{"mediaType":"\u00`, "ends inside", false},
		{"newline in a string", "{\"mediaType\":\"a\nb\"}", "control character", false},
		{"open string", `{"mediaType":"`, "ends inside", false},
		{"comment", `{/* */}`, "no key", false},
		{"single quotes", `{'mediaType':'m'}`, "no key", false},
		{"key without value", `{"mediaType"}`, "no colon", false},
		{"comma before }", `{"mediaType":"m",}`, "no key", false},
		{"comma before ]", `{"layers":[{"digest":""},]}`, "unexpected", false},
		{"missing comma", `{"mediaType":"m" "size":1}`, "no comma", false},
		{"missing comma in an array", `{"any":[1 2]}`, "no comma", false},
		{"unclosed", `{"layers":[`, "ends early", false},
		{"literal", `{"Untagged":True}`, "unexpected", false},
		{"half a literal", `{"Untagged":tru}`, "not a JSON value", false},
		{"NaN", `{"any":NaN}`, "unexpected", false},
		{"leading zero", `{"any":01}`, "no comma", false},
		{"leading plus", `{"any":+1}`, "unexpected", false},
		{"leading point", `{"any":.5}`, "unexpected", false},
		{"trailing point", `{"any":1.}`, "not a number", false},
		{"bare exponent", `{"any":1e}`, "not a number", false},
		{"hexadecimal", `{"any":0x10}`, "no comma", false},
		{"minus", `{"any":-}`, "not a number", false},
		{"number out of range", `{"new":1e400}`, "out of range", false},
		{"integer out of range", `{"size":9223372036854775808}`, `"size"`, false},
		{"fraction for an integer", `{"size":1.0}`, `"size"`, false},
		{"exponent for an integer", `{"size":1e2}`, `"size"`, false},
		{"string for a number", `{"schemaVersion":"2"}`, `schemaVersion"`, false},
		{"number for a string", `{"mediaType":1}`, `"mediaType"`, false},
		{"object for a list", `{"layers":{}}`, `"layers"`, false},
		{"null for a struct in a list", `{"layers":[null]}`, "null", false},
		{"null for a map's string", `{"notes":{"a":null}}`, "null", false},
		{"null for all", `null`, "null", false},
		{"depth under an unknown key", `{"new":` + deep(MaxDepth) + `}`, "nested deeper than 64", false},
		{"very deep", deep(1 << 20), "nested deeper than 64", false},

		{"duplicate key", `{"mediaType":"a","mediaType":"b"}`, `"mediaType" is given twice`, true},
		{"duplicate key of equal value", `{"size":1,"size":1}`, "given twice", true},
		{"duplicate key by escape", `{"size":1,"si\u007ae":1}`, "given twice", true},
		{"duplicate unknown key", `{"new":1,"new":2}`, "given twice", true},
		{"duplicate key deep in the unknown", `{"new":[{"a":{"b":1,"b":2}}]}`, "given twice", true},
		{"duplicate key of a map", `{"notes":{"a":"1","a":"2"}}`, "given twice", true},
		{"case of a field", `{"MediaType":"a"}`, `"MediaType" differs from "mediaType" only by case`, true},
		{"case of an untagged field", `{"untagged":true}`, "only by case", true},
		{"case of a promoted field", `{"schemaversion":2}`, "only by case", true},
		{"case of a field in a list", `{"layers":[{"Digest":"a"}]}`, "only by case", true},
		{"case of a field behind a pointer", `{"subject":{"DIGEST":"a"}}`, "only by case", true},
		{"case of a field in a map", `{"rows":{"a":{"digesT":"a"}}}`, "only by case", true},
		{"long s for s", `{"\u017fize":1}`, "only by case", true},
		{"siblings of unknown name", `{"new":1,"New":2}`, `"new" and "New" differ only by case`, true},
		{"siblings in a map", `{"notes":{"sha256":"1","SHA256":"2"}}`, "only by case", true},
		{"siblings with the Kelvin sign", `{"any":{"k":1,"\u212a":2}}`, "only by case", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := doc{MediaType: "before"}
			got := before
			err := Unmarshal([]byte(tt.in), &got)
			if err == nil {
				t.Fatalf("read as %+v, want an error", got)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q doesn't say %q", err, tt.want)
			}
			if errors.Is(err, ErrAmbiguous) != tt.ambiguous {
				t.Errorf("errors.Is(%v, ErrAmbiguous) = %v, want %v", err, !tt.ambiguous, tt.ambiguous)
			}
			if diff := cmp.Diff(before, got, cmp.AllowUnexported(doc{})); diff != "" {
				t.Errorf("the value changed, though there was an error:\n%s", diff)
			}
		})
	}
}

func TestUnmarshalDepth(t *testing.T) {
	var v any
	if err := Unmarshal([]byte(strings.Repeat("[", MaxDepth)+strings.Repeat("]", MaxDepth)), &v); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

func TestUnmarshalTarget(t *testing.T) {
	for _, v := range []any{nil, doc{}, (*doc)(nil)} {
		if err := Unmarshal([]byte(`{}`), v); err == nil {
			t.Errorf("Unmarshal into %T %v: no error", v, v)
		}
	}
}

// FuzzUnmarshal holds Unmarshal to be encoding/json with refusals: whatever it
// accepts, encoding/json reads as the same.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		`{"schemaVersion":2,"mediaType":"a","layers":[{"digest":"x","Kids":null}],"notes":{"a":"b"}}`,
		`{"Subject":{}}`, `{"a":1,"a":2}`, `{"any":[1e5,"\ud83d\ude00",null]}`, `{"size":1.0}`, "{\"data\":\"e30=\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want doc
		if err := Unmarshal(data, &got); err != nil {
			return
		}
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("accepted %q, which encoding/json refuses: %v", data, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(doc{})); diff != "" {
			t.Fatalf("encoding/json reads %q otherwise:\n%s", data, diff)
		}
	})
}
