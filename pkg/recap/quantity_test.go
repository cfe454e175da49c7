// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
)

func ptr(v float64) *float64 { return &v }

func TestParseQuantity(t *testing.T) {
	value := func(v float64) recap.Quantity { return recap.Quantity{Value: ptr(v)} }
	tests := []struct {
		text string
		want recap.Quantity
	}{
		{"0", value(0)},
		{"12000", value(12000)},
		{"12,000", value(12000)},
		{"1,234,567.89", value(1234567.89)},
		{"12'000", value(12000)},
		{"12\u202f000", value(12000)},
		{" 12000 ", value(12000)},
		{"-3", value(-3)},
		{"−3.5", value(-3.5)},
		{"+5", value(5)},
		{"0.125", value(0.125)},
		{"1.5", value(1.5)},
		{"1,234.567", value(1234.567)},
		{"1234.567", value(1234.567)},

		{"200k", value(200000)},
		{"52K", value(52000)},
		{"12.2M", value(12200000)},
		{"12.2 million", value(12200000)},
		{"3.2k", value(3200)},
		{"1.234k", value(1234)},
		{"4.35bn", value(4350000000)},
		{"2B", value(2000000000)},
		{"1.1 trillion", value(1.1e12)},

		{">9,000", recap.Quantity{MinValue: ptr(9000), ExclusiveMin: true}},
		{"> 3.2k", recap.Quantity{MinValue: ptr(3200), ExclusiveMin: true}},
		{"over 12,000", recap.Quantity{MinValue: ptr(12000), ExclusiveMin: true}},
		{"Over 180 projects", recap.Quantity{MinValue: ptr(180), ExclusiveMin: true, Unit: "projects"}},
		{"more than 5,160", recap.Quantity{MinValue: ptr(5160), ExclusiveMin: true}},
		{">=9000", recap.Quantity{MinValue: ptr(9000)}},
		{"≥ 9000", recap.Quantity{MinValue: ptr(9000)}},
		{"at least 50 users", recap.Quantity{MinValue: ptr(50), Unit: "users"}},
		{"13,000+", recap.Quantity{MinValue: ptr(13000)}},
		{"200k+", recap.Quantity{MinValue: ptr(200000)}},
		{"13,000+ attendees", recap.Quantity{MinValue: ptr(13000), Unit: "attendees"}},
		{"~13,000+", recap.Quantity{MinValue: ptr(13000), Approximate: true}},
		{"<100", recap.Quantity{MaxValue: ptr(100), ExclusiveMax: true}},
		{"fewer than 100", recap.Quantity{MaxValue: ptr(100), ExclusiveMax: true}},
		{"<=100", recap.Quantity{MaxValue: ptr(100)}},
		{"up to 25%", recap.Quantity{MaxValue: ptr(25), Unit: "percent"}},

		{"~200k", recap.Quantity{Value: ptr(200000), Approximate: true}},
		{"≈ 15 min", recap.Quantity{Value: ptr(15), Approximate: true, Unit: "min"}},
		{"about 15 minutes", recap.Quantity{Value: ptr(15), Approximate: true, Unit: "minutes"}},

		{"20k-30k", recap.Quantity{MinValue: ptr(20000), MaxValue: ptr(30000)}},
		{"20K – 30K", recap.Quantity{MinValue: ptr(20000), MaxValue: ptr(30000)}},
		{"20K to 30K developers", recap.Quantity{MinValue: ptr(20000), MaxValue: ptr(30000), Unit: "developers"}},
		{"between 6 and 9 months", recap.Quantity{MinValue: ptr(6), MaxValue: ptr(9), Unit: "months"}},
		{"from 6 to 9", recap.Quantity{MinValue: ptr(6), MaxValue: ptr(9)}},
		{"6-9", recap.Quantity{MinValue: ptr(6), MaxValue: ptr(9)}},
		{"-5--3", recap.Quantity{MinValue: ptr(-5), MaxValue: ptr(-3)}},
		{"~20-30", recap.Quantity{MinValue: ptr(20), MaxValue: ptr(30), Approximate: true}},
		{"30-20", recap.Quantity{MinValue: ptr(30), MaxValue: ptr(20)}}, // R501 says so
		{"20-30%", recap.Quantity{MinValue: ptr(20), MaxValue: ptr(30), Unit: "percent"}},
		{"20%-30%", recap.Quantity{MinValue: ptr(20), MaxValue: ptr(30), Unit: "percent"}},

		{"58%", recap.Quantity{Value: ptr(58), Unit: "percent"}},
		{"58 %", recap.Quantity{Value: ptr(58), Unit: "percent"}},
		{"12.345%", recap.Quantity{Value: ptr(12.345), Unit: "percent"}},
		{"58 per cent", recap.Quantity{Value: ptr(58), Unit: "percent"}},
		{"250 vendors", recap.Quantity{Value: ptr(250), Unit: "vendors"}},
		{"16 GB", recap.Quantity{Value: ptr(16), Unit: "GB"}},
		{"90 km/h", recap.Quantity{Value: ptr(90), Unit: "km/h"}},
		{"21 °C", recap.Quantity{Value: ptr(21), Unit: "°C"}},
		{"2,000 USD", recap.Quantity{Value: ptr(2000), Unit: "USD"}},
		{"10,000 in-person", recap.Quantity{Value: ptr(10000), Unit: "in-person"}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, numeric, err := recap.ParseQuantity(tt.text)
			if err != nil || !numeric {
				t.Fatalf("numeric = %t, error = %v", numeric, err)
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseQuantityText(t *testing.T) {
	for _, s := range []string{
		"", " ", "many", "a dozen", "sold out", "over the moon", "about time", "n/a", "-", "+", "~", "<none>", "…",
		"Kubernetes 1.31", "USD 2,000", "up to the neck", "no 5", "½", "between friends",
	} {
		q, numeric, err := recap.ParseQuantity(s)
		if numeric || err != nil || !cmp.Equal(q, recap.Quantity{}) {
			t.Errorf("ParseQuantity(%q) = %+v, %t, %v, want text", s, q, numeric, err)
		}
	}
}

func TestParseQuantityRefuses(t *testing.T) {
	for name, s := range map[string]string{
		"short group":             "12,00",
		"long group":              "1,2345",
		"long first group":        "1234,567",
		"decimal comma":           "1,5",
		"mixed groups":            "1,234'567",
		"thousands or fraction":   "13.000",
		"points for thousands":    "1.234.567",
		"no digit before point":   ".5",
		"date":                    "2024-03-27",
		"version":                 "1.31.2",
		"ordinal":                 "10th",
		"attached unit":           "16GB",
		"metres or millions":      "5m",
		"multiplier apart":        "200 k",
		"exponent":                "1e6",
		"hexadecimal":             "0x10",
		"time":                    "10:30",
		"fraction bar":            "3/4",
		"sentence":                "40 countries were there",
		"word of bounds sentence": "over 40 countries were there",
		"half multiplied":         "20-30k",
		"percent at one end":      "20%-30",
		"three ends":              "1-2-3",
		"half a range":            "between 20",
		"from nothing to":         "from 20",
		"between to":              "between 20 to 30",
		"two bounds":              ">9,000+",
		"bounded range":           ">20-30",
		"plus after a range":      "20-30+",
		"dollars":                 "$2,000",
		"euros after":             "2.000 €",
		"minus dollars":           "-$5",
		"sixteen digits":          "1234567890123456",
		"too small":               "0." + strings.Repeat("0", 320) + "1",
		"too large":               "1" + strings.Repeat("0", 320),
		"full-width digits":       "１２",
		"Arabic digits":           "١٢",
		"percent of":              "58% of attendees",
		"dangling sign":           "5-",
		"double plus":             "5++",
		"long unit":               "5 " + strings.Repeat("x", 41),
		"invalid UTF-8":           "5 \xff",
		"control character":       "5\x00",
	} {
		t.Run(name, func(t *testing.T) {
			q, numeric, err := recap.ParseQuantity(s)
			var e *recap.Error
			if !errors.As(err, &e) || e.Code != "bad-quantity" || e.Hint == "" || !errors.Is(err, recap.Usage) {
				t.Fatalf("ParseQuantity(%q) = %+v, %v, want bad-quantity with a hint", s, q, err)
			}
			if !numeric {
				t.Error("it begins like a number and isn't said to")
			}
		})
	}
}

// Every number with up to 15 digits comes back as it was written.
func TestParseQuantityKeepsDigits(t *testing.T) {
	for _, s := range []string{"0.1", "0.3", "1.1", "999999999999999", "123456.789012345", "0.000001", "4.35", "8.2"} {
		for suffix, exponent := range map[string]int{"": 0, "k": 3, "M": 6, "bn": 9} {
			q, _, err := recap.ParseQuantity(s + suffix)
			if err != nil {
				t.Fatal(err)
			}
			want, err := strconv.ParseFloat(s+"e"+strconv.Itoa(exponent), 64)
			if err != nil {
				t.Fatal(err)
			}
			if *q.Value != want {
				t.Errorf("ParseQuantity(%q) = %v, want %v", s+suffix, *q.Value, want)
			}
		}
	}
}

func FuzzParseQuantity(f *testing.F) {
	for _, s := range []string{
		">9,000", "13,000+", "~200k", "20k-30k", "58%", "12.2M", "over 12,000", "between 6 and 9 months", "-5--3",
		"12.000", "$5", "1e309", "１２", "5 \xff", "1,234'567", "from 1 to 2 to 3", "≥−.5%",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, numeric, err := recap.ParseQuantity(s)
		values := 0
		for _, v := range []*float64{q.Value, q.MinValue, q.MaxValue} {
			if v == nil {
				continue
			}
			values++
			if math.IsNaN(*v) || math.IsInf(*v, 0) || (*v == 0 && math.Signbit(*v)) {
				t.Errorf("ParseQuantity(%q) has the value %v", s, *v)
			}
		}
		switch {
		case err != nil && (!numeric || !cmp.Equal(q, recap.Quantity{})):
			t.Errorf("ParseQuantity(%q) = %+v, %t beside an error", s, q, numeric)
		case err == nil && numeric != (values > 0):
			t.Errorf("ParseQuantity(%q) = %+v, %t", s, q, numeric)
		case q.Value != nil && values > 1:
			t.Errorf("ParseQuantity(%q) has a value and bounds", s)
		case q.ExclusiveMin && q.MinValue == nil, q.ExclusiveMax && q.MaxValue == nil:
			t.Errorf("ParseQuantity(%q) excludes a bound that it lacks", s)
		}
		if numeric && err == nil && strings.TrimSpace(s) != "" && !strings.ContainsAny(s, "0123456789") {
			t.Errorf("ParseQuantity(%q) found a number without digits", s)
		}
	})
}
