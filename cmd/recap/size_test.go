// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1 << 20: "1.0 MiB", 1<<20 - 1: "1.0 MiB", 3 << 30: "3.0 GiB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestByteSize(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "1": 1, "4096": 4096, "500K": 500 << 10, "500k": 500 << 10, "1G": 1 << 30, "1GiB": 1 << 30, "2t": 2 << 40, "7E": 7 << 60,
	} {
		var got byteSize
		if err := got.Set(in); err != nil || int64(got) != want {
			t.Errorf("%s: got %d, %v, want %d", in, got, err, want)
		}
		var again byteSize
		if err := again.Set(got.String()); err != nil || again != got {
			t.Errorf("%s is written %s, which is read as %d, %v", in, got.String(), again, err)
		}
	}
	for _, in := range []string{"", "G", "-1", "+1", "1.5G", "1GB", "1iB", "iB", "KiB", "8E", "99999999999999999999", "1 G", "0x10", "１"} {
		got := byteSize(7)
		if err := got.Set(in); err == nil || got != 7 {
			t.Errorf("%q is taken for %d", in, got)
		}
	}
}
