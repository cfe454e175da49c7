// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/diff/internal/align"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestLines(t *testing.T) {
	numbers := func(from, to int) string {
		var list []string
		for i := from; i < to; i++ {
			list = append(list, strconv.Itoa(i))
		}
		return strings.Join(list, "\n")
	}
	tests := []struct {
		name, a, b string
		want       string // signs and line numbers
	}{
		{"equal", "a\nb", "a\nb", ""},
		{"from nothing", "", "a\nb", "+1 +2"},
		{"to nothing", "a\nb", "", "-1 -2"},
		{"an empty line", "a\n\nb", "a\nb", "-2"},
		{"replaced", "a\nb\nc", "a\nx\nc", "-2 +2"},
		{"at the start", "a\nb", "x\na\nb", "+1"},
		{"at the end", "a\nb", "a\nb\nx", "+3"},
		{"a line that moved", "a\nb\nc\nd", "b\nc\nd\na", "-1 +4"},
		{"of equal lines one", "a\na\na", "a\na", "-3"},
		{"two places", "a\nb\nc\nd\ne", "a\nc\nd\nx\ne", "-2 +4"},
		{"nothing in common", "a\nb", "x\ny\nz", "-1 -2 +1 +2 +3"},
		{"one among many", numbers(0, 5000), strings.Replace(numbers(0, 5000), "\n2500\n", "\nx\n", 1), "-2501 +2501"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, l := range compareLines(section{text: tc.a, first: 1}, section{text: tc.b, first: 1}) {
				got = append(got, sign(l.Change)+strconv.Itoa(l.Line))
			}
			if d := cmp.Diff(tc.want, strings.Join(got, " ")); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
		})
	}
	t.Run("too many to look for the fewest", func(t *testing.T) {
		a, b := numbers(0, 2*align.MaxEdits), numbers(10_000, 10_000+2*align.MaxEdits)
		if got := compareLines(section{text: a, first: 1}, section{text: b, first: 1}); len(got) != 4*align.MaxEdits {
			t.Errorf("%d lines", len(got))
		}
	})
}

// Empty files have one digest and nothing else in common.
func TestEmptyFiles(t *testing.T) {
	empty := func(path string) []recap.File { return []recap.File{{Path: path, Digest: "sha256:e3b0"}} }
	got := compareFiles(empty("a.csv"), empty("b.csv"))
	if len(got) != 2 || got[0].Change != Removed || got[1].Change != Added {
		t.Errorf("got %+v", got)
	}
	same := []recap.File{{Path: "a", Digest: "x", Size: 1}, {Path: "b", Digest: "x", Size: 1}}
	moved := []recap.File{{Path: "c", Digest: "x", Size: 1}, {Path: "d", Digest: "x", Size: 1}, {Path: "e", Digest: "x", Size: 1}}
	got = compareFiles(same, moved)
	if len(got) != 3 || got[0].Was != "a" || got[1].Was != "b" || got[2].Change != Added {
		t.Errorf("got %+v", got)
	}
}

// FuzzLines holds that the lines lead from one text to the other.
func FuzzLines(f *testing.F) {
	f.Add("a\nb\nc", "a\nx\nc")
	f.Add("", "a")
	f.Add("a\n\na\nb\na", "a\nb\n\na")
	f.Add("b\na\nb\na", "a\nb\na\nb")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 2000 || len(b) > 2000 || strings.ContainsFunc(a+b, func(r rune) bool { return r == '\uFFFD' }) {
			t.Skip() // cut may cut what is longer
		}
		changes := compareLines(section{text: a, first: 1}, section{text: b, first: 1})
		lines := strings.Split(a, "\n")
		if a == "" {
			lines = nil
		}
		for i, l := range slices.Backward(changes) {
			if l.Change != Removed {
				continue
			}
			if lines[l.Line-1] != l.Text && len(lines[l.Line-1]) <= maxValue {
				t.Fatalf("change %d removes %q, line %d is %q", i, l.Text, l.Line, lines[l.Line-1])
			}
			lines = slices.Delete(lines, l.Line-1, l.Line)
		}
		for _, l := range changes {
			if l.Change == Added {
				lines = slices.Insert(lines, l.Line-1, strings.Split(b, "\n")[l.Line-1])
			}
		}
		if got := strings.Join(lines, "\n"); got != b {
			t.Fatalf("from %q to %q leads %q by %v", a, b, got, changes)
		}
	})
}

func TestCut(t *testing.T) {
	long := strings.Repeat("a", 10*maxValue)
	for _, tc := range []struct{ name, a, b, wantA, wantB string }{
		{"short", "a", "b", "a", "b"},
		{"far behind", long + "x", long + "y", "…" + strings.Repeat("a", 60) + "x", "…" + strings.Repeat("a", 60) + "y"},
		{"at the start", "x" + long, "y" + long, "x" + long[:maxValue-1] + "…", "y" + long[:maxValue-1] + "…"},
		{"one is the start", long, long + "b", "…" + strings.Repeat("a", 60), "…" + strings.Repeat("a", 60) + "b"},
		{"within a character", strings.Repeat("é", maxValue) + "ax", strings.Repeat("é", maxValue) + "ay", "…" + strings.Repeat("é", 30) + "ax", "…" + strings.Repeat("é", 30) + "ay"},
		{"the end within a character", "x" + strings.Repeat("é", maxValue), "y", "x" + strings.Repeat("é", maxValue/2-1) + "…", "y"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, b := cutBoth(tc.a, tc.b)
			if a != tc.wantA || b != tc.wantB {
				t.Errorf("got %q and %q", a, b)
			}
		})
	}
	if got := cut(long); got != long[:maxValue]+"…" {
		t.Errorf("cut to %d bytes", len(got))
	}
	if exact("/"+long) != "" || exact("/a") != "/a" {
		t.Error("a pointer was cut")
	}
}
