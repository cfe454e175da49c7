// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/internal/tree"
)

// The parts of a policy's file, as its schema has them.
type (
	rootFile struct {
		Path string `json:"path,omitempty"`
		TUF  *struct {
			Mirror string `json:"mirror"`
			Root   string `json:"root"`
		} `json:"tuf,omitempty"`
	}
	ruleFile struct {
		Name             string            `json:"name"`
		Scopes           []string          `json:"scopes"`
		MirrorOf         string            `json:"mirrorOf,omitempty"`
		Mode             Mode              `json:"mode,omitempty"`
		Authorities      []authorityFile   `json:"authorities"`
		Threshold        int               `json:"threshold,omitempty"`
		LegacySignatures bool              `json:"legacySignatures,omitempty"`
		Attestations     []attestationFile `json:"attestations,omitempty"`
	}
	authorityFile struct {
		Name    string       `json:"name"`
		Key     *keyFile     `json:"key,omitempty"`
		Keyless *keylessFile `json:"keyless,omitempty"`
		GitHub  *github      `json:"github,omitempty"`
		Require *requireFile `json:"require,omitempty"`
	}
	keyFile struct {
		Path       string `json:"path,omitempty"`
		Data       string `json:"data,omitempty"`
		KMS        string `json:"kms,omitempty"`
		ValidFrom  string `json:"validFrom,omitempty"`
		ValidUntil string `json:"validUntil,omitempty"`
	}
	keylessFile struct {
		Identities []identityFile `json:"identities"`
	}
	identityFile struct {
		Issuer        string            `json:"issuer,omitempty"`
		IssuerRegExp  string            `json:"issuerRegExp,omitempty"`
		Subject       string            `json:"subject,omitempty"`
		SubjectRegExp string            `json:"subjectRegExp,omitempty"`
		Claims        map[string]string `json:"claims,omitempty"`
	}
	requireFile struct {
		TLog       *int `json:"tlog,omitempty"`
		Timestamps *int `json:"timestamps,omitempty"`
		SCT        *int `json:"sct,omitempty"`
	}
	attestationFile struct {
		PredicateType string   `json:"predicateType"`
		Authorities   []string `json:"authorities"`
	}
)

// decode fills in the policy with what fits its schema.
func (r *reader) decode() {
	root := r.fitting()
	r.decodeRoot(root.Get("trustedRoot"))
	for i, item := range root.Get("policies").List() {
		rule := Rule{Line: item.Pos.Line}
		var file ruleFile
		if err := json.Unmarshal(item.JSON(), &file); err != nil {
			r.fail(item.Pos, codeValue, "report this as a bug", "the rule can't be kept: %s", err)
			r.broken = append(r.broken, fmt.Sprintf("/policies/%d", i))
		} else {
			rule = r.rule(i, file, item)
		}
		r.policy.Rules = append(r.policy.Rules, rule)
	}
}

func (r *reader) decodeRoot(n *tree.Node) {
	if n == nil {
		return
	}
	var file rootFile
	if err := json.Unmarshal(n.JSON(), &file); err != nil {
		r.fail(n.Pos, codeValue, "report this as a bug", "the trusted root can't be kept: %s", err)
		return
	}
	if file.Path != "" {
		r.policy.TrustedRoot.Path = r.beside(file.Path)
		r.mustExist("/trustedRoot/path", file.Path)
	}
	if file.TUF != nil {
		r.policy.TrustedRoot = TrustedRoot{TUFMirror: file.TUF.Mirror, TUFRoot: r.beside(file.TUF.Root)}
		r.mustExist("/trustedRoot/tuf/root", file.TUF.Root)
	}
}

// mustExist reports a file that isn't there. What it holds is for others to
// judge.
func (r *reader) mustExist(pointer, path string) {
	if r.read == nil || path == "" {
		return
	}
	if _, err := r.read(r.beside(path)); errors.Is(err, fs.ErrNotExist) {
		pos, _ := r.root.Find(pointer)
		r.fail(pos, codeRoot, "write its path from the directory that the policy is in, or put it there", "there is no file %q", path)
	}
}

// beside returns a path that the policy names as one from the working directory.
func (r *reader) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.path), filepath.FromSlash(path))
}

func (r *reader) rule(i int, file ruleFile, item *tree.Node) Rule {
	rule := Rule{
		Name: file.Name, Scopes: file.Scopes, MirrorOf: file.MirrorOf, Mode: file.Mode, Line: item.Pos.Line,
		Threshold: file.Threshold, LegacySignatures: file.LegacySignatures,
	}
	if rule.Mode == "" {
		rule.Mode = Enforce
	}
	for _, a := range file.Attestations {
		rule.Attestations = append(rule.Attestations, AttestationRule(a))
	}
	for j, a := range file.Authorities {
		rule.Authorities = append(rule.Authorities,
			r.authority(fmt.Sprintf("/policies/%d/authorities/%d", i, j), fmt.Sprintf("rule %q: authority %q", file.Name, a.Name), a))
	}
	return rule
}

func (r *reader) authority(pointer, who string, file authorityFile) Authority {
	a := Authority{Name: file.Name}
	switch {
	case file.Key != nil:
		a.Key = r.key(pointer+"/key", who, *file.Key)
	case file.GitHub != nil:
		if r.reported(pointer + "/github") {
			break
		}
		if field, message, mend := file.GitHub.mistake(); field != "" {
			pos, _ := r.root.Find(pointer + "/github/" + field)
			r.fail(pos, codeIdentity, mend, "%s: the %s %s", who, field, message)
			r.broken = append(r.broken, pointer+"/github")
			break
		}
		a.Keyless = &Keyless{Identities: []Identity{file.GitHub.identity()}}
	case file.Keyless != nil:
		a.Keyless = &Keyless{}
		for _, id := range file.Keyless.Identities {
			a.Keyless.Identities = append(a.Keyless.Identities, Identity(id))
		}
	}
	if file.Require != nil {
		need := a.Required() // what isn't written keeps its default
		for _, n := range []struct {
			to   *int
			from *int
		}{{&need.TLog, file.Require.TLog}, {&need.Timestamps, file.Require.Timestamps}, {&need.SCT, file.Require.SCT}} {
			if n.from != nil {
				*n.to = *n.from
			}
		}
		a.Require = &need
	}
	return a
}

func (r *reader) key(pointer, who string, file keyFile) *Key {
	k := &Key{KMS: file.KMS}
	if r.reported(pointer) {
		return k
	}
	fail := func(field, mend, format string, args ...any) {
		pos, _ := r.root.Find(pointer + "/" + field)
		r.fail(pos, codeKey, mend, "%s: %s", who, fmt.Sprintf(format, args...))
		r.broken = append(r.broken, pointer+"/"+field)
	}
	text, field := []byte(file.Data), "data"
	if file.Path != "" {
		field = "path"
		var message, mend string
		if text, message, mend = r.keyFile(file.Path); message != "" {
			fail(field, mend, "%s", message)
			return k
		}
	}
	if file.KMS == "" {
		der, mistake := parsePublicKey(text)
		if mistake != nil {
			what := "the key"
			if field == "path" {
				what = fmt.Sprintf("the key %q", file.Path)
			}
			fail(field, mistake.mend, "%s %s", what, mistake.message)
			return k
		}
		k.PEM = pem.EncodeToMemory(&pem.Block{Type: pemPublicKey, Bytes: der})
	}
	for _, bound := range []struct {
		field, text string
		to          *time.Time
	}{{"validFrom", file.ValidFrom, &k.ValidFrom}, {"validUntil", file.ValidUntil, &k.ValidUntil}} {
		if bound.text == "" {
			continue
		}
		t, err := parseInstant(bound.text)
		if err != nil {
			fail(bound.field, "write "+form().Patterns["instant"], "%s %q is no day of the calendar", bound.field, bound.text)
		}
		*bound.to = t
	}
	return k
}

// keyFile reads a public key that the policy names.
func (r *reader) keyFile(path string) (text []byte, message, mend string) {
	switch {
	case strings.Contains(path, "://"):
		return nil, fmt.Sprintf("the path %q is an address", path), "write kms: for a key in a key management service, data: for its text, path: for a file"
	case r.read == nil:
		return nil, fmt.Sprintf("the key %q can't be read from here", path), "write its text: data: |"
	}
	text, err := r.read(r.beside(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Sprintf("there is no file %q", path), "write its path from the directory that the policy is in, or put it there"
	case err != nil:
		return nil, fmt.Sprintf("the key %q can't be read: %s", path, reason(err)), "make it a file that you may read"
	}
	return text, "", ""
}

// reason returns an error without the path that it is about.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// parseInstant reads a time. A day begins at midnight, in UTC.
func parseInstant(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, strings.ToUpper(text))
}
