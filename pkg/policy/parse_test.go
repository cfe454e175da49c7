// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

// Every policy of these tests begins with head, in which the authorities begin
// at line 7.
const (
	head = "apiVersion: recap/v1\nkind: TrustPolicy\npolicies:\n- name: team\n  scopes: [\"registry.example.com/team/**\"]\n  authorities:\n"

	ci       = "  - name: ci\n    github: {repository: acme/recaps, workflow: publish.yml, ref: \"refs/tags/v*\"}\n"
	security = "  - name: security\n    key: {path: keys/security.pub}\n"
	dana     = "  - name: dana\n    keyless: {identities: [{issuer: https://issuer.example.com, subject: dana@example.com}]}\n"
	second   = "- name: other\n  scopes: [\"registry.example.com/other/**\"]\n  authorities:\n" + dana
)

// subjects makes an authority of an expression, which stands at 8:62.
func subjects(expr string) string {
	return fmt.Sprintf("  - name: ci\n    keyless: {identities: [{issuer: https://issuer.example.com, subjectRegExp: '%s'}]}\n", expr)
}

// require makes an authority with demands, which stand at 9:5.
func require(authority, demands string) string { return authority + "    require: {" + demands + "}\n" }

// pems are keys that policies of these tests may name: made for each run, as
// what they are matters, and not which.
type pems map[string][]byte

func newPEMs(t testing.TB) pems {
	t.Helper()
	keys := pems{}
	add := func(name, kind string, der []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	for _, name := range []string{"keys/security.pub", "keys/other.pub"} {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
		add(name, "PUBLIC KEY", der, err)
		der, err = x509.MarshalPKCS8PrivateKey(private)
		add("keys/private.pem", "PRIVATE KEY", der, err)
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	add("keys/ed25519.pub", "PUBLIC KEY", der, err)
	add("keys/cosign.key", "ENCRYPTED SIGSTORE PRIVATE KEY", []byte("x"), nil)
	add("keys/certificate.pem", "CERTIFICATE", []byte("x"), nil)
	add("keys/rsa.pem", "RSA PUBLIC KEY", []byte("x"), nil)
	add("keys/broken.pub", "PUBLIC KEY", []byte("x"), nil)
	keys["keys/two.pub"] = append(append([]byte{}, keys["keys/security.pub"]...), keys["keys/other.pub"]...)
	keys["keys/copy.pub"] = append([]byte("# a copy\n"), keys["keys/security.pub"]...)
	keys["roots/trusted_root.json"] = []byte("{}")
	keys["keys/id.pub"] = []byte("ssh-ed25519 AAAA user@host\n")
	keys["keys/text.pub"] = []byte("hello\n")
	return keys
}

// read answers for the policy at policies/recap.policy.yaml.
func (p pems) read(path string) ([]byte, error) {
	name, ok := strings.CutPrefix(filepath.ToSlash(path), "policies/")
	if data := p[name]; ok && data != nil {
		return data, nil
	}
	if name == "keys/secret.pub" {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

const policyPath = "policies/recap.policy.yaml"

// TestParseRefuses holds what a person is told about each mistake: where,
// what, and how to mend it.
func TestParseRefuses(t *testing.T) {
	longest := "registry.example.com/" + strings.Repeat("x", 500)
	tests := []struct {
		name, text string
		want       []string // place and code, what, mend
	}{
		// The text.
		{"empty", "", []string{"1:1 P003|the policy lacks apiVersion|add apiVersion", "1:1 P003|lacks kind|add kind", "1:1 P003|lacks policies|add policies"}},
		{"too large", "# " + strings.Repeat("x", recap.MaxPolicySize), []string{"1:1 P001|more than 1048576 bytes|split it"}},
		{"UTF-16", "\xff\xfea\x00", []string{"1:1 P001|UTF-16|save it as UTF-8"}},
		{"byte order mark", "\xef\xbb\xbf" + head + ci, []string{"1:1 P001|byte order mark|without"}},
		{"Latin-1", head + ci + "# caf\xe9\n", []string{"9:6 P001|not UTF-8|save it as UTF-8"}},
		{"a letter that turns the text around", head + ci + "# \u202egpj\n", []string{"9:3 P001|(U+202E)|delete it"}},
		{"the same, escaped", head + "  - name: \"c\\u202ei\"\n", []string{"7:11 P001|(U+202E) stands in this value|delete it"}},
		{"two lines in a name", head + "  - name: \"c\\ni\"\n", []string{"7:11 P001|(U+000A) stands in this value|delete it"}},
		{"a carriage return alone", head + ci + "# a\rb\n", []string{"9:4 P001|(U+000D)|delete it"}},
		{"no YAML", head + "  - name: [\n", []string{"7:1 P001|not readable as YAML|"}},
		{"a list", "- a\n", []string{"1:1 P001|the policy is a list, not a mapping|write key: value lines"}},
		{"a second document", head + ci + "---\nkind: x\n", []string{"9:1 P002|second YAML document|keep one"}},
		{"a key twice", head + ci + "  threshold: 1\n  threshold: 2\n", []string{"10:3 P002|\"threshold\" is already on line 9|keep one of them"}},
		{"an anchor", head + "  - &a\n    name: ci\n", []string{"7:5 P002|anchor &a is not supported|write the value out"}},
		{"an alias", head + ci + "  attestations: *a\n", []string{"1:1 P001|not readable as YAML: unknown anchor|"}},
		{"too deep", head + "  - name: " + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "\n", []string{"7:70 P001|nest more than 64 levels|flatten it"}},

		// The form.
		{"another version", strings.Replace(head, "recap/v1", "recap/v2", 1) + ci, []string{`1:1 P003|apiVersion "recap/v2" must be recap/v1|write recap/v1`}},
		{"another kind", strings.Replace(head, "TrustPolicy", "Policy", 1) + ci, []string{`2:1 P003|kind "Policy" must be TrustPolicy|write TrustPolicy`}},
		{"no rules", "apiVersion: recap/v1\nkind: TrustPolicy\npolicies: []\n", []string{"3:1 P003|policies is an empty list|add to it"}},
		{"a misspelt field", head + ci + "  treshold: 2\n", []string{"9:3 P004|policies[0].treshold is not a field of a policy|did you mean threshold?"}},
		{"an unknown field", head + ci + "  owner: dana\n", []string{"9:3 P004|policies[0].owner is not a field of a policy|remove it (known: attestations, authorities, legacySignatures, mirrorOf, mode, name, scopes, threshold)"}},
		{"a misspelt field at the top", "trustedroot: x\n" + head + ci, []string{"1:1 P004|trustedroot is not a field of a policy|did you mean trustedRoot?"}},
		{"a misspelt field of an authority", head + "  - name: ci\n    keyles: {identities: []}\n", []string{"7:5 P003|policies[0].authorities[0] lacks key or keyless or github|add one of them", "8:5 P004|keyles is not a field|did you mean keyless?"}},
		{"a mode that there isn't", head + ci + "  mode: enforced\n", []string{`9:3 P003|policies[0].mode "enforced" is not one of the known values|did you mean enforce? known: enforce, warn`}},
		{"a threshold of nothing", head + ci + "  threshold: 0\n", []string{`9:3 P003|policies[0].threshold "0" is too small|write 1 or more`}},
		{"a threshold as text", head + ci + "  threshold: two\n", []string{"9:3 P003|policies[0].threshold is text, not a whole number|write a whole number"}},
		{"no name", strings.Replace(head, "name: team", "mode: warn", 1) + ci, []string{"4:3 P003|policies[0] lacks name|add name: the name that reports use"}},
		{"no scopes", strings.Replace(head, "  scopes: [\"registry.example.com/team/**\"]\n", "", 1) + ci, []string{"4:3 P003|policies[0] lacks scopes|add scopes"}},
		{"no authorities", strings.Replace(head, "\n  authorities:\n", "\n", 1), []string{"4:3 P003|policies[0] lacks authorities|add authorities: who may vouch"}},
		{"nobody", strings.Replace(head, "authorities:\n", "authorities: []\n", 1), []string{"6:3 P003|policies[0].authorities is an empty list|add to it"}},
		{"an authority of nothing", head + "  - name: ci\n", []string{"7:5 P003|policies[0].authorities[0] lacks key or keyless or github|add one of them"}},
		{"an authority of two things", head + ci + "    key: {path: keys/security.pub}\n", []string{"7:5 P003|policies[0].authorities[0] has key and github|keep one of them"}},

		// Scopes.
		{"an empty scope", strings.Replace(head, "registry.example.com/team/**", "", 1) + ci, []string{"5:12 P003|policies[0].scopes[0] is too short|fill it in"}},
		{"a scope of many letters", strings.Replace(head, "registry.example.com/team/**", longest, 1) + ci, []string{"5:12 P003|has 521 characters; at most 500 are allowed|shorten it"}},
		{"an address", strings.Replace(head, "registry.", "https://registry.", 1) + ci, []string{"5:12 P005|begins as an address does|write registry.example.com/team/**"}},
		{"a tag", strings.Replace(head, "/team/**", "/team:v1", 1) + ci, []string{"5:12 P005|names a tag|write registry.example.com/team"}},
		{"a digest", strings.Replace(head, "/team/**", "/team@sha256:00", 1) + ci, []string{"5:12 P005|names a digest|write registry.example.com/team"}},
		{"a registry alone", strings.Replace(head, "/team/**", "", 1) + ci, []string{"5:12 P005|names a registry and no repository|write registry.example.com/**"}},
		{"any repository of no registry", strings.Replace(head, "registry.example.com/team/**", "*", 1) + ci, []string{"5:12 P005|names a registry and no repository|write **"}},
		{"no registry", strings.Replace(head, "registry.example.com/", "", 1) + ci, []string{"5:12 P005|doesn't begin with a registry|write HOST/team/**"}},
		{"capitals", strings.Replace(head, "team/", "Team/", 1) + ci, []string{"5:12 P005|has capital letters|write registry.example.com/team/**"}},
		{"a space", strings.Replace(head, "team/", "te am/", 1) + ci, []string{"5:12 P005|holds a space|remove it"}},
		{"three stars", strings.Replace(head, "**", "***", 1) + ci, []string{"5:12 P005|more than two * in a row|write ** for any text"}},
		{"a layout that none is called", strings.Replace(head, "registry.example.com/team/**", "oci-layout:out", 1) + ci, []string{"5:12 P005|matches no layout|write oci-layout://out"}},
		{"two rules for one scope", head + ci + strings.Replace(second, "/other/", "/team/", 1), []string{`10:12 P005|"registry.example.com/team/**" stands in rule "team" (line 4) and again in rule "other" (line 9)|keep one of them`}},
		{"two rules for one scope, once with its port", head + ci + strings.Replace(second, ".com/other/", ".com:443/team/", 1), []string{`10:12 P005|stands in rule "team" (line 4) and again in rule "other" (line 9)|keep one of them`}},
		{"two rules that are equally close, one with its port", head + ci + strings.Replace(second, ".com/other/**", ".com:443/team/*", 1), []string{`10:12 P005|can match the same name, and are equally close|longer beginning`}},
		{"two rules that are equally close", head + ci + strings.Replace(second, "/other/**", "/team/*", 1), []string{`10:12 P005|of rule "team" (line 4) and "registry.example.com/team/*" of rule "other" (line 9) can match the same name|longer beginning`}},
		{"a mirror of one repository", head + ci + "  mirrorOf: registry.example.org/team\n", []string{"9:3 P005|don't have the same wildcard|end both with the same: registry.example.org/team/**"}},
		{"a mirror with another wildcard", head + ci + "  mirrorOf: registry.example.org/team/*\n", []string{"9:3 P005|don't have the same wildcard|end both with the same: registry.example.org/team/**"}},
		{"a mirror of itself", head + ci + "  mirrorOf: registry.example.com/team/**\n", []string{"9:3 P005|is its own scope|copies of"}},
		{"a mirror of an address", head + ci + "  mirrorOf: oci://registry.example.org/team/**\n", []string{"9:3 P005|begins as an address does|write registry.example.org/team/**"}},

		// Who.
		{"28: one name twice", head + ci + ci, []string{`9:5 P006|names authority "ci" twice|own name`, `9:5 P006|authorities "ci" and "ci" have the same identity|keep one`}},
		{"28: one key twice", head + security + strings.NewReplacer("security\n", "audit\n", "security.pub", "copy.pub").Replace(security), []string{`10:5 P006|authorities "security" and "audit" have the same key|keep one of them`}},
		{"28: one key of a service twice", head + "  - {name: a, key: {kms: \"awskms://k\"}}\n  - {name: b, key: {kms: \"awskms://k\"}}\n", []string{`8:15 P006|authorities "a" and "b" have the same key|keep one of them`}},
		{"28: one identity twice", head + dana + strings.Replace(dana, "name: dana", "name: d", 1), []string{`10:28 P006|authorities "dana" and "d" have the same identity|keep one of them`}},
		{"28: one workflow twice", head + ci + strings.Replace(ci, "name: ci", "name: release", 1), []string{`9:5 P006|authorities "ci" and "release" have the same identity|keep one of them`}},
		{"one identity twice in a list", head + "  - name: dana\n    keyless:\n      identities:\n      - {issuer: i, subject: s}\n      - {issuer: i, subject: s}\n", []string{"11:9 P008|has the same identity twice|keep one of them"}},
		{"a threshold of more", head + ci + security + "  threshold: 3\n", []string{`11:3 P010|rule "team" has threshold 3 and names 2 authorities|name more authorities, or write threshold: 2 or less`}},

		// Keys.
		{"a private key", head + strings.Replace(security, "security.pub", "private.pem", 1), []string{`8:11 P007|the key "keys/private.pem" is a private key|write the public half`}},
		{"an encrypted private key", head + strings.Replace(security, "security.pub", "cosign.key", 1), []string{`8:11 P007|is a private key|write the public half`}},
		{"a private key as text", head + "  - name: security\n    key:\n      data: |\n        -----BEGIN EC PRIVATE KEY-----\n        AAAA\n        -----END EC PRIVATE KEY-----\n", []string{"9:7 P007|the key is a private key|write the public half"}},
		{"no key as text", head + "  - name: security\n    key: {data: keys/security.pub}\n", []string{"8:11 P007|the key is not in PEM form|-----BEGIN PUBLIC KEY-----"}},
		{"a certificate", head + strings.Replace(security, "security.pub", "certificate.pem", 1), []string{"8:11 P007|is a certificate|openssl x509 -pubkey"}},
		{"another form", head + strings.Replace(security, "security.pub", "rsa.pem", 1), []string{`8:11 P007|is a "RSA PUBLIC KEY"|openssl pkey`}},
		{"a key of SSH", head + strings.Replace(security, "security.pub", "id.pub", 1), []string{"8:11 P007|in the form of SSH|ssh-keygen -e -m PKCS8"}},
		{"no key", head + strings.Replace(security, "security.pub", "text.pub", 1), []string{"8:11 P007|not in PEM form|"}},
		{"a broken key", head + strings.Replace(security, "security.pub", "broken.pub", 1), []string{"8:11 P007|can't be read|recap key generate"}},
		{"two keys in a file", head + strings.Replace(security, "security.pub", "two.pub", 1), []string{"8:11 P007|has a second one behind it|keep one of them"}},
		{"no file", head + strings.Replace(security, "security.pub", "nosuch.pub", 1), []string{`8:11 P007|there is no file "keys/nosuch.pub"|from the directory that the policy is in`}},
		{"a file that can't be read", head + strings.Replace(security, "security.pub", "secret.pub", 1), []string{`8:11 P007|the key "keys/secret.pub" can't be read: permission denied|`}},
		{"a service as a path", head + strings.Replace(security, "keys/security.pub", "awskms://k", 1), []string{`8:11 P007|the path "awskms://k" is an address|write kms:`}},
		{"a path as a service", head + strings.Replace(security, "path: keys/security.pub", "kms: keys/security.pub", 1), []string{`8:11 P003|"keys/security.pub" has the wrong form|write the address of a key in a key management service`}},
		{"a file as a service", head + strings.Replace(security, "path: keys/security.pub", `kms: "file://keys/security.pub"`, 1), []string{`8:11 P007|"file://keys/security.pub" is no key management service|write path:`}},
		{"a path and a service", head + strings.Replace(security, "path: keys/security.pub", `path: k.pub, kms: "awskms://k"`, 1), []string{"8:5 P003|authorities[0].key has path and kms|keep one of them"}},
		{"no day of the calendar", head + strings.Replace(security, ".pub", ".pub, validFrom: 2026-02-30", 1), []string{`8:36 P007|validFrom "2026-02-30" is no day of the calendar|write a day`}},
		{"no day", head + strings.Replace(security, ".pub", ".pub, validFrom: soon", 1), []string{`8:36 P003|validFrom "soon" has the wrong form|write a day, such as 2026-03-27`}},
		{"a window without a clock", head + strings.Replace(security, ".pub", ".pub, validFrom: 2026-01-01", 1), []string{"8:5 P009|the key counts for a time only|add require: {timestamps: 1}"}},
		{"a window without width", head + require(strings.Replace(security, ".pub", ".pub, validFrom: 2026-01-01, validUntil: 2026-01-01", 1), "timestamps: 1"), []string{"8:59 P007|ceases to count before it begins|swap them"}},
		{"a key's certificate", head + require(security, "sct: 1"), []string{"9:15 P009|a key has no certificate|remove it"}},

		// Identities.
		{"no issuer", head + "  - name: dana\n    keyless: {identities: [{subject: dana@example.com}]}\n", []string{"8:28 P003|identities[0] lacks issuer or issuerRegExp|add one of them"}},
		{"20: no subject", head + "  - name: dana\n    keyless: {identities: [{issuer: https://issuer.example.com}]}\n", []string{"8:28 P003|identities[0] lacks subject or subjectRegExp|add one of them"}},
		{"20: an empty subject", head + "  - name: dana\n    keyless: {identities: [{issuer: i, subject: \"\"}]}\n", []string{"8:40 P003|subject is too short|fill it in"}},
		{"20: an empty identity", head + "  - name: dana\n    keyless: {identities: [{}]}\n", []string{"8:28 P003|lacks issuer or issuerRegExp|add one", "8:28 P003|lacks subject or subjectRegExp|add one"}},
		{"20: no identities", head + "  - name: dana\n    keyless: {identities: []}\n", []string{"8:15 P003|identities is an empty list|add to it"}},
		{"both ways", head + "  - name: dana\n    keyless: {identities: [{issuer: i, subject: s, subjectRegExp: s}]}\n", []string{"8:28 P003|identities[0] has subject and subjectRegExp|keep one of them"}},
		{"20: an empty expression", head + subjects(""), []string{"8:65 P003|subjectRegExp is too short|fill it in"}},
		{"anything", head + subjects(".*"), []string{`8:65 P008|the subject expression ".*" matches anything|as much of it as you know`}},
		{"anything but nothing", head + subjects(".+"), []string{"8:65 P008|matches anything|"}},
		{"anything, anchored", head + subjects("^.*$"), []string{"8:65 P008|matches anything|"}},
		{"anything, roundabout", head + subjects(`(?s)\A([a-z]|.)*?(x|)\z`), []string{"8:65 P008|matches anything|"}},
		{"anything of some length", head + subjects(`.{1,100}`), []string{"8:65 P008|matches anything|"}},
		{"any issuer", head + "  - name: dana\n    keyless: {identities: [{issuerRegExp: .*, subject: dana@example.com}]}\n", []string{`8:29 P008|the issuer expression ".*" matches anything|write the issuer`}},
		{"no expression", head + subjects("dana@(example"), []string{"8:65 P008|is no regular expression: missing closing )|mend it"}},
		{"an expression that leaves its anchors", head + subjects("dana)|(?:.*"), []string{"8:65 P008|is no regular expression: unexpected )|mend it"}},
		{"an expression that swallows its anchor", head + subjects(`\Qdana`), []string{"8:65 P008|can''t stand alone|mend it"}},
		{"an expression of many steps", head + subjects("([a-zA-Z0-9_]{10}){100}"), []string{"8:65 P008|takes too long to match|mend it"}},
		{"an expression of many letters", head + subjects(strings.Repeat("d", 2001)), []string{"8:65 P003|has 2001 characters; at most 2000|shorten it"}},
		{"a look-ahead", head + subjects("(?=dana).*"), []string{"8:65 P008|is no regular expression: invalid or unsupported Perl syntax|mend it"}},
		{"everybody at GitHub", head + subjects(`https://github\.com/.*`), []string{"8:65 P008|matches workflows of everybody at GitHub|use github:"}},
		{"everybody at GitLab", head + subjects(`https://gitlab\.com/.*`), []string{"8:65 P008|everybody at GitLab|write the project too"}},
		{"everybody at Gmail", head + subjects(`[^@]*@gmail\.com`), []string{"8:65 P008|everybody with a Gmail address|write the whole address"}},
		{"an owner who is called alike", head + subjects(`https://github\.com/acme.*`), []string{"8:65 P008|matches accounts at https://github.com/ that anybody may open|end the owner's name with a slash"}},
		{"the same, with dots and anchors", head + subjects(`^https://github.com/acme.+$`), []string{"8:65 P008|matches accounts at https://github.com/ that anybody may open|"}},
		{"the same, somewhere", head + subjects(`dana@example\.com|(https://gitlab\.com/(acme|ajax)[-/]*.*)`), []string{"8:65 P008|matches accounts at https://gitlab.com/ that anybody may open|"}},
		{"the same, up to a file", head + subjects(`https://github\.com/acme.*/publish\.yml@refs/tags/v1`), []string{"8:65 P008|matches accounts at https://github.com/ that anybody may open|"}},
		{"a claim that there isn't", head + strings.Replace(dana, "dana@example.com}", "dana@example.com, claims: {sourceRepositoryUri: x}}", 1), []string{`8:101 P008|"sourceRepositoryUri" is no claim|did you mean sourceRepositoryURI?`}},
		{"a claim of nothing", head + strings.Replace(dana, "dana@example.com}", "dana@example.com, claims: {buildTrigger: \"\"}}", 1), []string{"8:101 P003|claims.buildTrigger is too short|fill it in"}},
		{"no evidence of time", head + require(dana, "tlog: 0, timestamps: 0"), []string{"9:5 P009|neither a log entry nor a timestamp|write timestamps: 1"}},
		{"evidence that there isn't", head + require(dana, "sct: 11"), []string{`9:15 P003|require.sct "11" is too large|write 10 or less`}},

		// GitHub.
		{"an address as repository", head + strings.Replace(ci, "acme/recaps", "https://github.com/acme/recaps", 1), []string{"8:14 P003|has the wrong form|write acme/recaps"}},
		{"a repository without owner", head + strings.Replace(ci, "acme/recaps", "recaps", 1), []string{"8:14 P003|has the wrong form|write OWNER/NAME"}},
		{"any repository of an owner", head + strings.Replace(ci, "acme/recaps", "acme/*", 1), []string{"8:14 P003|has the wrong form|write OWNER/NAME"}},
		{"a repository's address", head + strings.Replace(ci, "acme/recaps", "acme/recaps.git", 1), []string{`8:14 P008|the repository "acme/recaps.git" ends in .git|write acme/recaps`}},
		{"a workflow's path", head + strings.Replace(ci, "publish.yml", ".github/workflows/publish.yml", 1), []string{"8:39 P003|has the wrong form|write publish.yml"}},
		{"a workflow's name", head + strings.Replace(ci, "publish.yml", "Publish", 1), []string{"8:39 P003|has the wrong form|write the name of a file below .github/workflows"}},
		{"any workflow", head + strings.Replace(ci, "publish.yml", "\"*.yml\"", 1), []string{"8:39 P003|has the wrong form|write the name of a file"}},
		{"a branch's name", head + strings.Replace(ci, "\"refs/tags/v*\"", "main", 1), []string{"8:62 P003|has the wrong form|write refs/heads/main for a branch, refs/tags/main for a tag"}},
		{"any ref", head + strings.Replace(ci, "tags/v*", "*", 1), []string{`8:62 P008|the ref "refs/*" doesn't say whether it is a branch or a tag|write refs/heads/`}},
		{"any text with slashes", head + strings.Replace(ci, "v*", "**", 1), []string{`8:62 P008|has two * in a row|write one`}},
		{"no ref", head + strings.Replace(ci, ", ref: \"refs/tags/v*\"", "", 1), []string{"8:5 P003|github lacks ref|add ref: the git ref it ran for"}},

		// Attestations, trusted root.
		{"an attestation by nobody", head + ci + "  attestations: [{predicateType: https://slsa.dev/provenance/v1, authorities: []}]\n", []string{"9:66 P003|authorities is an empty list|add to it"}},
		{"an attestation by somebody unknown", head + ci + security + "  attestations:\n  - {predicateType: https://slsa.dev/provenance/v1, authorities: [ci, securiyt]}\n", []string{`12:71 P011|names the authority "securiyt", which the rule doesn't have|did you mean security?`}},
		{"an attestation by somebody else's authority", head + ci + second + "  attestations:\n  - {predicateType: https://slsa.dev/provenance/v1, authorities: [ci]}\n", []string{`15:67 P011|rule "other": the attestation https://slsa.dev/provenance/v1 names the authority "ci"|use one of dana`}},
		{"a short type", head + ci + "  attestations: [{predicateType: slsaprovenance, authorities: [ci]}]\n", []string{"9:19 P011|\"slsaprovenance\" is no address|write https://slsa.dev/provenance/v1"}},
		{"another short type", head + ci + "  attestations: [{predicateType: review, authorities: [ci]}]\n", []string{"9:19 P011|\"review\" is no address|write its whole type"}},
		{"a signature as attestation", head + ci + "  attestations: [{predicateType: https://sigstore.dev/cosign/sign/v1, authorities: [ci]}]\n", []string{"9:19 P011|is a signature's type|remove it"}},
		{"no trusted root", head + ci + "trustedRoot: {}\n", []string{"9:1 P003|trustedRoot lacks path or tuf|add one of them"}},
		{"a trusted root that isn't there", head + ci + "trustedRoot: {path: r.json}\n", []string{`9:15 P012|there is no file "r.json"|from the directory`}},
		{"a TUF root that isn't there", head + ci + "trustedRoot: {tuf: {mirror: https://tuf.example.com, root: r.json}}\n", []string{`9:54 P012|there is no file "r.json"|from the directory`}},
		{"two trusted roots", head + ci + "trustedRoot: {path: a.json, tuf: {mirror: https://tuf.example.com, root: r.json}}\n", []string{"9:1 P003|trustedRoot has path and tuf|keep one of them"}},
		{"a mirror without its root", head + ci + "trustedRoot: {tuf: {mirror: https://tuf.example.com}}\n", []string{"9:15 P003|trustedRoot.tuf lacks root|add root"}},
		{"a mirror that is no address", head + ci + "trustedRoot: {tuf: {mirror: tuf.example.com, root: roots/trusted_root.json}}\n", []string{`9:21 P012|the mirror "tuf.example.com" is no address|such as https://tuf.example.com`}},
		{"a mirror with a password", head + ci + "trustedRoot: {tuf: {mirror: \"https://u:p@tuf.example.com\", root: roots/trusted_root.json}}\n", []string{"9:21 P012|holds a user name or password|leave them out"}},

		// Several at once: each is said, and none because of another.
		{"of two rules", head + subjects(".*") + "  treshold: 2\n" + strings.Replace(second, "/other/**", "/other", 1) + "  threshold: 2\n", []string{
			`8:65 P008|".*" matches anything|`, "9:3 P004|treshold|", `15:3 P010|rule "other" has threshold 2|`,
		}},
		{"of one rule", strings.Replace(head, "registry.", "https://registry.", 1) + strings.NewReplacer("acme/", "https://github.com/acme/", "\"refs/tags/v*\"", "main").Replace(ci) +
			strings.Replace(security, "security.pub", "nosuch.pub, validFrom: 2026-01-01", 1) + "  - name: ''\n    keyless: {identities: [{issuer: i}]}\n  threshold: 4\n  attestations: [{predicateType: sbom, authorities: [ci, dana]}]\n", []string{
			"5:12 P005|begins as an address does|", "8:14 P003|has the wrong form|write acme/recaps", "8:81 P003|has the wrong form|write refs/heads/main", `10:11 P007|there is no file "keys/nosuch.pub"|`,
			"11:5 P003|authorities[2].name is too short|", "12:28 P003|lacks subject or subjectRegExp|", "13:3 P010|has threshold 4 and names 3 authorities|", "14:19 P011|\"sbom\" is no address|",
		}},
		{"of lists", strings.NewReplacer("policies:\n", "policies:\n- [1]\n", "[\"registry.example.com/team/**\"]", "[a.b/c, [], a.b/C]").Replace(head) + "  - ci\n" +
			strings.Replace(dana, "{issuer", "1, {issuer", 1) + "    require: {tlog: many, timestamps: 0}\n", []string{
			"4:3 P003|policies[0] is a list, not a mapping|", "6:19 P003|policies[1].scopes[1] is a list, not text|", `6:23 P005|"a.b/C" has capital letters|`,
			"8:5 P003|authorities[0] is text, not a mapping|", "10:28 P003|identities[0] is a number, not a mapping|", "11:15 P003|require.tlog is text, not a whole number|",
		}},
		{"of who", strings.Replace(head, "authorities:\n", "authorities: ci\n", 1) + "  attestations: [{predicateType: https://slsa.dev/provenance/v1, authorities: [ci]}]\n", []string{
			"6:3 P003|policies[0].authorities is text, not a list|write a list",
		}},
		{"of numbers", head + require(dana, "tlog: 900719925474099100001") + "  threshold: 900719925474099100001\n", []string{
			`9:15 P003|require.tlog "900719925474099100001" is too large|`, "9:21 P003|is a number that JSON can't keep exactly|", `10:3 P003|threshold "900719925474099100001" is too large|`, "10:14 P003|is a number that JSON can't keep exactly|",
		}},
	}
	keys := newPEMs(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			believed, problems := policy.Parse(policyPath, []byte(test.text), keys.read)
			if believed != nil {
				t.Error("there is a policy")
			}
			compare(t, problems, recap.SeverityError, test.want)
		})
	}
}

// An identity without its subject, or without a claim, is somebody else's: what
// is empty isn't to be removed.
func TestParseEmptyIsFilledIn(t *testing.T) {
	for _, text := range []string{
		strings.Replace(dana, "dana@example.com", "''", 1),
		strings.Replace(dana, "dana@example.com", "", 1),
		strings.Replace(dana, "dana@example.com}", "dana@example.com, claims: {buildTrigger: ''}}", 1),
	} {
		_, problems := policy.Parse(policyPath, []byte(head+text), newPEMs(t).read)
		if len(problems) != 1 || problems[0].Mend != "fill it in" {
			t.Errorf("%s: %+v", text, problems)
		}
	}
}

// compare holds problems of one severity against place, code, and words.
func compare(t *testing.T, problems []recap.Problem, severity recap.Severity, want []string) {
	t.Helper()
	var got []string
	ok := true
	for _, p := range problems {
		if p.Path != policyPath {
			t.Errorf("a problem of %q", p.Path)
		}
		if p.Severity != severity {
			continue
		}
		if i := len(got); ok && i < len(want) {
			place, words, _ := strings.Cut(want[i], "|")
			message, mend, _ := strings.Cut(strings.ReplaceAll(words, "''", "'"), "|")
			ok = place == fmt.Sprintf("%d:%d %s", p.Line, p.Col, p.Rule) && strings.Contains(p.Message, message) && strings.Contains(p.Mend, mend)
		}
		got = append(got, fmt.Sprintf("%d:%d %s|%s|%s", p.Line, p.Col, p.Rule, p.Message, p.Mend))
	}
	if !ok || len(got) != len(want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestParseWarns(t *testing.T) {
	const github = "    keyless: {identities: [{issuer: https://token.actions.githubusercontent.com, subjectRegExp: '%s'%s}]}\n"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", head + ci + security, nil},
		{"other repositories", strings.Replace(head, "team/**", "team**", 1) + ci, []string{"5:12 P005|matches registry.example.com/team-other too|write registry.example.com/team/**"}},
		{"repositories that begin the same", strings.Replace(head, "team/**", "team-*", 1) + ci, nil},
		{"other registries", strings.Replace(head, "/team/**", "**", 1) + ci, []string{"5:12 P005|matches other registries too: registry.example.com.example|write registry.example.com/**"}},
		{"scopes of one rule that overlap", strings.Replace(head, "]", ", \"registry.example.com/team/*\"]", 1) + ci, nil},
		{"everything", strings.Replace(head, "registry.example.com/team/**", "**", 1) + ci, nil},
		{"subdomains", strings.Replace(head, "registry.", "*.", 1) + ci, nil},
		{"layouts", strings.Replace(head, "registry.example.com/team/**", "oci-layout:**", 1) + ci, nil},
		{"a star that is none", head + strings.Replace(dana, "dana@example.com}", "'*@example.com'}", 1), []string{`8:65 P008|"*@example.com" is compared as it stands|write subjectRegExp`}},
		{"dots that are none", head + subjects("[a-z]+@example.com"), []string{`8:65 P008|the dot after "@example" stands for any character|write \.`}},
		{"dots that are some", head + subjects(`[a-z]+@example\.com`), nil},
		{"everybody of a repository", head + "  - name: ci\n" + fmt.Sprintf(github, `https://github\.com/.*`, ", claims: {sourceRepositoryURI: https://github.com/acme/app}"), nil},
		{"every issuer", head + "  - name: dana\n    keyless: {identities: [{issuerRegExp: 'https://.*', subject: dana@example.com}]}\n", []string{"8:29 P008|\"https://.*\" matches whatever issuer there may be|host"}},
		{"some issuers", head + "  - name: dana\n    keyless: {identities: [{issuerRegExp: 'https://.*\\.example\\.com', subject: dana@example.com}]}\n", nil},
		{"even nobody", head + subjects(`[a-z@.:/_-]*`), []string{`8:65 P008|"[a-z@.:/_-]*" matches even the empty text|write more of the subject`}},
		{"whoever has some letters", head + subjects(`.*dev.*`), []string{`8:65 P008|".*dev.*" begins with any text|write more of the subject`}},
		{"whoever has some letters, at length", head + subjects(`[a-z@:/_.-]{1,200}dev`), []string{`8:65 P008|begins with any text|`}},
		{"any name of a domain, or what ends like one", head + subjects(`.+@example\.com`), []string{`8:65 P008|begins with any text|`}},
		{"one of two", head + subjects(`ann@example\.com|(x|.*)dev`), []string{`8:65 P008|begins with any text|`}},
		{"a beginning", head + subjects(`dev.*`), []string{`8:65 P008|ends with any text, and names nobody|`}},
		{"a host", head + subjects(`^https://ci\.example\.com/.*$`), []string{`8:65 P008|ends with any text, and names nobody|`}},
		{"an owner", head + subjects(`^https://github\.com/acme/.*$`), nil},
		{"a workflow of an owner, whatever the repository", head + subjects(`https://github\.com/acme/.*/publish\.yml@refs/tags/v1`), nil},
		{"an owner, by a number", head + subjects(`https://github\.com/acme-[0-9]+/.+`), nil},
		{"one part of an address", head + subjects(`spiffe://example\.com/ns/[^/]+`), nil},
		{"issuers that end like it", head + "  - name: dana\n    keyless: {identities: [{issuerRegExp: '.*\\.example\\.com', subject: dana@example.com}]}\n", []string{"8:29 P008|begins with any text|write more of the issuer"}},
		{"two rules of one name", head + ci + strings.Replace(second, "name: other", "name: team", 1), []string{`9:3 P006|two rules are called "team"|own`}},
	}
	keys := newPEMs(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			believed, problems := policy.Parse(policyPath, []byte(test.text), keys.read)
			if believed == nil {
				t.Fatalf("refused: %v", problems)
			}
			compare(t, problems, recap.SeverityWarning, test.want)
			if len(believed.Warnings) != len(test.want) {
				t.Errorf("the policy says %q", believed.Warnings)
			}
			for _, w := range believed.Warnings {
				if !strings.HasPrefix(w, policyPath+":") {
					t.Errorf("the warning %q has no place", w)
				}
			}
		})
	}
}

// TestParse reads everything that a policy can say.
func TestParse(t *testing.T) {
	const text = `# whom we trust
apiVersion: recap/v1
kind: TrustPolicy
trustedRoot: {path: roots/trusted_root.json}
policies:
- name: team
  scopes: ["registry.example.com/team/**", "oci-layout:**"]
  mode: warn
  authorities:
  - name: ci
    github: {repository: acme/recaps.site, workflow: publish.yml, ref: "refs/tags/v*"}
  - name: main
    github: {repository: acme/recaps.site, workflow: publish.yml, ref: refs/heads/main}
  - name: other-ci
    keyless:
      identities:
      - issuerRegExp: 'https://.*\.example\.com'
        subjectRegExp: 'https://ci\.example\.com/.*'
        claims: {sourceRepositoryURI: https://git.example.com/acme/recaps, runnerEnvironment: hosted}
      - {issuer: https://issuer.example.com, subject: dana@example.com}
    require: {tlog: 2}
  - name: security
    key: {path: keys/security.pub, validFrom: 2026-01-01, validUntil: "2027-01-01t10:00:00+02:00"}
    require: {timestamps: 1}
  - name: vault
    key: {kms: "hashivault://recaps"}
  threshold: 2
  legacySignatures: yes
  attestations:
  - {predicateType: https://slsa.dev/provenance/v1, authorities: [ci, main]}
- name: 1.10
  scopes: [mirror.example.org/team/*]
  mirrorOf: registry.example.com/team/*
  authorities:
  - name: dana
    keyless: {identities: [{issuer: https://issuer.example.com, subject: dana@example.com}]}
    require: {tlog: 0, timestamps: 1, sct: 0}
`
	keys := newPEMs(t)
	got, problems := policy.Parse(policyPath, []byte(strings.Replace(text, "Signatures: yes", "Signatures: true", 1)), keys.read)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	const github = "https://github.com/acme/recaps.site"
	claims := map[string]string{"sourceRepositoryURI": github}
	issuer := "https://token.actions.githubusercontent.com"
	want := &policy.Policy{
		Source:      policyPath,
		TrustedRoot: policy.TrustedRoot{Path: filepath.FromSlash("policies/roots/trusted_root.json")},
		Rules: []policy.Rule{
			{
				Name: "team", Line: 6, Scopes: []string{"registry.example.com/team/**", "oci-layout:**"}, Mode: policy.Warn, Threshold: 2, LegacySignatures: true,
				Authorities: []policy.Authority{
					{Name: "ci", Keyless: &policy.Keyless{Identities: []policy.Identity{{
						Issuer: issuer, SubjectRegExp: `https://github\.com/acme/recaps\.site/\.github/workflows/publish\.yml@refs/tags/v[^/]*`, Claims: claims,
					}}}},
					{Name: "main", Keyless: &policy.Keyless{Identities: []policy.Identity{{
						Issuer: issuer, Subject: github + "/.github/workflows/publish.yml@refs/heads/main", Claims: claims,
					}}}},
					{Name: "other-ci", Require: &policy.Require{TLog: 2, Timestamps: 1, SCT: 1}, Keyless: &policy.Keyless{Identities: []policy.Identity{
						{
							IssuerRegExp: `https://.*\.example\.com`, SubjectRegExp: `https://ci\.example\.com/.*`,
							Claims: map[string]string{"sourceRepositoryURI": "https://git.example.com/acme/recaps", "runnerEnvironment": "hosted"},
						},
						{Issuer: "https://issuer.example.com", Subject: "dana@example.com"},
					}}},
					{Name: "security", Require: &policy.Require{Timestamps: 1}, Key: &policy.Key{
						PEM:       keys["keys/security.pub"],
						ValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ValidUntil: time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC),
					}},
					{Name: "vault", Key: &policy.Key{KMS: "hashivault://recaps"}},
				},
				Attestations: []policy.AttestationRule{{PredicateType: "https://slsa.dev/provenance/v1", Authorities: []string{"ci", "main"}}},
			},
			{
				Name: "1.10", Line: 31, Scopes: []string{"mirror.example.org/team/*"}, MirrorOf: "registry.example.com/team/*", Mode: policy.Enforce,
				Authorities: []policy.Authority{{
					Name: "dana", Require: &policy.Require{Timestamps: 1},
					Keyless: &policy.Keyless{Identities: []policy.Identity{{Issuer: "https://issuer.example.com", Subject: "dana@example.com"}}},
				}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := got.Check(); err != nil {
		t.Errorf("what was loaded doesn't pass: %v", err)
	}
	if _, problems := policy.Parse(policyPath, []byte(text), keys.read); len(problems) != 1 || problems[0].Line != 28 {
		t.Errorf("yes is taken for true: %v", problems)
	}
	if _, problems := policy.Parse(policyPath, []byte(head+security), nil); len(problems) == 0 || !strings.Contains(problems[0].Message, "can't be read from here") {
		t.Errorf("a file is read that may not be: %v", problems)
	}
}

func TestParseTUF(t *testing.T) {
	absolute := filepath.ToSlash(filepath.Join(t.TempDir(), "root.json"))
	for root, want := range map[string]string{"root.json": filepath.Join("policies", "root.json"), absolute: filepath.FromSlash(absolute)} {
		got, problems := policy.Parse(policyPath, []byte(head+ci+"trustedRoot: {tuf: {mirror: https://tuf.example.com, root: '"+root+"'}}\n"), nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if got.TrustedRoot.TUFMirror != "https://tuf.example.com" || filepath.FromSlash(got.TrustedRoot.TUFRoot) != want {
			t.Errorf("got %+v, want root %q", got.TrustedRoot, want)
		}
	}
}
