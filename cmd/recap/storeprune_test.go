// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"0": 0, "0d": 0, "1d": 24 * time.Hour, "30d": 720 * time.Hour, "12h": 12 * time.Hour, "36h": 36 * time.Hour, "90m": 90 * time.Minute, "106751d": 106751 * 24 * time.Hour,
	} {
		var got age
		if err := got.Set(in); err != nil || time.Duration(got) != want {
			t.Errorf("%s: got %s, %v, want %s", in, time.Duration(got), err, want)
		}
		var again age
		if err := again.Set(got.String()); err != nil || again != got {
			t.Errorf("%s is written %s, which is read as %s, %v", in, got.String(), time.Duration(again), err)
		}
	}
	for _, in := range []string{"", "d", "30", "-1d", "-1h", "+1d", "1.5d", "106752d", "99999999999999d", "1 d", "30D", "1w"} {
		got := age(7)
		if err := got.Set(in); err == nil || got != 7 {
			t.Errorf("%q is taken for %s", in, time.Duration(got))
		}
	}
}
