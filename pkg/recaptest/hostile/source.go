// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/recap"
)

// Source is a directory of somebody's that was meant to be a recap or a
// pack, or to look like one.
type Source struct {
	Input

	// Make makes the directory. [errors.ErrUnsupported]: this system has no such
	// thing.
	Make func(dir string) error
}

// Sources returns directories that must not be packed, or not as they are.
func Sources() []Source {
	return slices.Concat(files(), frontMatter(), manuscripts())
}

// tree makes a directory of text files.
func tree(files map[string]string) func(dir string) error {
	return func(dir string) error {
		for name, text := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
				return err
			}
		}
		return nil
	}
}

// post is a document that links to nothing.
const post = "---\ntitle: A trap\nrecap:\n  event: FOSDEM 2024\n---\nWhat I saw.\n"

// files are good documents among files that aren't.
func files() []Source {
	row := func(name, check, want string, make func(dir string) error) Source {
		exceptions := but("check", check, "fmt", "0")
		if check == "0" {
			exceptions = but("fmt", "0")
		}
		return Source{Input{Name: name, Want: want, But: exceptions}, func(dir string) error {
			return errors.Join(tree(map[string]string{"index.md": post})(dir), make(dir))
		}}
	}
	link := func(name, to string) func(string) error {
		return func(dir string) error {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
				return err
			}
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
			}
			return nil
		}
	}
	file := func(name string) func(string) error { return tree(map[string]string{name: "harm"}) }
	const linked = "8 symlink-in-source"
	rows := []Source{
		row("a link out", "1 R101", linked, link("x.txt", "/etc/passwd")),
		row("a link out, relative", "1 R101", linked, link("x.txt", "../../k.key")),
		row("a link within", "1 R101", linked, link("x.txt", "index.md")),
		row("a link to nothing", "1 R101", linked, link("x.txt", "nothing")),
		row("a link to itself", "1 R101", linked, link("x.txt", "x.txt")),
		row("a link to the directory", "1 R101", linked, link("x", ".")),
		row("a link to everything", "1 R101", linked, link("x", "/")),
		row("a link to memory", "1 R101", linked, link("x.txt", "/proc/self/mem")),
		row("a link in a directory", "1 R101", linked, link("a/b/x.txt", "../../../../k.key")),
		row("a policy", "1 R106", "8 reserved-name", file("recap.policy.yaml")),
		row("a policy in capitals, below", "1 R106", "8 reserved-name", file("a/RECAP.Policy.YAML")),
		row("a lock", "1 R106", "8 reserved-name", file("recap.lock")),
		row("a trusted root", "1 R106", "8 reserved-name", file("trusted_root.json")),
		row("what a pull left", "0", "0", file(".recap/receipt.json")),
		row("state of no pull", "1 R106", "8 reserved-name", file(".recap/incomplete")),
		row("a .git", "0", "0", file(".git/config")),
		row("a key and a password", "1 R", "8 private-key", tree(map[string]string{"id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\n", ".env": "PASSWORD=x"})),
		row("a recap within", "1 R110", "8 nested-recap", tree(map[string]string{"a/index.md": post})),
		row("names that differ in case", "1 R101", "8 path-collision", func(dir string) error {
			if err := tree(map[string]string{"A.txt": "1", "a.txt": "2"})(dir); err != nil {
				return err
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) < 3 {
				return errors.Join(err, errors.ErrUnsupported)
			}
			return nil
		}),
		row("directories 33 deep", "1 R10", "8 too-deep", file(strings.Repeat("a/", 33)+"b")),
		row("a file of a terabyte", "1 R1", "8 too-large", func(dir string) error { return hole(filepath.Join(dir, "x.bin"), 1<<40) }),
		heavySource(row("1,001 files", "1 R1", "8 too-many-files", func(dir string) error {
			for i := range recap.MaxLayers {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d", i)), []byte{'x'}, 0o600); err != nil {
					return err
				}
			}
			return nil
		})),
		heavySource(row("12,000 files", "1 R1", "8 too-many-files", func(dir string) error {
			for i := range 12_000 {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d", i)), nil, 0o600); err != nil {
					return err
				}
			}
			return nil
		})),
		heavySource(row("12,000 directories", "1 R1", "8 too-many-files", func(dir string) error {
			for i := range 12_000 {
				if err := os.Mkdir(filepath.Join(dir, fmt.Sprintf("%05d", i)), 0o700); err != nil {
					return err
				}
			}
			return nil
		})),
		row("a pipe", "1 R108", "8 not-a-regular-file", func(dir string) error { return special(dir, "x.txt", "pipe") }),
		row("a socket", "1 R108", "8 not-a-regular-file", func(dir string) error { return special(dir, "x.txt", "socket") }),
		row("a directory called as an image", "0", "0", file("x.png/a.txt")),
	}
	if runtime.GOOS == "linux" { // elsewhere the system refuses most of them first
		for _, p := range Paths() {
			base := filepath.Base(p.Path)
			if strings.ContainsAny(p.Path, "\x00") || base != p.Path || strings.HasPrefix(p.Path, ".") || p.Path == "" || len(p.Path) > 255 {
				continue
			}
			rows = append(rows, row("a file with a name: "+p.Name, "1 R101", "8 unsafe-path", file(p.Path)))
		}
	}
	return rows
}

func heavySource(s Source) Source {
	s.Heavy = true
	return s
}

// frontMatter are documents whose front matter has no meaning, two, or too
// much.
func frontMatter() []Source {
	text := func(name, rule, document string) Source {
		want := Input{Name: "front matter: " + name, Want: "1 check-failed", But: but("check", "1 "+rule)}
		switch {
		case strings.HasPrefix(document, "+++"):
			want.But["fmt"] = "2 fmt-toml"
		case !strings.HasPrefix(document, "---\n") && !strings.HasPrefix(document, "{") && utf8.ValidString(document):
			want.But["fmt"] = "1 no-front-matter"
		}
		if rule == "" {
			want.Want, want.But = "0", nil
		}
		return Source{want, tree(map[string]string{"index.md": document})}
	}
	yaml := func(name, rule, lines string) Source {
		return text(name, rule, "---\ntitle: A trap\nrecap:\n  event: FOSDEM 2024\n"+lines+"---\nWhat I saw.\n")
	}
	heavy := func(s Source) Source { s.Heavy = true; return s }
	tidied := func(s Source) Source { s.But["fmt"] = "0"; return s } // what it says is left as it is
	tooLarge := func(s Source) Source {
		s.Want = "8 too-large"
		delete(s.But, "fmt")
		return s
	}
	const syntax = "R004"
	return []Source{
		text("none", "R", "What I saw.\n"),
		text("nothing at all", "R", ""),
		text("no end", "R", "---\ntitle: A trap\nrecap:\n  event: FOSDEM 2024\n\nWhat I saw.\n"),
		text("UTF-16", "R001", "\xff\xfe-\x00-\x00-\x00\n\x00"),
		text("Latin-1", "R001", "---\ntitle: Caf\xe9\nrecap:\n  event: FOSDEM 2024\n---\nx\n"),
		text("NUL", "R", "---\ntitle: A\x00trap\nrecap:\n  event: FOSDEM 2024\n---\nx\n"),
		tidied(text("a byte order mark", "R001", "\xef\xbb\xbf"+post)),
		text("CRLF", "", strings.ReplaceAll(post, "\n", "\r\n")),
		text("CR alone", "R", strings.ReplaceAll(post, "\n", "\r")),
		yaml("an alias bomb", syntax, "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f]\n"),
		yaml("an alias of itself", syntax, "a: &a [*a]\n"),
		yaml("a merge", syntax, "a: &a {title: B}\n<<: *a\n"),
		yaml("a merge without an anchor", syntax, "<<: {title: B}\n"),
		yaml("an anchor alone", syntax, "a: &a x\n"),
		yaml("a tag", syntax, "a: !!python/object:os.system x\n"),
		yaml("a tag of YAML's", syntax, "a: !!binary aGFybQ==\n"),
		yaml("a key twice", "R", "title: B\n"),
		yaml("a key twice below", "R", "x:\n  a: 1\n  a: 2\n"),
		yaml("a key that is a list", "R", "? [a, b]\n: c\n"),
		yaml("a key that is null", "", "~: c\n"),
		yaml("two documents", "R", "...\n%YAML 1.2\n"),
		yaml("tabs", "R", "x:\n\ta: 1\n"),
		yaml("a title that is a list", "R", "slug: [a]\n"),
		yaml("a slug that leads out", "R", "slug: ../x\n"),
		yaml("a slug of a device", "R", "slug: CON\n"),
		tidied(yaml("a slug of the catalog", "R", "slug: catalog\n")),
		tidied(yaml("a date that is none", "R", "date: 2026-13-45\n")),
		tidied(yaml("a date in the year 0", "R", "date: 0000-00-00\n")),
		yaml("a version that YAML shortens", "", "version: 1.10\n"),
		yaml("Norway", "", "tags: [no, yes, on, off, 1.10, 0x10, null, ~]\n"),
		yaml("a list for a date", "R", "lastmod: [1]\n"),
		heavy(yaml("10,000 brackets", "R", "x: "+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"\n")),
		heavy(yaml("100,000 open brackets", "R", "x: "+strings.Repeat("[", 100_000)+"\n")),
		heavy(yaml("100,000 open braces", "R", "x: "+strings.Repeat("{a: ", 60_000)+"\n")),
		heavy(yaml("100,000 dashes", "R", "x:\n  "+strings.Repeat("- ", 100_000)+"\n")),
		heavy(yaml("100,000 questions", "R", "x:\n  "+strings.Repeat("? ", 100_000)+"\n")),
		heavy(yaml("80,000 tags", "R", "tags: ["+strings.Repeat("a,", 80_000)+"b]\n")),
		heavy(yaml("30,000 keys", "", func() string {
			var b strings.Builder
			for i := range 30_000 {
				fmt.Fprintf(&b, "k%d:\n", i)
			}
			return b.String()
		}())),
		heavy(yaml("a block scalar of 250 KB", "", "x: |\n"+strings.Repeat("  a\n", 60_000))),
		heavy(text("80,000 observations of nothing", "R", "---\ntitle: A trap\nrecap:\n  event: FOSDEM 2024\n  observations: ["+strings.Repeat("{},", 80_000)+"{}]\n---\nx\n")),
		heavy(text("80,000 entities of nothing", "R", "{\"title\": \"a\", \"recap\": {\"event\": \"x\", \"observations\": ["+strings.Repeat("{},", 80_000)+"{}]}}\n\nx\n")),
		heavy(yaml("an integer of 200 KB", "", "x: "+strings.Repeat("9", 200_000)+"\n")),
		heavy(yaml("300 KB", "R", "x: "+strings.Repeat("a", 300_000)+"\n")),
		tooLarge(heavy(text("100 MiB", "R", "---\ntitle: A trap\n"+strings.Repeat("x", 100<<20)))),
		heavy(text("quotes that never end", "R", "---\ntitle: \""+strings.Repeat("\\\"", 100_000)+"\n---\n")),
		text("TOML, a key twice", "R", "+++\ntitle = 'a'\ntitle = 'b'\n[recap]\nevent = 'x'\n+++\nx\n"),
		text("TOML, a table twice", "R", "+++\ntitle = 'a'\n[recap]\nevent = 'x'\n[recap]\n+++\nx\n"),
		heavy(text("TOML, dotted keys", "R", "+++\ntitle = 'a'\n"+strings.Repeat("a.", 50_000)+"b = 1\n[recap]\nevent = 'x'\n+++\nx\n")),
		heavy(text("TOML, nested tables", "R", "+++\ntitle = 'a'\nx = "+strings.Repeat("{a=", 50_000)+"1"+strings.Repeat("}", 50_000)+"\n[recap]\nevent = 'x'\n+++\nx\n")),
		heavy(text("TOML, brackets", "R", "+++\ntitle = 'a'\nx = "+strings.Repeat("[", 100_000)+"\n+++\nx\n")),
		heavy(text("TOML, a table under 20,000 names", "R", "+++\ntitle = 'a'\n"+strings.Repeat("[[x.y]]\n", 20_000)+"+++\nx\n")),
		text("JSON, a key twice", "R", "{\"title\": \"a\", \"title\": \"b\", \"recap\": {\"event\": \"x\"}}\n\nx\n"),
		text("JSON, keys of two cases", "R", "{\"title\": \"a\", \"Title\": \"b\", \"recap\": {\"event\": \"x\"}}\n\nx\n"),
		text("JSON, half a surrogate", "R", "{\"title\": \"a\\ud800\", \"recap\": {\"event\": \"x\"}}\n\nx\n"),
		text("JSON, a number beyond all", "R", "{\"title\": \"a\", \"x\": 1e999999999, \"recap\": {\"event\": \"x\"}}\n\nx\n"),
		heavy(text("JSON, brackets", "R", "{\"title\": \"a\", \"x\": "+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+", \"recap\": {\"event\": \"x\"}}\n\nx\n")),
		heavy(text("JSON, braces", "R", strings.Repeat("{\"a\":", 50_000))),
		{Input{Name: "facts in two places", Want: "1 check-failed", But: but("check", "1 R", "fmt", "0")}, tree(map[string]string{"index.md": post, "recap.yaml": "event: Another\n"})},
		{Input{Name: "a bomb in recap.yaml", Want: "1 check-failed", But: but("check", "1 R")}, tree(map[string]string{"index.md": "---\ntitle: A trap\n---\nx\n", "recap.yaml": "event: &a [*a]\n"})},
		{Input{Name: "a document that is a directory", Want: "3 no-document", But: but("fmt", "8 not-a-regular-file")}, func(dir string) error { return os.MkdirAll(filepath.Join(dir, "index.md"), 0o755) }},
		{Input{Name: "a document that is a pipe", Want: "8 not-a-regular-file", But: but("check", "1 R108", "fmt", "8 not-a-regular-file")}, func(dir string) error { return special(dir, "index.md", "pipe") }},
		{Input{Name: "a document that is a link", Want: "8 symlink-in-source", But: but("check", "1 R101", "fmt", "8 not-a-regular-file")}, func(dir string) error {
			if os.Symlink("/etc/passwd", filepath.Join(dir, "index.md")) != nil {
				return errors.ErrUnsupported
			}
			return nil
		}},
		{Input{Name: "a document of a terabyte", Want: "8 too-large", But: but("check", "1 R1", "fmt", "8 too-large")}, func(dir string) error { return hole(filepath.Join(dir, "index.md"), 1<<40) }},
	}
}

// manuscripts are packs that reach for what isn't theirs.
func manuscripts() []Source {
	row := func(name, want, yaml string, files map[string]string) Source {
		exceptions := but("check", "1 ", "fmt", "3 not-found") // fmt is for documents
		if !strings.HasPrefix(want, "1") {
			exceptions["check"] = "0" // it resolves nothing
		}
		return Source{Input{Name: "pack.yaml: " + name, Want: want, But: exceptions}, func(dir string) error {
			all := map[string]string{"pack.yaml": yaml, "a/index.md": post}
			for name, text := range files {
				all[name] = text
			}
			return tree(all)(dir)
		}}
	}
	yaml := func(lines string) string {
		return "apiVersion: recap/v1\nkind: Pack\nname: traps\nversion: 1.0.0\n" + lines
	}
	return []Source{
		row("empty", "1 check-failed", "", nil),
		row("a list", "1 check-failed", "[]\n", nil),
		row("an alias of itself", "1 check-failed", yaml("members: &a [*a]\n"), nil),
		row("a key twice", "1 check-failed", yaml("members: [a]\nmembers: [b]\n"), nil),
		row("members above", "1 check-failed", yaml("members: [../../source]\n"), nil),
		row("members anywhere", "1 check-failed", yaml("members: [/etc]\n"), nil),
		row("members above by a pattern", "1 check-failed", yaml("members: ['../*']\n"), nil),
		row("members by a pattern that explodes", "1 check-failed", yaml("members: ['"+strings.Repeat("**/", 60)+"x']\n"), nil),
		row("a member by a scheme", "1 check-failed", yaml("members: ['file:///etc/passwd']\n"), nil),
		row("a member in a layout that is none", "3 not-a-layout", yaml("members: ['oci-layout:///etc:v1']\n"), nil),
		row("a name that leads out", "1 check-failed", strings.Replace(yaml("members: [a]\n"), "traps", "../x", 1), nil),
		row("a name of a device", "1 check-failed", strings.Replace(yaml("members: [a]\n"), "traps", "CON", 1), nil),
		row("a version with build metadata", "1 check-failed", strings.Replace(yaml("members: [a]\n"), "1.0.0", "1.0.0+x", 1), nil),
		row("two members of one slug", "1 check-failed", yaml("members: [a, b]\n"), map[string]string{
			"a/index.md": strings.Replace(post, "title:", "slug: x\ntitle:", 1), "b/index.md": strings.Replace(post, "title:", "slug: x\ntitle:", 1),
		}),
		row("a member called as the catalog", "1 check-failed", yaml("members: [a]\n"), map[string]string{"a/index.md": strings.Replace(post, "title:", "slug: catalog\ntitle:", 1)}),
		row("an unknown key", "1 check-failed", yaml("members: [a]\nmember: [b]\n"), nil),
		heavySource(row("100,000 members", "1 check-failed", yaml("members: ["+strings.Repeat("a,", 100_000)+"b]\n"), nil)),
		heavySource(row("a million members of nothing", "1 check-failed", yaml("members: ["+strings.Repeat("{},", 1_000_000)+"{}]\n"), nil)),
		heavySource(row("2 MiB of brackets", "1 check-failed", yaml("members: "+strings.Repeat("[", 2<<20)+"\n"), nil)),
	}
}
