// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRenderMarkdown(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"wraps", "One two three four five six seven.\n", "One two three four\nfive six seven.\n"},
		{"soft and hard breaks", "a\nb  \nc\n", "a b\nc\n"},
		{"heading and paragraph", "# A *fine* day\n\nText.\n", "# A fine day\n\nText.\n"},
		{"emphasis inside a word", "un*frigging*believable `code`.\n", "unfriggingbelievable\ncode.\n"},
		{"list", "- a\n- b\n  - c\n", "• a\n• b\n  • c\n"},
		{"numbers", "3. a\n4. b\n", "3. a\n4. b\n"},
		{"loose list", "- a\n\n- b\n", "• a\n\n• b\n"},
		{"quote", "> a\n>\n> b\n", "│ a\n│\n│ b\n"},
		{"code", "```go\nx  :=  1\n```\n", "    x  :=  1\n"},
		{"link", "[here](https://example.com)!\n", "here\n(https://example.com)!\n"},
		{"image", "![A chart](c.svg)\n", "[image: A chart]\n(c.svg)\n"},
		{"table", "| a | bcd |\n|---|---|\n| long | x |\n", "a     bcd\n────  ───\nlong  x\n"},
		{"wide characters", "| 東京 | b |\n|---|---|\n| a | b |\n", "東京  b\n────  ─\na     b\n"},
		{"html", "<b>x</b> y\n", "<b>x</b> y\n"},
		{"rule", "a\n\n---\n\nb\n", "a\n\n────────────────────\n\nb\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, renderMarkdown(tt.in, 20, false)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRenderColours(t *testing.T) {
	got := renderMarkdown("# A\n\n**b** c\n", 40, true)
	if want := "\x1b[1;36mA\x1b[0m\n\n\x1b[1mb\x1b[0m c\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzRenderMarkdown: whatever a document holds, the only escape sequences that
// reach a terminal are our own colours.
func FuzzRenderMarkdown(f *testing.F) {
	f.Add("# A\n\n- b\n  > c\n\n| d |\n|---|\n| e |\n\n![x](y) <z> `q`")
	colour := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4096 {
			return
		}
		got := renderMarkdown(safeText(s), 30, true)
		if strings.ContainsRune(colour.ReplaceAllString(got, ""), 0x1b) {
			t.Fatalf("%q draws %q", s, got)
		}
	})
}
