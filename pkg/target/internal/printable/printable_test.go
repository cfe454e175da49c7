// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package printable

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestPrintable(t *testing.T) {
	long := strings.Repeat("é", 400) // two bytes each
	for _, tt := range []struct{ name, got, want string }{
		{"quote", Quote("a b"), `"a b"`},
		{"quote, control characters", Quote("a\x1b[2J\u202e"), `"a\x1b[2J\u202e"`},
		{"quote, cut between runes", Quote("x" + long), `"x` + strings.Repeat("é", 99) + `…"`},
		{"line", Line("a\n  b\t\x07"), `a b \x07`},
		{"line, cut between runes", Line("x" + long), "x" + strings.Repeat("é", 249) + "…"},
		{"digest", Digest(digest.FromString("")), "sha256:e3b0c44298fc"},
		{"digest, the longer one", Digest(digest.SHA512.FromString("")), "sha512:cf83e1357eef"},
		{"digest that is none", Digest("sha256:\x1bx"), `"sha256:\x1bx"`},
		{"digest that is short", Digest("sha256:e3b0"), `"sha256:e3b0"`},
		{"digest of nobody's", Digest(digest.Digest("md5:" + strings.Repeat("a", 32))), `"md5:` + strings.Repeat("a", 32) + `"`},
		{"digest of nothing", Digest(""), `""`},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}
