// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import "strings"

// References returns what may be typed, pasted or generated where a reference
// is wanted, and is none.
func References() []string {
	return []string{
		"", " ", "--help", "-rf", "x", "team/recaps", "team/recaps:v1",
		"host.example/re po:v1", "host.example/repo:v1\n", "host.example/\x1b[2Jrepo:v1", "host.example/repo:v1\x00",
		"user:password@host.example/repo:v1", "user@host.example/repo:v1",
		"host.example:99999/repo:v1", "host.example:-1/repo:v1", "host.example:/repo:v1", "host.example:0x50/repo:v1",
		"hőst.example/repo:v1", "host.example/répo:v1", "host.example/Repo:v1",
		"host.example/repo:" + strings.Repeat("v", 129), "host.example/repo:-v1", "host.example/repo:.v1", "host.example/repo:v/1",
		"host.example/../repo:v1", "host.example/a/../../repo:v1", "host.example/./repo:v1", "host.example//repo:v1", "host.example/repo/:v1", "../repo:v1",
		"https://host.example/repo:v1", "http://host.example/repo:v1", "file:///etc/passwd", "docker://host.example/repo:v1", "javascript:alert(1)",
		"host.example/repo@sha256:../../x", "host.example/repo@sha256:" + strings.Repeat("A", 64), "host.example/repo@sha256:" + strings.Repeat("a", 63),
		"host.example/repo@md5:d41d8cd98f00b204e9800998ecf8427e", "host.example/repo@", "host.example/repo:", "host.example/repo@sha256:",
		"host.example/repo?x=1:v1", "host.example/repo#x:v1", "host.example/%2e%2e/repo:v1", "host.example\\repo:v1",
		"host.example/" + strings.Repeat("a/", 300) + "b:v1", "host.example/repo:v1 host.example/other:v1",
		"[::1/repo:v1", "[fe80::1%25lo]/repo:v1", "host.example/repo:v1@v2", "host.example/repo:v1\u202e", "\ufeffhost.example/repo:v1",
		"oci-layout://", "oci-layout://x\x00y:v1", "oci-layout://x@sha256:../../x",
	}
}

// Policies returns policies that must decide nothing.
func Policies() []Text {
	const head = "apiVersion: recap/v1\nkind: TrustPolicy\npolicies:\n- name: team\n  scopes: ['**']\n  authorities:\n"
	const key = "  - name: k\n    key: {path: k.pub}\n"
	row := func(name, text string) Text {
		return Text{Input: Input{Name: "policy: " + name, Want: "2 bad-policy"}, Text: text}
	}
	slow := func(t Text) Text { t.Heavy = true; return t }
	expression := func(e string) string {
		return head + "  - name: ci\n    keyless: {identities: [{issuer: 'https://issuer.example.com', subjectRegExp: '" + e + "'}]}\n"
	}
	return []Text{
		row("empty", ""), row("null", "~\n"), row("a list", "- a\n"), row("HTML", "<!DOCTYPE html>\n"), row("NUL", "\x00"),
		row("UTF-16", "\xff\xfea\x00"), row("a second document", head+key+"---\n"+head+key),
		row("an alias of itself", head+"  - &a [*a]\n"), row("a merge", head+"  - <<: {name: k}\n    key: {path: k.pub}\n"),
		row("a tag", head+"  - !!python/object x\n"), row("a key twice", head+key+"  mode: warn\n  mode: enforce\n"),
		row("a misspelt field", strings.Replace(head+key, "authorities", "authoritys", 1)),
		row("a field that there isn't", head+key+"  unless: true\n"),
		row("another version", strings.Replace(head+key, "recap/v1", "recap/v0", 1)),
		row("a mode that there isn't", head+key+"  mode: off\n"),
		row("a threshold of nothing", head+key+"  threshold: 0\n"), row("a threshold below nothing", head+key+"  threshold: -1\n"),
		row("a threshold that nobody reaches", head+key+"  threshold: 2\n"), row("a threshold of 1e9", head+key+"  threshold: 1e9\n"),
		row("nobody", strings.Replace(head, "authorities:", "authorities: []", 1)), row("no scopes", strings.Replace(head+key, "['**']", "[]", 1)),
		row("an identity of nothing", head+"  - name: ci\n    keyless: {identities: [{}]}\n"), row("identities of nobody", head+"  - name: ci\n    keyless: {identities: []}\n"),
		row("an expression of nothing", expression("")), row("an expression of everything", expression(".*")), row("an expression of everything, otherwise", expression("(?s).+")),
		row("an expression that is none", expression("(")), row("an expression that looks back", expression(`(?<=a)b`)),
		slow(row("an expression of a million repetitions", expression("(((a{100}){100}){100})"))),
		slow(row("an expression of a megabyte", expression("("+strings.Repeat("a|", 500_000)+"b)"))),
		row("a key outside", strings.Replace(head+key, "k.pub", "/etc/passwd", 1)), row("a key that isn't there", strings.Replace(head+key, "k.pub", "../nothing.pub", 1)),
		row("a key that is private", strings.Replace(head+key, "k.pub", "k.key", 1)), row("a key that is endless", strings.Replace(head+key, "k.pub", "/dev/zero", 1)),
		row("a key that is a directory", strings.Replace(head+key, "k.pub", ".", 1)),
		row("one key in two authorities", head+key+"  - name: l\n    key: {path: k.pub}\n  threshold: 2\n"),
		row("a window without a clock", head+"  - name: k\n    key: {path: k.pub, validFrom: 2020-01-01T00:00:00Z}\n"),
		slow(row("brackets", head+"  - "+strings.Repeat("[", 500_000)+"\n")),
		slow(row("300,000 rules of nothing", "apiVersion: recap/v1\nkind: TrustPolicy\npolicies: ["+strings.Repeat("{},", 300_000)+"{}]\n")),
		slow(row("60,000 rules of nothing", "apiVersion: recap/v1\nkind: TrustPolicy\npolicies: ["+strings.Repeat("{},", 60_000)+"{}]\n")),
		slow(row("2 MiB", head+key+"# "+strings.Repeat("x", 2<<20)+"\n")),
	}
}
