// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// configs are bundles whose manifest is in order and whose config isn't.
func configs() []Artifact {
	config := func(name, want string, f forgery) Artifact {
		if want == "0" {
			return bundle("config: "+name, want, nil, f)
		}
		return bundle("config: "+name, want, atConfig, f)
	}
	encode := func(fn func(config []byte) []byte) forgery { return forgery{encode: fn} }
	replace := func(old, new string) forgery {
		return encode(func(c []byte) []byte { return bytes.Replace(c, []byte(old), []byte(new), 1) })
	}
	text := func(s string) forgery { return encode(func([]byte) []byte { return []byte(s) }) }
	const bad, ambiguous, differs = "6 bad-config", "6 ambiguous-config", "6 table-mismatch"
	rows := []Artifact{
		config("null", bad, text("null")),
		config("a list", bad, text("[]")),
		config("empty object", bad, text("{}")),
		config("HTML", bad, text("<!DOCTYPE html>")),
		config("cut off", bad, encode(func(c []byte) []byte { return c[:len(c)-9] })),
		config("something behind the end", bad, encode(func(c []byte) []byte { return append(c, "{}"...) })),
		config("a byte order mark", bad, encode(func(c []byte) []byte { return append([]byte("\xef\xbb\xbf"), c...) })),
		config("UTF-16", bad, encode(func(c []byte) []byte {
			wide := []byte{0xff, 0xfe}
			for _, b := range c {
				wide = append(wide, b, 0)
			}
			return wide
		})),
		config("invalid UTF-8", bad, replace("A trap", "A \xfftrap")),
		config("title twice", ambiguous, replace(`"title":`, `"title":"Another","title":`)),
		config("title in two cases", ambiguous, replace(`"title":`, `"Title":"Another","title":`)),
		config("slug with a long s", ambiguous, replace(`"slug":`, `"ſlug":"other","slug":`)),
		config("apiVersion twice, below", ambiguous, replace(`"apiVersion":`, `"apiVersion":"recap/v9","apiVersion":`)),
		config("a key twice, by escape", ambiguous, replace(`"title":`, `"titl\u0065":"Another","title":`)),
		config("no title", bad, forgery{config: without("title")}),
		config("title null", bad, forgery{config: with("title", nil)}),
		config("title a list", bad, forgery{config: with("title", []any{"A trap"})}),
		config("title a number", bad, forgery{config: with("title", 1e300)}),
		config("no slug", bad, forgery{config: without("slug")}),
		config("slug the parent", bad, forgery{config: with("slug", "..")}),
		config("slug a path", bad, forgery{config: with("slug", "a/b")}),
		config("slug of a device", bad, forgery{config: with("slug", "CON")}),
		config("another slug than the titles", differs, forgery{config: with("slug", "other")}),
		config("no files", differs, forgery{config: without("files")}),
		config("files null", differs, forgery{config: with("files", nil)}),
		config("files an object", bad, forgery{config: with("files", object{})}),
		config("a file that is null", bad, forgery{config: func(c object) { c["files"] = append(c["files"].([]any), nil) }}),
		config("a file without a size", bad, forgery{config: inFile(1, without("size"))}),
		config("a file of size null", bad, forgery{config: inFile(1, with("size", nil))}),
		config("a file of size -1", "6 bad-size", forgery{config: inFile(1, with("size", -1))}),
		config("a file of 2^63-1", "6 bad-size", forgery{config: inFile(1, with("size", int64(math.MaxInt64)))}),
		config("a file of 2^64", bad, forgery{config: inFile(1, with("size", 1.8446744073709552e19))}),
		config("a file of another size", differs, forgery{config: inFile(1, with("size", 3))}),
		config("a file of size 0 with a digest", "6 digest-mismatch", forgery{config: inFile(1, with("size", 0))}),
		config("a file of a digest that leads out", "6 bad-digest", forgery{config: inFile(1, with("digest", "sha256:../../../../etc/passwd"))}),
		config("a file of MD5", "6 bad-digest", forgery{config: inFile(1, with("digest", "md5:d41d8cd98f00b204e9800998ecf8427e"))}),
		config("a file of another digest", differs, forgery{config: inFile(1, with("digest", string(digest.FromString("x"))))}),
		config("a file of another type", differs, forgery{config: inFile(1, with("mediaType", "text/html"))}),
		config("a file of a type with a parameter", bad, forgery{config: inFile(1, with("mediaType", "text/html;charset=x"))}),
		config("a file of a role that is none", bad, forgery{config: inFile(1, with("role", "A\x1b[2J"))}),
		config("two documents", bad, forgery{config: inFile(1, with("role", "document"))}),
		config("a document that is an attachment", bad, forgery{config: inFile(0, with("role", "attachment"))}),
		config("a file less than layers", differs, forgery{config: func(c object) { c["files"] = c["files"].([]any)[:1] }}),
		config("a file more than layers", differs, forgery{config: func(c object) {
			f := copyOf(c["files"].([]any)[1].(object))
			f["path"] = "other.txt"
			c["files"] = append(c["files"].([]any), f)
		}}),
		config("files out of order", differs, forgery{files: []forged{{"a", "1"}, {"b", "2"}}, config: func(c object) {
			files := c["files"].([]any)
			files[1], files[2] = files[2], files[1]
		}}),
		config("the document last", differs, forgery{config: func(c object) {
			files := c["files"].([]any)
			files[0], files[1] = files[1], files[0]
		}}),
		config("an empty document", "6 digest-mismatch", forgery{config: inFile(0, with("size", 0))}),
		config("an empty file where a policy would lie", "8 reserved-name", forgery{config: emptyFile("recap.policy.yaml")}),
		config("an empty file that leads out", "8 unsafe-path", forgery{config: emptyFile("zz/../../x")}),
		config("an empty file of another case", "8 path-collision", forgery{config: emptyFile("nOtes.txt")}),
		config("no facts", "0", forgery{config: without("recap")}),
		config("facts null", "0", forgery{config: with("recap", nil)}),
		config("facts a text", bad, forgery{config: with("recap", "x")}),
		config("an event that is null", "0", forgery{config: inFacts(with("event", nil))}),
		config("an event of lists", bad, forgery{config: inFacts(with("event", object{"name": []any{}}))}),
		config("a date that is none", "0", forgery{config: with("date", "2026-13-45")}),
		config("a date of a megabyte", "0", forgery{config: with("date", strings.Repeat("9", 1<<20))}),
		config("an observation of nothing", "0", forgery{config: inFacts(with("observations", []any{object{}, object{"value": nil}}))}),
		config("an event within itself", "0", forgery{config: inFacts(with("event", object{"id": "a", "name": "a", "subEvents": []any{object{"id": "a", "name": "a"}}}))}),
		config("an entity that is its own parent", "0", forgery{config: inFacts(with("entities", object{"a": object{"kind": "organization", "name": "a", "parent": "a", "affiliation": []any{"a"}}}))}),
		config("unknown fields", "0", forgery{config: with("x", object{"y": []any{object{}}})}),
		heavy(config("events 9,000 within each other", bad, encode(func(c []byte) []byte {
			nested := strings.Repeat(`{"id":"a","name":"a","subEvents":[`, 9000) + strings.Repeat("]}", 9000)
			return bytes.Replace(c, []byte(`{"id":"fosdem-2024"`), []byte(`{"subEvents":[`+nested+`],"id":"fosdem-2024"`), 1)
		}))),
		heavy(config("events 4,000 within each other", bad, encode(func(c []byte) []byte {
			nested := strings.Repeat(`{"id":"a","name":"a","subEvents":[`, 4000) + strings.Repeat("]}", 4000)
			return bytes.Replace(c, []byte(`{"id":"fosdem-2024"`), []byte(`{"subEvents":[`+nested+`],"id":"fosdem-2024"`), 1)
		}))),
		heavy(config("brackets 2 million deep", bad, encode(func(c []byte) []byte {
			return fmt.Appendf(nil, `{"x":%s%s,%s`, strings.Repeat("[", 1<<21-1000), strings.Repeat("]", 1<<21-1000), c[1:])
		}))),
		heavy(config("4 MiB of braces", "8 too-large", text(strings.Repeat("{", 4<<20)))),
		heavy(config("a text of 4 MiB of escapes", "0", encode(func(c []byte) []byte {
			return fmt.Appendf(nil, `{"description":"%s",%s`, strings.Repeat(`\u001b`, 690_000), c[1:])
		}))),
		heavy(config("a title of 3 MB", "0", forgery{config: with("title", strings.Repeat("A trap ", 430_000))})),
		heavy(config("100,000 tags", "0", forgery{config: with("tags", repeat(100_000, func(i int) any { return fmt.Sprint("tag", i) }))})),
		heavy(config("a million empty objects", "8 too-large", forgery{config: inFacts(with("observations", repeat(1_000_000, func(int) any { return object{} })))})),
		heavy(config("800,000 files that are null", "8 too-large", forgery{config: func(c object) { c["files"] = repeat(800_000, func(int) any { return nil }) }})),
		heavy(config("as many empty objects as are allowed", "0", forgery{config: inFacts(with("observations", repeat(recap.MaxConfigValues-5, func(int) any { return object{} })))})),
		heavy(config("200,000 keys alike but for case", ambiguous, forgery{config: func(c object) {
			for i := range 100_000 {
				c[fmt.Sprintf("k%05d", i)], c[fmt.Sprintf("K%05d", i)] = 0, 0
			}
		}})),
		heavy(config("a million keys below", "0", forgery{config: with("x", func() object {
			o := object{}
			for i := range 300_000 {
				o[fmt.Sprintf("%x", i)] = 0
			}
			return o
		}())})),
		heavy(config("a number of a megabyte", bad, replace(`"title":`, `"x":`+strings.Repeat("9", 1<<20)+`,"title":`))),
		heavy(config("4 MiB exactly", "0", encode(padded(recap.MaxConfigSize)))),
		heavy(bundle("config: 4 MiB and a byte", "8 too-large", nil, encode(padded(recap.MaxConfigSize+1)))),
		heavy(config("1,001 files", "8 too-large", forgery{config: func(c object) {
			for i := range 1000 {
				emptyFile(fmt.Sprintf("zz%04d", i))(c)
			}
		}})),
		config("an image around it", "6 ambiguous-manifest", forgery{manifest: func(m object, _ []any) {
			m["annotations"] = object{"io.github.recap-oci.artifactType": recap.ArtifactTypeBundle}
			delete(m, "artifactType")
			m["config"].(object)["mediaType"] = ocispec.MediaTypeImageConfig
		}}),
	}
	rows[len(rows)-1].But = atRoot // its manifest shows it
	return rows
}

// emptyFile returns a change that adds an empty file, which has no layer, to a
// config's table.
func emptyFile(path string) func(object) {
	return func(c object) {
		c["files"] = append(c["files"].([]any), object{"path": path, "mediaType": "text/plain", "role": "attachment", "size": 0, "digest": string(digest.FromString(""))})
	}
}
