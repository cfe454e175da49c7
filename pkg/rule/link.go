// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// allowedSchemes are those that name something to read or to write to.
var allowedSchemes = []string{"http", "https", "mailto", "oci", "doi", "urn"}

// CheckLink applies R601 and R602 to the target of one link, absolute or
// relative; ok is true, and the finding empty, where it breaks neither. Its
// Pointer is for the caller to set.
//
// A scheme is looked for as browsers do: in any case, and past white space and
// control characters within it.
func CheckLink(dest string) (f Finding, ok bool) {
	code, message := judgeLink(dest)
	if code == "" {
		return Finding{}, true
	}
	rule, _ := Lookup(code)
	return Finding{Severity: rule.Severity, Rule: code, Message: message, Mend: rule.Mend}, false
}

// judgeLink returns the code of the rule that dest breaks, and how.
func judgeLink(dest string) (code, message string) {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, dest)
	scheme := linkScheme(bare)
	switch {
	case scheme != "" && !slices.Contains(allowedSchemes, scheme):
		return "R602", fmt.Sprintf("the scheme %s: is not allowed", words.Clip(scheme))
	case bare == "":
		return "R601", "the address is empty"
	case bare != dest:
		return "R601", fmt.Sprintf("%q has white space or invisible characters", words.Clip(dest))
	case strings.HasPrefix(dest, "//"), strings.Contains(dest, `\`):
		return "R601", fmt.Sprintf("%q means another place on every site", words.Clip(dest))
	}
	u, err := url.Parse(dest)
	switch {
	case err != nil:
		return "R601", fmt.Sprintf("%q is not well-formed", words.Clip(dest))
	case u.User != nil && scheme != "mailto":
		return "R601", fmt.Sprintf("%q has a name or password before the host", words.Clip(u.Redacted()))
	case (scheme == "http" || scheme == "https" || scheme == "oci") && u.Hostname() == "":
		return "R601", fmt.Sprintf("%q names no host", words.Clip(dest))
	case scheme != "" && scheme != "http" && scheme != "https" && scheme != "oci" && u.Opaque == "" && u.Path == "":
		return "R601", fmt.Sprintf("%q names nothing", words.Clip(dest))
	}
	return "", ""
}

// linkScheme returns the scheme that s begins with, in lower case.
func linkScheme(s string) string {
	for i := range len(s) {
		c := s[i]
		switch {
		case c == ':':
			return words.Lower(s[:i])
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return ""
		}
	}
	return ""
}

// links applies R601 and R602 to every address among the facts.
func (c *checker) links() {
	eachAddress(c.recap, func(at recap.Pointer, address string, whole bool) {
		code, message := judgeLink(address)
		if code == "" && whole && linkScheme(address) == "" {
			code, message = "R601", fmt.Sprintf("%q is not a whole address", words.Clip(address))
		}
		if code != "" {
			c.report(code, at, "", "%s", message)
		}
	})
}

// eachAddress visits every field that holds an address; whole says that it must
// not be relative.
func eachAddress(r *recap.Recap, f func(at recap.Pointer, address string, whole bool)) {
	const root = recap.Pointer("/recap")
	one := func(at recap.Pointer, name, address string) {
		if address != "" {
			f(at.To(name), address, true)
		}
	}
	facts := &r.Facts
	r.EachFact(func(at recap.Pointer, fact *recap.Fact) { one(at, "url", fact.URL) })
	r.EachAgent(func(at recap.Pointer, a recap.Agent) { one(at, "url", a.URL) })
	if facts.Source != nil {
		one(root.To("source"), "url", facts.Source.URL)
	}
	r.EachEntity(func(at recap.Pointer, _ string, e recap.Entity) {
		for i, address := range e.SameAs {
			f(at.At("sameAs", i), address, true)
		}
	})
	for i, s := range facts.Sessions {
		at := root.At("sessions", i)
		one(at, "recording", s.Recording)
		for j, id := range s.SameAs { // an address or the programme's own id
			if strings.Contains(id, ":") {
				f(at.At("sameAs", j), id, false)
			}
		}
	}
	for i, l := range facts.Links {
		if l.URL != "" {
			f(root.At("links", i).To("url"), l.URL, false)
		}
	}
}
