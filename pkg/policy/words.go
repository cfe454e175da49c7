// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Plain says in plain words whom the rule trusts, and what it asks of them: a
// line for each authority, then one for each condition. It holds text from the
// policy and from certificates: print it escaped.
func (r Rule) Plain() []string {
	var lines []string
	for _, a := range r.Authorities {
		line := a.plain()
		if len(r.Authorities) > 1 {
			line = a.Name + ": " + line
		}
		lines = append(lines, line)
	}
	if n := len(r.Authorities); n > 1 {
		if r.Required() == 1 {
			lines = append(lines, fmt.Sprintf("any one of these %d is enough", n))
		} else {
			lines = append(lines, fmt.Sprintf("%d of these %d must sign, each a different signer", r.Required(), n))
		}
	}
	for _, a := range r.Attestations {
		line := "there must be a statement of type " + a.PredicateType
		if len(a.Authorities) > 0 && len(r.Authorities) > 1 {
			line += " by " + strings.Join(a.Authorities, " or ")
		}
		lines = append(lines, line)
	}
	if r.LegacySignatures {
		lines = append(lines, "signatures of cosign before version 3 count too")
	}
	if r.MirrorOf != "" {
		lines = append(lines, "these are copies of "+r.MirrorOf)
	}
	if r.mode() == Warn {
		lines = append(lines, "what doesn't satisfy this is used all the same, with a warning")
	}
	return lines
}

func (a Authority) plain() string {
	line := "nobody"
	switch {
	case a.Key != nil:
		line = "whoever holds " + a.Key.String() + a.Key.window()
	case a.Keyless != nil && len(a.Keyless.Identities) > 0:
		var who []string
		for _, id := range a.Keyless.Identities {
			who = append(who, id.String())
		}
		line = strings.Join(who, ", or ")
	}
	if a.Require != nil && *a.Require != (Authority{Key: a.Key, Keyless: a.Keyless}).Required() {
		line += ", with " + a.Require.String()
	}
	return line
}

// String says which evidence is required, in words.
func (r Require) String() string {
	var parts []string
	for _, n := range []struct {
		count     int
		one, many string
	}{
		{r.TLog, "log entry", "log entries"},
		{r.Timestamps, "time of signing", "times of signing"},
		{r.SCT, "certificate timestamp", "certificate timestamps"},
	} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.count, plural(n.count, n.one, n.many)))
		}
	}
	if len(parts) == 0 {
		return "no evidence besides the signature"
	}
	return strings.Join(parts, ", ")
}

// window says when a key counts.
func (k *Key) window() string {
	var parts []string
	if !k.ValidFrom.IsZero() {
		parts = append(parts, "from "+instant(k.ValidFrom))
	}
	if !k.ValidUntil.IsZero() {
		parts = append(parts, "until "+instant(k.ValidUntil))
	}
	if parts == nil {
		return ""
	}
	return ", for what was signed " + strings.Join(parts, " ")
}

func instant(t time.Time) string {
	if t = t.UTC(); t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}

// String says in plain words who it is.
func (id Identity) String() string {
	if g, ok := githubOf(id); ok {
		return g.String()
	}
	who, by := id.Subject, id.Issuer
	if who == "" {
		who = fmt.Sprintf("everybody whose name matches %s", id.SubjectRegExp)
	}
	if by == "" {
		by = fmt.Sprintf("any issuer that matches %s", id.IssuerRegExp)
	}
	text := fmt.Sprintf("%s, by the word of %s", who, by)
	for _, name := range slices.Sorted(maps.Keys(id.Claims)) {
		if name == sourceRepository {
			text += ", from the repository " + id.Claims[name]
		} else {
			text += fmt.Sprintf(", with %s %s", name, id.Claims[name])
		}
	}
	return text
}
