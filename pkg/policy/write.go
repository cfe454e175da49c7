// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/schemas"
)

// lockWait is how long AddRule waits for another process that writes the
// same policy.
const lockWait = 10 * time.Second

// AddRule writes r into the policy file at path, above its other rules, and
// changes nothing else in it. The file is made when absent, with root as its
// trusted root, readable by its owner alone, and so are the directories above it;
// one that is there keeps its own root. A file that can't be loaded,
// and a rule that makes no sense beside the others, are recap.Usage with code
// bad-policy; nothing is written then. Keys are written out, not named by path.
func AddRule(path string, r Rule, root TrustedRoot) error {
	path, err := resolve(path)
	if err != nil {
		return err
	}
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	release, err := durable.Lock(ctx, path+".lock")
	if err != nil {
		return err
	}
	return errors.Join(addRule(path, r, root), release())
}

// resolve follows a symbolic link, as people keep their settings behind: the
// file is replaced, not the link.
func resolve(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, lerr := os.Lstat(path); lerr == nil {
			return "", recap.Errorf(recap.Local, "dangling-link", "writing the policy: %q is a symbolic link to nothing", path).
				WithHint("remove it, or make the file that it points to")
		}
		return path, nil
	}
	if err != nil {
		return "", durable.Explain(fmt.Errorf("writing the policy: %w", err))
	}
	return real, nil
}

func addRule(path string, r Rule, root TrustedRoot) error {
	before, _, err := readFile(path, recap.MaxPolicySize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	write := func(data []byte) error { return durable.WriteFile(path, data, 0o600) }
	if info, err := os.Stat(path); err == nil {
		write = func(data []byte) error { return durable.RewriteFile(path, data, info.Mode().Perm()) }
	}
	read := func(name string) ([]byte, error) {
		data, _, err := readBounded(name, maxKeyFile)
		return data, err
	}
	current := &Policy{Source: path, TrustedRoot: root}
	if len(bytes.TrimSpace(before)) > 0 {
		policy, problems := Parse(path, before, read)
		if policy == nil {
			return mistakes(path, problems)
		}
		current = policy
	}
	r.Line = 0
	wanted := *current
	wanted.Rules = append([]Rule{r}, current.Rules...)
	if err := wanted.Check(); err != nil {
		return err
	}
	after, err := withRule(path, before, r, root)
	if err != nil {
		return err
	}
	// What is read back decides, not what was meant to be written.
	written, problems := Parse(path, after, read)
	if written == nil {
		return mistakes(path, problems)
	}
	if !sameRules(written.Rules, wanted.Rules) || written.TrustedRoot != current.TrustedRoot {
		return recap.Errorf(recap.Usage, "bad-policy", "policy %s: the rule %q can't be added so that it, and all others, mean what they should", path, r.Name).
			WithHint("write it by hand; recap schema policy describes it")
	}
	if err := write(after); err != nil {
		return fmt.Errorf("writing the policy: %w", err)
	}
	return nil
}

// withRule returns the text of a policy with a rule above the others, of a new
// one under root.
func withRule(path string, text []byte, r Rule, root TrustedRoot) ([]byte, error) {
	node, flow, err := r.encode()
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		head := "# yaml-language-server: $schema=" + schemas.URL("policy") + "\napiVersion: recap/v1\nkind: TrustPolicy\n" + root.yaml() + "policies:\n"
		return append([]byte(head), indent(node, "", "\n")...), nil
	}
	doc, _ := tree.Parse(tree.YAML, text, path, 1)
	list := doc.Get("policies")
	if list.Flow {
		at := offsetOf(text, list.Pos) + 1 // behind the bracket
		return slices.Concat(text[:at], flow, []byte(", "), text[at:]), nil
	}
	key, _ := doc.Find("/policies")
	begin := offsetOf(text, tree.Pos{Line: key.Line + 1, Col: 1})
	newline := "\n"
	if begin > 1 && text[begin-2] == '\r' {
		newline = "\r\n"
	}
	return slices.Concat(text[:begin], indent(node, dashIndent(text[begin:]), newline), text[begin:]), nil
}

// yaml returns the line of a policy that says where the trusted root comes from;
// none for the public instance. A Go string's quotes are YAML's.
func (r TrustedRoot) yaml() string {
	switch {
	case r.Path != "":
		return fmt.Sprintf("trustedRoot: {path: %q}\n", r.Path)
	case r.TUFMirror != "":
		return fmt.Sprintf("trustedRoot: {tuf: {mirror: %q, root: %q}}\n", r.TUFMirror, r.TUFRoot)
	}
	return ""
}

// dashIndent returns what stands before the first dash of a list.
func dashIndent(text []byte) string {
	for line := range bytes.Lines(text) {
		trimmed := bytes.TrimLeft(line, " ")
		if bytes.HasPrefix(trimmed, []byte("-")) {
			return string(line[:len(line)-len(trimmed)])
		}
	}
	return ""
}

// offsetOf returns the offset of a place in text.
func offsetOf(text []byte, pos tree.Pos) int {
	at := 0
	for range pos.Line - 1 {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	return min(at+pos.Col-1, len(text))
}

func indent(text []byte, by, newline string) []byte {
	var b bytes.Buffer
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if line != "" {
			b.WriteString(by + line)
		}
		b.WriteString(newline)
	}
	return b.Bytes()
}

// encode returns the rule as the one item of a YAML list, and as JSON.
func (r Rule) encode() (item, flow []byte, err error) {
	file := ruleFile{
		Name: r.Name, Scopes: r.Scopes, MirrorOf: r.MirrorOf, LegacySignatures: r.LegacySignatures,
	}
	if r.mode() != Enforce {
		file.Mode = r.Mode
	}
	if r.Required() > 1 {
		file.Threshold = r.Threshold
	}
	for _, a := range r.Authorities {
		file.Authorities = append(file.Authorities, a.encode())
	}
	for _, a := range r.attestations() {
		file.Attestations = append(file.Attestations, attestationFile(a))
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(file); err != nil {
		return nil, nil, fmt.Errorf("writing a rule: %w", err)
	}
	flow = bytes.TrimSpace(b.Bytes())
	root, problems := tree.Parse(tree.JSON, flow, "", 1)
	if len(problems) > 0 {
		return nil, nil, recap.Errorf(recap.Usage, "bad-policy", "the rule %q can't be written: %s", r.Name, problems[0].Message)
	}
	item, err = tree.NewList(tree.Pos{}, root).YAML()
	return item, flow, err
}

func (a Authority) encode() authorityFile {
	file := authorityFile{Name: a.Name}
	if k := a.Key; k != nil {
		file.Key = &keyFile{Data: string(k.PEM), KMS: k.KMS}
		if !k.ValidFrom.IsZero() {
			file.Key.ValidFrom = instant(k.ValidFrom)
		}
		if !k.ValidUntil.IsZero() {
			file.Key.ValidUntil = instant(k.ValidUntil)
		}
	}
	if a.Keyless != nil {
		if g, ok := a.github(); ok {
			file.GitHub = &g
		} else {
			file.Keyless = &keylessFile{}
			for _, id := range a.Keyless.Identities {
				file.Keyless.Identities = append(file.Keyless.Identities, identityFile(id))
			}
		}
	}
	if a.Require != nil {
		need := *a.Require
		file.Require = &requireFile{TLog: &need.TLog, Timestamps: &need.Timestamps, SCT: &need.SCT}
	}
	return file
}

// github returns the workflow that is the authority's only identity.
func (a Authority) github() (github, bool) {
	if len(a.Keyless.Identities) != 1 {
		return github{}, false
	}
	g, ok := githubOf(a.Keyless.Identities[0])
	return g, ok && g.canBeWritten()
}

// sameRules reports whether two lists of rules mean the same, wherever they are
// written.
func sameRules(a, b []Rule) bool {
	return slices.EqualFunc(a, b, func(a, b Rule) bool { return reflect.DeepEqual(a.normal(), b.normal()) })
}

// attestations returns what is asked for, with the authorities named.
func (r Rule) attestations() []AttestationRule {
	var list []AttestationRule
	for _, a := range r.Attestations {
		if len(a.Authorities) == 0 {
			for _, known := range r.Authorities {
				a.Authorities = append(a.Authorities, known.Name)
			}
		}
		list = append(list, a)
	}
	return list
}

// normal returns the rule with defaults written out, and without what doesn't
// belong to its meaning.
func (r Rule) normal() Rule {
	r.Mode, r.Threshold, r.Line = r.mode(), r.Required(), 0
	r.Attestations = r.attestations()
	authorities := make([]Authority, 0, len(r.Authorities))
	for _, a := range r.Authorities {
		need := a.Required()
		a.Require = &need
		if a.Key != nil {
			k := *a.Key
			if der, mistake := parsePublicKey(k.PEM); mistake == nil {
				k.PEM = der
			}
			k.ValidFrom, k.ValidUntil = k.ValidFrom.UTC(), k.ValidUntil.UTC()
			a.Key = &k
		}
		if a.Keyless != nil {
			list := make([]Identity, 0, len(a.Keyless.Identities))
			for _, id := range a.Keyless.Identities {
				if len(id.Claims) == 0 {
					id.Claims = nil
				}
				list = append(list, id)
			}
			a.Keyless = &Keyless{Identities: list}
		}
		authorities = append(authorities, a)
	}
	r.Authorities = authorities
	return r
}
