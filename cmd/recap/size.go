// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a number of bytes as people type it: 4096, 500K, 1G, 1GiB.
type byteSize int64

const sizeUnits = "KMGTPE"

// Set implements pflag.Value.
func (b *byteSize) Set(s string) error {
	digits, shift := s, 0
	if short, ok := strings.CutSuffix(strings.ToUpper(s), "IB"); ok {
		digits = short
	}
	if digits != "" {
		if unit := strings.IndexByte(sizeUnits, strings.ToUpper(digits)[len(digits)-1]); unit >= 0 {
			digits, shift = digits[:len(digits)-1], 10*(unit+1)
		} else if digits != s {
			digits = "" // 12iB
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift || strings.HasPrefix(digits, "+") {
		return fmt.Errorf("%q is no size; write bytes, or a number with K, M, G or T", s)
	}
	*b = byteSize(n << shift)
	return nil
}

// String implements pflag.Value.
func (b *byteSize) String() string {
	if *b > 0 && *b%1024 == 0 {
		n, unit := int64(*b)/1024, 0
		for n%1024 == 0 && unit+1 < len(sizeUnits) {
			n, unit = n/1024, unit+1
		}
		return strconv.FormatInt(n, 10) + sizeUnits[unit:unit+1]
	}
	return strconv.FormatInt(int64(*b), 10)
}

// Type implements pflag.Value.
func (b *byteSize) Type() string { return "size" }

// size writes a number of bytes for people: 12 B, 3.4 KiB, 1.2 GiB.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n)/1024, sizeUnits
	for f >= 1023.95 && len(units) > 1 {
		f, units = f/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", f, units[0])
}
