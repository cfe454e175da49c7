// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"html"
	"strings"
)

// tag is an opening or closing tag of HTML.
type tag struct {
	name       string // lower-case
	attributes []attribute
	length     int // bytes, angle brackets included
}

type attribute struct {
	name  string // lower-case
	value string // entities resolved
}

// get returns the first attribute of the given name.
func (t tag) get(name string) (string, bool) {
	for _, a := range t.attributes {
		if a.name == name {
			return a.value, true
		}
	}
	return "", false
}

// scanTag reads the tag that text begins with. Its length is 0 where there is
// none; seen is how many bytes had to be looked at to know.
func scanTag(text []byte) (t tag, seen int) {
	i := 1
	if i < len(text) && text[i] == '/' {
		i++
	}
	start := i
	for i < len(text) && isTagNameByte(text[i]) {
		i++
	}
	if i == start {
		return tag{}, i
	}
	t.name = strings.ToLower(string(text[start:i]))
	for i < len(text) {
		switch c := text[i]; {
		case c == '>':
			t.length = i + 1
			return t, i + 1
		case c == '<':
			return tag{}, i
		case isSpace(c) || c == '/' || c == '=':
			i++
		default:
			a, n := scanAttribute(text[i:])
			if n == 0 {
				return tag{}, len(text)
			}
			t.attributes = append(t.attributes, a)
			i += n
		}
	}
	return tag{}, len(text)
}

// scanAttribute reads an attribute and returns how long it is, or 0 when its
// value doesn't end.
func scanAttribute(text []byte) (attribute, int) {
	i := 0
	for i < len(text) && !isSpace(text[i]) && text[i] != '=' && text[i] != '>' && text[i] != '/' && text[i] != '<' {
		i++
	}
	a := attribute{name: strings.ToLower(string(text[:i]))}
	j := i
	for j < len(text) && isSpace(text[j]) {
		j++
	}
	if i == 0 || j == len(text) || text[j] != '=' {
		return a, max(i, 1)
	}
	for j++; j < len(text) && isSpace(text[j]); j++ {
	}
	if j == len(text) {
		return a, j
	}
	if quote := text[j]; quote == '"' || quote == '\'' {
		end := bytes.IndexByte(text[j+1:], quote)
		if end < 0 {
			return a, 0
		}
		a.value = html.UnescapeString(string(text[j+1 : j+1+end]))
		return a, j + end + 2
	}
	end := j
	for end < len(text) && !isSpace(text[end]) && text[end] != '>' && text[end] != '<' {
		end++
	}
	a.value = html.UnescapeString(string(text[j:end]))
	return a, max(end, 1)
}

func isTagNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == ':'
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

// The attributes that make a browser go somewhere or fetch something.
var linkAttributes = []string{"href", "src", "poster", "data", "action", "formaction"}

// htmlLinks finds the links of a piece of raw HTML that begins at offset of the
// text. Comments are skipped; a tag whose quotes don't close ends the search, as
// it swallows the rest for a browser too.
func htmlLinks(raw []byte, offset int) []Link {
	var links []Link
	for i := 0; i < len(raw); {
		next := bytes.IndexByte(raw[i:], '<')
		if next < 0 {
			break
		}
		i += next
		if bytes.HasPrefix(raw[i:], []byte("<!--")) {
			end := bytes.Index(raw[i+4:], []byte("-->"))
			if end < 0 {
				break
			}
			i += 4 + end + 3
			continue
		}
		t, seen := scanTag(raw[i:])
		if t.length == 0 {
			i += max(seen, 1)
			continue
		}
		for _, name := range linkAttributes {
			dest, ok := t.get(name)
			if !ok || name == "data" && t.name != "object" {
				continue
			}
			link := Link{
				Kind:  LinkHTML,
				Image: t.name == "img" || name == "poster",
				Dest:  strings.TrimSpace(dest),
				Range: Range{offset + i, offset + i + t.length},
			}
			link.Text, _ = t.get("alt")
			link.Title, _ = t.get("title")
			links = append(links, link)
		}
		i += t.length
	}
	return links
}
