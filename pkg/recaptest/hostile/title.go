// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Path is a path that a file of an artifact must not have, and why.
type Path struct{ Name, Path string }

// Paths returns paths that lead out, that are special somewhere, or that
// look like others.
func Paths() []Path {
	return []Path{
		{"far out", "../../x"},
		{"out", "../x"},
		{"in and out", "a/../../b"},
		{"in, out and in", "a/../b"},
		{"absolute", "/etc/x"},
		{"two slashes", "a//b"},
		{"a slash behind", "a/"},
		{"the directory", "."},
		{"the parent", ".."},
		{"three dots", "..."},
		{"a component of spaces", " /x"},
		{"a dot before", "./x"},
		{"a dot within", "a/./x"},
		{"empty", ""},
		{"a drive", "C:/x"},
		{"a drive's directory", "C:x"},
		{"backslashes out", `a\..\..\b`},
		{"a share", `\\srv\share\x`},
		{"a device path", `\\?\C:\x`},
		{"a stream", "notes.txt:evil"},
		{"a device", "CON"},
		{"a device with an ending", "aux.txt"},
		{"a device of a superscript", "COM¹"},
		{"a dot behind", "notes."},
		{"a space behind", "notes "},
		{"a space before", " notes"},
		{"a short name", "NOTES~1.TXT"},
		{"a NUL", "a\x00b"},
		{"a line feed", "a\nb"},
		{"an escape", "a\x1b[2Jb"},
		{"DEL", "a\x7fb"},
		{"C1", "a\u009bb"},
		{"right to left", "a\u202etxt.exe"},
		{"an isolate", "a\u2066b"},
		{"no width", "a\u200bb"},
		{"a byte order mark", "a\ufeffb"},
		{"a tag character", "a\U000e0041b"},
		{"a soft hyphen", "a\u00adb"},
		{"a line separator", "a\u2028b"},
		{"decomposed", "e\u0301.txt"},
		{"a private character", "a\ue000b"},
		{"no character", "a\ufffeb"},
		{"a component of 256 bytes", strings.Repeat("a", 256)},
		{"256 bytes of two each", strings.Repeat("é", 128)},
		{"4,097 bytes", strings.TrimSuffix(strings.Repeat(strings.Repeat("a", 127)+"/", 33), "/")},
		{"1,000 deep", strings.Repeat("a/", 1000) + "b"},
		{"33 deep", strings.Repeat("a/", 32) + "b"},
		{"a flag", "-rf"},
		{"a flag below", "a/--force"},
		{"a home", "~/x"},
		{"somebody's home", "~root"},
		{"a variable", "$HOME/x"},
		{"a pipe", "a|b"},
		{"a wildcard", "a*b"},
		{"a question mark", "a?b"},
		{"quotes", `a"b`},
		{"less than", "a<b"},
	}
}

// titles are bundles and packs whose files would lie where they mustn't.
func titles() []Artifact {
	var rows []Artifact
	const unsafe = "8 unsafe-path"
	for _, p := range Paths() {
		rows = append(rows, bundle("path: "+p.Name, unsafe, nil, forgery{files: []forged{{p.Path, "harm"}}}))
	}
	title := func(title string) forgery {
		return forgery{manifest: inLayer(1, with("annotations", object{ocispec.AnnotationTitle: title}))}
	}
	set := func(name, want string, paths ...string) Artifact {
		f := forgery{}
		for _, p := range paths {
			f.files = append(f.files, forged{p, "harm in " + p})
		}
		return bundle("paths: "+name, want, nil, f)
	}
	const collision, reserved, bad = "8 path-collision", "8 reserved-name", "6 bad-manifest"
	rows = append(rows,
		bundle("title: out of the slug", unsafe, nil, title("trap/../../x")),
		bundle("title: absolute", unsafe, nil, title("/etc/x")),
		bundle("title: the parent", unsafe, nil, title("..")),
		bundle("title: a slash", unsafe, nil, title("/")),
		bundle("title: of no file", unsafe, nil, title("trap/")),
		bundle("title: none", bad, nil, title("")),
		bundle("title: no directory", bad, nil, title("notes.txt")),
		bundle("title: another recap's", bad, nil, title("other/notes.txt")),
		bundle("title: the parent's recap", unsafe, nil, title("../notes.txt")),
		bundle("slug: the parent", unsafe, nil, forgery{slug: ".."}),
		bundle("slug: two", bad, nil, forgery{slug: "a/b"}),
		bundle("slug: a device", unsafe, nil, forgery{slug: "CON"}),
		bundle("slug: a flag", unsafe, nil, forgery{slug: "-rf"}),
		bundle("slug: absolute", unsafe, nil, forgery{slug: "/tmp"}),
		bundle("slug: a title", bad, nil, forgery{slug: "My Trip"}),
		bundle("slug: the catalog", bad, nil, forgery{slug: "catalog"}),
		bundle("slug: of 300 bytes", unsafe, nil, forgery{slug: strings.Repeat("a", 300)}),
		bundle("the document behind another file", bad, nil, forgery{manifest: func(_ object, layers []any) { layers[0], layers[1] = layers[1], layers[0] }}),
		bundle("files out of order", bad, nil, forgery{files: []forged{{"b", "1"}, {"a", "2"}}}),
		set("case", collision, "A.md", "a.md"),
		set("case of directories", collision, "DIR/x", "dir/y"),
		set("case of the document", collision, "INDEX.md"),
		set("the document again", collision, "index.md"),
		set("twice", collision, "a", "a"),
		set("sharp s", collision, "strasse", "straße"),
		set("long s", collision, "s", "\u017f"),
		set("a file and a directory", collision, "a", "a/b"),
		set("a file and a directory in another case", collision, "A/b", "a"),
		set("the receipt", reserved, ".recap/receipt.json"),
		set("the receipt in another case", reserved, ".ReCap/receipt.json"),
		set("a journal", reserved, ".recap/incomplete"),
		set("a file that begins as state", reserved, ".recap-tmp-1-x"),
		set("a policy", reserved, "recap.policy.yaml"),
		set("a policy below", reserved, "a/b/recap.policy.yaml"),
		set("a policy in capitals", reserved, "RECAP.POLICY.YAML"),
		set("a lock", reserved, "recap.lock"),
		set("a trusted root", reserved, "trusted_root.json"),
		set("a directory called as a policy", reserved, "recap.policy.yaml/x"),
		heavy(set("501, two of which differ in case", collision, func() []string {
			paths := []string{}
			for i := range 500 {
				paths = append(paths, fmt.Sprintf("%s%03dX", strings.Repeat("a", 200), i))
			}
			return append(paths, strings.ToLower(paths[499]))
		}()...)),
	)
	// A table that leads elsewhere than the titles, which are in order.
	for _, p := range Paths()[:8] {
		rows = append(rows, bundle("table: "+p.Name, unsafe, atConfig, forgery{config: inFile(1, with("path", p.Path))}))
	}
	return append(rows,
		Artifact{Input: Input{Name: "pack, path of a member", Want: unsafe, But: atMember}, Forge: forgedPack{
			members: []forgery{{slug: "one"}, {slug: "two", files: []forged{{"../one/index.md", "harm"}}}},
		}.forge},
		Artifact{Input: Input{Name: "pack, path of a view", Want: unsafe, But: atCatalog}, Forge: forgedPack{catalog: func(m object) {
			m["layers"].([]any)[0].(object)["annotations"] = object{ocispec.AnnotationTitle: "catalog/../../x"}
		}}.forge},
		Artifact{Input: Input{Name: "pack, a view in a member's place", Want: bad, But: atCatalog}, Forge: forgedPack{catalog: func(m object) {
			m["layers"].([]any)[0].(object)["annotations"] = object{ocispec.AnnotationTitle: "one/index.md"}
		}}.forge},
		Artifact{Input: Input{Name: "pack, a view that is a policy", Want: reserved, But: atCatalog}, Forge: forgedPack{catalog: func(m object) {
			m["layers"].([]any)[0].(object)["annotations"] = object{ocispec.AnnotationTitle: "catalog/recap.policy.yaml"}
		}}.forge},
	)
}
