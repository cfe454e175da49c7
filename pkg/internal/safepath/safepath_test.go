// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package safepath

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestCheck(t *testing.T) {
	safe := []string{
		"index.md", "images/a.png", "a", ".hidden", "..a", "a..b", "...a", "a b.txt", "a~b", "file~", "1", "CONSOLE", "com", "COM10",
		"com1x.md", "lpt", "nulls.md", "console/aux1", "git", "a.git", ".gitignore", ".github/x", "ÄÖÜ.md", "日本語/資料.pdf", "é.png",
		"Screenshot 2024-03-19 at 9.41.00\u202fAM.png", "a-b", "a$b", "a%20b", "(1).png", "#1", "a=b", "a,b;c", "it's", "[x]", "😀.png",
		"a~12345678.txt", "x~y", "README~1.md.txt",
		strings.Repeat("x", recap.MaxPathComponent),
		strings.TrimSuffix(strings.Repeat("x/", recap.MaxPathDepth), "/"),
		strings.Repeat(strings.Repeat("x", 127)+"/", 7) + strings.Repeat("x", 128), // 1,024 bytes
	}
	for _, p := range safe {
		if err := Check(p); err != nil {
			t.Errorf("Check(%.60q) = %v, want nil", p, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name string
		path string
		want string
	}{
		{"empty", "", "is empty"},
		{"dot", ".", `component "."`},
		{"dot dot", "..", `component ".."`},
		{"parent", "../x", `component ".."`},
		{"parent twice", "../../x", `component ".."`},
		{"parent inside", "a/../../b", `component ".."`},
		{"alias by parent", "b/../a", `component ".."`},
		{"parent at the end", "a/..", `component ".."`},
		{"alias by dot", "./a", `component "."`},
		{"dot inside", "a/./b", `component "."`},
		{"root", "/", "is absolute"},
		{"absolute", "/etc/passwd", "is absolute"},
		{"double slash", "//host/share", "is absolute"},
		{"empty component", "a//b", "empty component"},
		{"trailing slash", "a/", "empty component"},
		{"drive", `C:\x`, "colon"},
		{"drive, relative", "C:x", "colon"},
		{"drive, slash", "c:/x", "colon"},
		{"UNC", `\\srv\share\x`, "backslash"},
		{"device namespace", `\\?\C:\x`, "backslash"},
		{"parent by backslash", `a\..\..\b`, "backslash"},
		{"rooted backslash", `\x`, "backslash"},
		{"stream", "a.md:stream", "colon"},
		{"stream of data", "a.md::$DATA", "colon"},
		{"less than", "a<b", "Windows refuses"},
		{"greater than", "a>b", "Windows refuses"},
		{"quote", `a"b`, "Windows refuses"},
		{"pipe", "a|b", "Windows refuses"},
		{"question mark", "a?b", "Windows refuses"},
		{"star", "a*b", "Windows refuses"},
		{"NUL", "a\x00b", "control character (U+0000)"},
		{"newline", "a\nb", "control character (U+000A)"},
		{"carriage return", "a\rb", "control character"},
		{"tab", "a\tb", "control character"},
		{"escape", "a\x1b[2Jb", "control character (U+001B)"},
		{"DEL", "a\x7fb", "control character"},
		{"C1", "a\u009bb", "control character (U+009B)"},
		{"next line", "a\u0085b", "control character"},
		{"line separator", "a\u2028b", "control character"},
		{"paragraph separator", "a\u2029b", "control character"},
		{"right-to-left override", "a\u202egpj.exe", "can't be seen (U+202E)"},
		{"isolate", "a\u2066b", "can't be seen"},
		{"Arabic letter mark", "a\u061cb", "can't be seen"},
		{"left-to-right mark", "a\u200eb", "can't be seen"},
		{"zero-width space", "a\u200bb", "can't be seen"},
		{"zero-width non-joiner", "a\u200cb", "can't be seen"},
		{"zero-width joiner", "a\u200db", "can't be seen"},
		{"word joiner", "a\u2060b", "can't be seen"},
		{"byte order mark", "\ufeffa", "can't be seen"},
		{"soft hyphen", "a\u00adb", "can't be seen"},
		{"grapheme joiner", "a\u034fb", "can't be seen"},
		{"Hangul filler", "a\u3164b", "can't be seen"},
		{"variation selector", "a\ufe0fb", "can't be seen"},
		{"variation selector of the supplement", "a\U000e0100b", "can't be seen"},
		{"tag character", "a\U000e0041b", "can't be seen (U+E0041)"},
		{"private use", "a\uf03ab", "without a meaning"},
		{"noncharacter", "a\uffffb", "without a meaning"},
		{"not UTF-8", "a\xffb", "is not UTF-8"},
		{"surrogate as UTF-8", "a\xed\xa0\x80b", "is not UTF-8"},
		{"overlong slash", "a\xc0\xafb", "is not UTF-8"},
		{"NFD", "e\u0301.md", "NFC"},
		{"singleton", "\u212b.md", "NFC"}, // the Ångström sign
		{"Hangul in jamo", "\u1112\u1161\u11ab.md", "NFC"},
		{"trailing dot", "a.", "ends in a dot"},
		{"trailing dot of a directory", "a./b", "ends in a dot"},
		{"three dots", "...", "ends in a dot"},
		{"trailing space", "a ", "space at its end"},
		{"trailing space of a directory", "a /b", "space at its end"},
		{"trailing no-break space", "a\u00a0", "space at its end"},
		{"leading space", " a", "space at its end or start"},
		{"space only", "a/ /b", "space at its end"},
		{"leading hyphen", "-rf", "option"},
		{"leading hyphen inside", "a/--help", "option"},
		{"home", "~", "expand"},
		{"home of somebody", "~root/x", "expand"},
		{"variable", "$HOME/x", "expand"},
		{"device", "CON", "device"},
		{"device in lower case", "aux", "device"},
		{"device with extension", "nul.txt", "device"},
		{"device with two", "prn.tar.gz", "device"},
		{"device as a directory", "a/NUL/b", "device"},
		{"device, spaces, extension", "con  .txt", "device"},
		{"serial port", "COM1", "device"},
		{"serial port 0", "com0", "device"},
		{"serial port, superscript", "COM¹.md", "device"},
		{"printer port, superscript", "lpt³", "device"},
		{"printer port", "LPT9.x", "device"},
		{"console input", "CONIN$", "device"},
		{"console output", "conout$.md", "device"},
		{"clock", "CLOCK$", "device"},
		{"short name", "RECAP~1", "short name"},
		{"short name of .git", "a/git~1/config", "short name"},
		{"short name with extension", "POLICY~2.YAM", "short name"},
		{"git", ".git/config", "version control"},
		{"git in upper case", "a/.GIT", "version control"},
		{"git in mixed case", ".Git/hooks/x", "version control"},
		{"mercurial", ".hg/hgrc", "version control"},
		{"component of 256 bytes", long(recap.MaxPathComponent + 1), "longer than 255"},
		{"depth 33", strings.Repeat("x/", recap.MaxPathDepth) + "x", "deeper than 32"},
		{"depth 1000", strings.Repeat("x/", 500) + "x", "deeper than 32"},
		{"1025 bytes", strings.Repeat(long(127)+"/", 8) + "x", "longer than 1024"},
		{"a million bytes", long(1 << 20), "longer than 1024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(tt.path)
			if err == nil {
				t.Fatalf("Check(%.60q) = nil, want an error", tt.path)
			}
			checkError(t, err, "unsafe-path", tt.want)
			if err := CheckSet([]string{"ok", tt.path}); err == nil {
				t.Error("CheckSet accepts it")
			}
		})
	}
}

// checkError holds an error to its kind, its code, what it says, and to saying
// it in printable characters and in few of them.
func checkError(t *testing.T, err error, code, want string) {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != recap.Unsafe || e.Code != code {
		t.Errorf("error %v is not of kind unsafe and code %s", err, code)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q doesn't say %q", err, want)
	}
	if len(err.Error()) > 2000 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
	for _, r := range err.Error() {
		if !unicode.IsPrint(r) {
			t.Errorf("error %q holds %U as it is", err, r)
		}
	}
}

func TestCheckSet(t *testing.T) {
	tests := []struct {
		name  string
		paths []string
		want  string // empty where they get along
	}{
		{"none", nil, ""},
		{"apart", []string{"index.md", "images/a.png", "images/b.png", "data/a.png"}, ""},
		{"a prefix that is no directory", []string{"a", "a.b", "a-b/c"}, ""},
		{"dotless i", []string{"kapi.png", "kapı.png"}, ""},
		{"twice", []string{"a", "b", "a"}, `"a" is there twice`},
		{"case", []string{"A.md", "a.md"}, `"A.md" and "a.md" are one file`},
		{"case of a directory", []string{"DIR/x", "dir/y"}, `"DIR" and "dir" are one`},
		{"case of a directory deep down", []string{"a/B/c/x", "a/b/d/y"}, `"a/B" and "a/b" are one`},
		{"case beyond ASCII", []string{"ÄRGER", "ärger"}, "are one file"},
		{"sigma", []string{"ΟΔΟΣ", "οδος"}, "are one file"},
		{"long s", []string{"ſ.md", "s.md"}, "are one file"},
		{"sharp s", []string{"straße.md", "STRASSE.md"}, "are one file"},
		{"Kelvin sign's letter", []string{"k", "K"}, "are one file"},
		{"ligature", []string{"ﬁle", "FILE"}, "are one file"},
		{"file and directory", []string{"a", "a/b"}, `"a" is a file, and the directory of "a/b"`},
		{"directory and file", []string{"a/b/c", "a/b"}, `"a/b" is a file, and "a/b" a directory`},
		{"file and directory by case", []string{"A", "a/b"}, `"A" is a file, and the directory of "a/b"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckSet(tt.paths)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("CheckSet = %v, want nil", err)
			case tt.want != "" && err == nil:
				t.Error("CheckSet = nil, want an error")
			case tt.want != "":
				checkError(t, err, "path-collision", tt.want)
			}
		})
	}
}

func TestReserved(t *testing.T) {
	reserved := []string{
		"recap.policy.yaml", "Recap.Policy.YAML", "a/b/recap.policy.yaml", "recap.lock", "recap.lock/x", "trusted_root.json",
		"TRUSTED_ROOT.json", "truſted_root.json", ".recap", ".recap/receipt.json", "a/.RECAP-old/x", ".recaprc",
	}
	for _, p := range reserved {
		if !Reserved(p) {
			t.Errorf("Reserved(%q) = false", p)
		}
	}
	free := []string{"recap.yaml", "recap", "recap.policy.yml", "policy.yaml", "my.recap", "a.recap/x", "recap.lock.md", "trusted-root.json", ".reca"}
	for _, p := range free {
		if Reserved(p) {
			t.Errorf("Reserved(%q) = true", p)
		}
	}
}

// Every letter is one name with its other cases, by the simple folding that case-
// insensitive systems agree on, and folding twice is folding once.
func TestFold(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := fold(string(r))
		if again := fold(folded); again != folded {
			t.Errorf("%U folds to %+q and that to %+q", r, folded, again)
		}
		if other := unicode.SimpleFold(r); other != r && fold(string(other)) != folded {
			t.Errorf("%U and %U are two names", r, other)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"index.md", "../x", "a/./b", "C:x", "nul.txt", "é", "a\u202eb", ".git", "RECAP~1", "a\xffb", "$x", " ", "Ꮜ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if err := Check(p); err != nil {
			checkError(t, err, "unsafe-path", "path ")
			return
		}
		switch {
		case !filepath.IsLocal(filepath.FromSlash(p)), filepath.ToSlash(filepath.Clean(p)) != p:
			t.Errorf("%q is safe, and not local or not clean", p)
		case !utf8.ValidString(p), !norm.NFC.IsNormalString(p):
			t.Errorf("%q is safe, and not NFC", p)
		case strings.ContainsAny(p, "\\:\x00\x1b\n"):
			t.Errorf("%q is safe", p)
		}
		if err := CheckSet([]string{p}); err != nil {
			t.Errorf("%q is safe by itself only: %v", p, err)
		}
		if strings.ToLower(p) != p && CheckSet([]string{p, strings.ToLower(p)}) == nil && Check(strings.ToLower(p)) == nil &&
			strings.EqualFold(p, strings.ToLower(p)) {
			t.Errorf("%q and its lower case are two files", p)
		}
	})
}
