// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/rule"
)

// writeMany writes a pack of n recaps of three files, about 94 KB each.
func writeMany(t testing.TB, n int) *os.Root {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("pack.yaml", []byte("name: many\nversion: 1.0.0\nmembers: [./recaps/*]\n"))
	paragraph := strings.Repeat("Twelve talks were about what nobody had time for the year before. ", 12)
	for i := range n {
		var b strings.Builder
		fmt.Fprintf(&b, "---\ntitle: Recap number %d\ndate: 2026-03-%02d\nauthor: Person %s\nrecap:\n  license: CC-BY-4.0\n  event: {id: event-%d, name: Event %d, startDate: 2026-03-%02d}\n  sessions:\n", i, i%28+1, word(i), i/10, i/10, i%28+1)
		for j := range 10 {
			fmt.Fprintf(&b, "    - {id: s%d, title: Session %d of %d, speakers: Speaker %s (Company %s)}\n", j, j, i, word(i*10+j), word(j))
		}
		fmt.Fprintf(&b, "  observations:\n    - {property: attendance, value: \"%d\", unit: people}\n  media:\n    - {src: media/hall.jpg, alt: The hall}\n    - {src: data/count.csv}\n---\n\n", 1000+i/10)
		for j := range 6 {
			fmt.Fprintf(&b, "## Part %d\n\n%s%d\n\n", j, paragraph, i)
		}
		at := fmt.Sprintf("recaps/r%04d/", i)
		write(at+"index.md", []byte(b.String()))
		write(at+"media/hall.jpg", append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte(fmt.Sprintf("%016d", i)), 84<<10/16)...))
		write(at+"data/count.csv", []byte(strings.Repeat(fmt.Sprintf("day,%d\n", i), 200)))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// word spells a number with letters, so that names differ by more than digits.
func word(n int) string {
	s := "x"
	for ; n > 0; n /= 7 {
		s += []string{"ba", "ko", "li", "mu", "ne", "ro", "ta"}[n%7]
	}
	return s
}

// watch samples how much memory the process holds until stop is called, which
// returns the most that it saw.
func watch() (stop func() uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(samples)
			peak = max(peak, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			select {
			case <-done:
				most <- peak
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 { close(done); return <-most }
}

// A pack of a thousand recaps is built in 256 MiB, without any of its 94 MB of
// files being held.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 94 MB")
	}
	count := 1000
	if raced {
		count = 50 // side by side is all that is looked at then
	}
	root := writeMany(t, count)
	stop := watch()
	built, err := pack.Build(t.Context(), root.FS(), nil, pack.Options{})
	peak := stop()
	if err != nil {
		t.Fatal(err, built.Problems[:min(5, len(built.Problems))])
	}
	if got := len(built.Graph.Pack().Meta.Members); got != count {
		t.Errorf("%d members", got)
	}
	if peak > 256<<20 {
		t.Errorf("the process held %d MiB; 256 are allowed", peak>>20)
	}
	t.Logf("%d MiB at most", peak>>20)
}

func BenchmarkBuild(b *testing.B) {
	root := writeMany(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pack.Build(b.Context(), root.FS(), nil, pack.Options{Level: rule.LevelValid}); err != nil {
			b.Fatal(err)
		}
	}
}
