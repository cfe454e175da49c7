// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The example and the sorting test of RFC 8785 §3.2.2 and §3.2.3, and what else
// tells a canonical form from a merely compact one.
func TestMarshal(t *testing.T) {
	tests := []struct {
		name string
		in   any
		want string
	}{
		{
			"rfc 8785 §3.2.2",
			json.RawMessage(`{
			  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
			  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
			  "literals": [null, true, false]
			}`),
			`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		},
		{
			"rfc 8785 §3.2.3",
			json.RawMessage(`{
			  "\u20ac": "Euro Sign",
			  "\r": "Carriage Return",
			  "\ufb33": "Hebrew Letter Dalet With Dagesh",
			  "1": "One",
			  "\ud83d\ude00": "Emoji: Grinning Face",
			  "\u0080": "Control",
			  "\u00f6": "Latin Small Letter O With Diaeresis"
			}`),
			`{"\r":"Carriage Return","1":"One",` + "\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
		},
		{"all escapes", "\x00\x07\b\t\n\v\f\r\x1f\"\\/\x7f", `"\u0000\u0007\b\t\n\u000b\f\r\u001f\"\\/` + "\x7f\""},
		{"what json.Marshal escapes for HTML", "<a&b>\u2028\u2029", "\"<a&b>\u2028\u2029\""},
		{"replacement character as such", "\ufffd", "\"\ufffd\""},
		{"no normalisation", "A\u030a", "\"A\u030a\""},
		{"prefix sorts first", map[string]int{"ab": 1, "a": 2, "": 3}, `{"":3,"a":2,"ab":1}`},
		{"white space goes", json.RawMessage(" [ 1 , { } , [ ] ] "), `[1,{},[]]`},
		{"minus zero", json.RawMessage(`[-0, -0.0, 0e5]`), `[0,0,0]`},
		{"bytes are base64", []byte{0xff, 0xfe}, `"//4="`},
		{"nil", nil, `null`},
		{"top level string", "x", `"x"`},
		{
			"struct with embedding",
			struct {
				Inner
				Z int `json:"z"`
			}{Inner{A: "a"}, 1},
			`{"a":"a","z":1}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Marshal(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("Marshal (-want +got):\n%s", diff)
			}
		})
	}
}

type Inner struct {
	A string `json:"a"`
}

// The samples of RFC 8785 Appendix B.
func TestMarshalNumber(t *testing.T) {
	tests := []struct {
		bits uint64
		want string
	}{
		{0x0000000000000000, "0"},
		{0x8000000000000000, "0"},
		{0x0000000000000001, "5e-324"},
		{0x8000000000000001, "-5e-324"},
		{0x7fefffffffffffff, "1.7976931348623157e+308"},
		{0xffefffffffffffff, "-1.7976931348623157e+308"},
		{0x4340000000000000, "9007199254740992"},
		{0xc340000000000000, "-9007199254740992"},
		{0x4430000000000000, "295147905179352830000"},
		{0x44b52d02c7e14af5, "9.999999999999997e+22"},
		{0x44b52d02c7e14af6, "1e+23"},
		{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
		{0x444b1ae4d6e2ef4e, "999999999999999700000"},
		{0x444b1ae4d6e2ef4f, "999999999999999900000"},
		{0x444b1ae4d6e2ef50, "1e+21"},
		{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
		{0x3eb0c6f7a0b5ed8d, "0.000001"},
		{0x41b3de4355555553, "333333333.3333332"},
		{0x41b3de4355555554, "333333333.33333325"},
		{0x41b3de4355555555, "333333333.3333333"},
		{0x41b3de4355555556, "333333333.3333334"},
		{0x41b3de4355555557, "333333333.33333343"},
		{0xbecbf647612f3696, "-0.0000033333333333333333"},
		{0x43143ff3c1cb0959, "1424953923781206.2"},
	}
	for _, tt := range tests {
		got, err := Marshal(math.Float64frombits(tt.bits))
		if err != nil {
			t.Errorf("%016x: %v", tt.bits, err)
		} else if string(got) != tt.want {
			t.Errorf("%016x = %s, want %s", tt.bits, got, tt.want)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	type loop struct{ Next *loop }
	round := &loop{}
	round.Next = round
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"not a number", math.NaN(), "unsupported value"},
		{"infinity", math.Inf(-1), "unsupported value"},
		{"channel", make(chan int), "unsupported type"},
		{"cycle", round, "cycle"},
		{"integer beyond float64", int64(1)<<53 + 1, "9007199254740993 can't be written exactly"},
		{"integer that would be printed otherwise", int64(1) << 60, "can't be written exactly"},
		{"number out of range", json.RawMessage(`1e999`), "out of range"},
		{"string", "a\xffb", `"a\xffb" is not UTF-8`},
		{"string in a slice", [][]string{{"\xc3"}}, "is not UTF-8"},
		{"string in an array", [1]string{"\xc3"}, "is not UTF-8"},
		{"map key", map[string]int{"\xed\xa0\x80": 1}, "is not UTF-8"},
		{"map value", map[string]any{"a": "\xf8"}, "is not UTF-8"},
		{"field of an embedded struct", struct{ Inner }{Inner{"\xff"}}, "is not UTF-8"},
		{"behind a pointer", &Inner{"\xff"}, "is not UTF-8"},
		{"raw message", json.RawMessage("\"\xff\""), "is not UTF-8"},
		{"duplicate key in a raw message", json.RawMessage(`{"a":1,"a":2}`), "given twice"},
		{"case-variant keys of a map", map[string]int{"a": 1, "A": 2}, "only by case"},
		{"half of a surrogate pair", json.RawMessage(`"\ud800"`), "surrogate"},
		{"depth", json.RawMessage(strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)), "nested deeper than 64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Marshal(tt.in)
			if err == nil {
				t.Fatalf("Marshal = %s, want an error", got)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q doesn't say %q", err, tt.want)
			}
		})
	}
	if _, err := Marshal(struct{ hidden string }{"\xff"}); err != nil {
		t.Errorf("an unexported field isn't written, yet: %v", err)
	}
}

// FuzzMarshal holds the properties that digests rest on: canonical bytes are
// accepted, mean the same, and are their own canonical form.
func FuzzMarshal(f *testing.F) {
	for _, seed := range []string{
		`{"b":1,"a":[1.0,2e3,-0,0.1,1e21,1e-7,"\u00e9\ud83d\ude00\n"]}`, `[]`, `"\u2028"`, `null`, `[[[[1]]]]`,
		`{"\u20ac":1,"\ufb33":2,"\ud83d\ude00":3}`, `123456789012345678901234567890`, `9007199254740993`, `{"K":1,"K":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if err := Unmarshal(data, &v); err != nil {
			return
		}
		once, err := Marshal(v)
		if err != nil {
			t.Fatalf("Marshal refuses what Unmarshal read from %q: %v", data, err)
		}
		var back any
		if err := Unmarshal(once, &back); err != nil {
			t.Fatalf("Unmarshal refuses %s: %v", once, err)
		}
		if diff := cmp.Diff(v, back); diff != "" {
			t.Fatalf("another value (-before +after):\n%s", diff)
		}
		twice, err := Marshal(back)
		if err != nil || string(twice) != string(once) {
			t.Fatalf("not stable: %s, then %s (%v)", once, twice, err)
		}
	})
}
