// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package near

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// people returns a member that names each of them.
func people(document string, names ...string) Member {
	r := &recap.Recap{}
	for _, name := range names {
		r.Authors = append(r.Authors, recap.Agent{Name: name})
	}
	return Member{document, NamesOf(r, &recap.Glossary{})}
}

// found returns where findings are, and whom they are about, once each is held to
// being what findings of this rule are.
func found(t *testing.T, problems []recap.Problem) []string {
	t.Helper()
	var all []string
	for _, p := range problems {
		if p.Rule != rule.Near || p.Severity != recap.SeverityWarning {
			t.Errorf("got %+v", p)
		}
		about, _, _ := strings.Cut(p.Message, " and ")
		all = append(all, p.Path+": "+about)
	}
	return all
}

// TestLetters: a slip is one letter of a name that has six, in any script.
func TestLetters(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"Mullen", "Muller", true},
		{"Mülle", "Mülli", false}, // five letters, of six bytes
		{"Müller", "Möller", true},
		{"Müller", "Muller", false}, // of one id, so one already
		{"Müller", "Möllar", false},
		{"Ørstein", "Rstein", true},
		{"王小明", "王小昌", false}, // which differ in one byte
		{"Борис Петров", "Борис Петрова", true},
		{"Борис Петров", "Борис Петвор", false},
		{"Борис Петров", "Борис Петрво", true}, // swapped
		{"Борис Петров", "Борис Петрова 2", false},
	} {
		got := found(t, Find([]Member{people("a.md", tt.a), people("b.md", tt.b)}))
		var want []string
		if tt.want {
			want = []string{fmt.Sprintf("b.md: %q (%s)", tt.b, recap.Slug(tt.b))}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s and %s (-want +got):\n%s", tt.a, tt.b, diff)
		}
	}
}

// TestPairsOnce: a pair is found once, however many members name it, in the one
// that fewer know; and in the same order each time.
func TestPairsOnce(t *testing.T) {
	members := []Member{
		people("a.md", "Liz Price", "Amy Stone"), people("b.md", "Lis Price"), people("c.md", "Lis Price", "Liz Price"),
		people("d.md", "LIS PRICE", "Ami Stone"), people("e.md", "Amy Stone", "Liz Prices"),
		people("f.md", "Liz-Price"), people("g.md", "Lis-Price"), // other spellings of the same ids
	}
	want := []string{
		`a.md: "Liz Price" (liz-price)`,
		`e.md: "Liz Prices" (liz-prices)`,
		`d.md: "Ami Stone" (ami-stone)`,
	}
	for range 20 {
		if diff := cmp.Diff(want, found(t, Find(members))); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	if got := Find([]Member{people("a.md", "Liz Price", "Lis Price")}); got != nil {
		t.Errorf("within one recap: got %+v", got)
	}
	if got := Find(nil); got != nil {
		t.Errorf("of nothing: got %+v", got)
	}
}

// TestBounds: so many findings are listed, and of so many names is anything said.
func TestBounds(t *testing.T) {
	slips := func(n int) []Member {
		one, other := make([]string, n), make([]string, n)
		for i := range n {
			// Digits tell names apart, so that there are none; and no two names
			// are alike in all but a letter.
			name := strings.NewReplacer("0", "aaa", "1", "bbb", "2", "ccc", "3", "ddd", "4", "eee", "5", "fff", "6", "ggg", "7", "hhh", "8", "iii", "9", "jjj").Replace(fmt.Sprintf("%04d", i))
			one[i], other[i] = name+"x", name+"y"
		}
		return []Member{people("a.md", one...), people("b.md", other...)}
	}
	for n, want := range map[int]int{maxNear - 1: maxNear - 1, maxNear: maxNear, maxNear + 1: maxNear} {
		if got := len(Find(slips(n))); got != want {
			t.Errorf("%d slips: got %d findings, want %d", n, got, want)
		}
	}
	for n, want := range map[int]int{maxNames: 1, maxNames + 1: 0} {
		// Names too short to be compared, and a slip.
		all := make(Names, n-2)
		for i := range all {
			all[i] = named{group: "entity", id: fmt.Sprint(i), name: fmt.Sprint(i)}
		}
		members := []Member{{"a.md", all}, people("b.md", "Liz Price"), people("c.md", "Lis Price")}
		if got := len(Find(members)); got != want {
			t.Errorf("%d names: got %d findings, want %d", n, got, want)
		}
	}
}
