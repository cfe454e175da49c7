// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
	"github.com/recap-oci/recap/pkg/target/internal/repository"
)

// LayoutScheme starts a reference to an OCI image layout on disk.
const LayoutScheme = "oci-layout://"

// Bounds of a reference. A repository with its host is at most 255 bytes and a
// tag 128: registries have no room for more.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
const (
	maxReference  = 4096 // bytes as typed; a path has the limit of the file system
	maxRepository = 255
	maxTags       = 100
)

var labelPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
})

// Reference names a repository of a registry, or a layout on disk, and what in
// it is meant. The zero value names nothing.
type Reference struct {
	Host       string // as typed, lower-case: "registry.example.com", "localhost:5000", "[::1]:5000"
	Repository string // "team/recaps"
	Path       string // of a layout: a directory or a .tar; empty for a registry

	Tags   []string      // in the order typed, each once; more than one only makes sense when pushing
	Digest digest.Digest // decides when there is one; the tags are then not asked
}

// ParseReference parses
//
//	HOST/REPOSITORY[:TAG[,TAG…]][@DIGEST]
//	oci://HOST/REPOSITORY…            (the same; oci:// is dropped)
//	oci-layout://PATH[:TAG[,TAG…]][@DIGEST]
//
// A layout's PATH ends at the last @, else at the last : after the last /. The
// host is never left out: which registry a short name would mean differs
// between tools.
//
// Errors are recap.Usage with code bad-reference. They show s escaped, except
// where it may hold a password.
func ParseReference(s string) (Reference, error) {
	if len(s) > maxReference {
		return Reference{}, bad("reference of %d bytes is longer than %d", len(s), maxReference)
	}
	if s == "" {
		return Reference{}, bad("reference is empty").WithHint("type HOST/REPOSITORY:TAG, such as registry.example.com/team/recaps:v1")
	}
	if !utf8.ValidString(s) {
		return Reference{}, bad("reference %s is not valid UTF-8", printable.Quote(s))
	}
	for _, r := range s {
		if !printableRune(r) {
			return Reference{}, bad("reference %s holds the invisible or control character %U", printable.Quote(s), r)
		}
	}
	if strings.HasPrefix(s, "-") {
		return Reference{}, bad("reference %s starts with a dash, like a flag", printable.Quote(s))
	}
	if path, ok := strings.CutPrefix(s, LayoutScheme); ok {
		return parseLayout(s, path)
	}
	return parseRegistry(s, strings.TrimPrefix(s, "oci://"))
}

// parseLayout parses path, what follows oci-layout:// in s.
func parseLayout(s, path string) (Reference, error) {
	var ref Reference
	// An @ above is part of the path, but for one that was to be a digest's.
	if i := strings.LastIndexByte(path, '@'); i >= 0 && (!strings.ContainsAny(path[i:], `/\`) || strings.HasPrefix(path[i:], "@sha256:")) {
		d, err := parseDigest(s, path[i+1:])
		if err != nil {
			return Reference{}, err
		}
		ref.Digest, path = d, path[:i]
	}
	drive := 0
	if isDrive(path) {
		drive = 2 // the colon of C: ends no path
	}
	separators := "/"
	if drive > 0 {
		separators = `/\`
	}
	name := max(strings.LastIndexAny(path, separators), drive-1) + 1
	if i := strings.LastIndexByte(path[name:], ':'); i >= 0 {
		tags, err := parseTags(s, path[name+i+1:])
		if err != nil {
			return Reference{}, err
		}
		ref.Tags, path = tags, path[:name+i]
	}
	if path == "" {
		return Reference{}, bad("reference %s has no path", printable.Quote(s)).WithHint("type oci-layout://PATH:TAG, such as oci-layout://./out:v1")
	}
	ref.Path = path
	return ref, nil
}

// parseRegistry parses rest, which is s without an oci:// prefix.
func parseRegistry(s, rest string) (Reference, error) {
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		if strings.Contains(after, "@") && !repository.IsDigest(after[strings.LastIndexByte(after, '@')+1:]) {
			return Reference{}, withCredentials()
		}
		hint := "leave the scheme out: %s"
		if scheme == "oci" || !isRegistryScheme(scheme) {
			return Reference{}, bad("reference %s has a scheme that is not understood", printable.Quote(s)).
				WithHint("type HOST/REPOSITORY:TAG or %sPATH:TAG", LayoutScheme)
		}
		return Reference{}, bad("reference %s is not a URL", printable.Quote(s)).WithHint(hint, recap.Printable(after))
	}
	if after, ok := strings.CutPrefix(rest, "oci:"); ok && LooksLikePath(after) {
		return Reference{}, bad("reference %s is written as another tool's", printable.Quote(s)).WithHint("type %s%s", LayoutScheme, recap.Printable(after))
	}
	if LooksLikePath(rest) {
		return Reference{}, bad("%s is a path where a reference is wanted", printable.Quote(s)).WithHint("for a layout on disk type %s%s", LayoutScheme, recap.Printable(rest))
	}
	host, rest, ok := strings.Cut(rest, "/")
	if strings.Contains(host, "@") && !repository.IsDigest(host[strings.LastIndexByte(host, '@')+1:]) {
		return Reference{}, withCredentials()
	}
	if !ok {
		if name, err := ParseHost(host); err == nil && isHost(name) {
			return Reference{}, bad("reference %s names a registry but no repository", printable.Quote(s)).WithHint("type %s/REPOSITORY:TAG", name)
		}
		return Reference{}, shortName(s)
	}
	if !isHost(host) {
		return Reference{}, shortName(s)
	}
	var ref Reference
	var err error
	if ref.Host, err = ParseHost(host); err != nil {
		return Reference{}, within(s, err)
	}
	if i := strings.IndexByte(rest, '@'); i >= 0 {
		if ref.Digest, err = parseDigest(s, rest[i+1:]); err != nil {
			return Reference{}, err
		}
		rest = rest[:i]
	}
	if i := strings.IndexByte(rest, ':'); i >= 0 {
		if ref.Tags, err = parseTags(s, rest[i+1:]); err != nil {
			return Reference{}, err
		}
		rest = rest[:i]
	}
	ref.Repository = rest
	if err := checkRepository(s, ref); err != nil {
		return Reference{}, err
	}
	return ref, nil
}

func checkRepository(s string, ref Reference) error {
	switch {
	case ref.Repository == "":
		return bad("reference %s names no repository", printable.Quote(s)).WithHint("type %s/REPOSITORY:TAG", ref.Host)
	case len(ref.Host)+1+len(ref.Repository) > maxRepository:
		return bad("reference %s: host and repository are longer than %d bytes", printable.Quote(s), maxRepository)
	case repository.IsName(ref.Repository):
		return nil
	case repository.IsName(strings.ToLower(ref.Repository)):
		return bad("reference %s: the repository has capital letters", printable.Quote(s)).WithHint("type %s/%s", ref.Host, strings.ToLower(ref.Repository))
	}
	return bad("reference %s: %s is not a repository", printable.Quote(s), printable.Quote(ref.Repository)).
		WithHint("a repository is lower-case letters and digits, joined by one of . _ __ - or /")
}

// ParseHost checks and normalises a registry's address: a DNS name, an IPv4
// address or an IPv6 address in brackets, with or without a port.
//
// Errors are recap.Usage with code bad-reference.
func ParseHost(s string) (string, error) {
	if len(s) > maxRepository {
		return "", bad("host of %d bytes is longer than %d", len(s), maxRepository)
	}
	host := strings.ToLower(s)
	port := ""
	if end := strings.IndexByte(host, ']'); strings.HasPrefix(host, "[") && end > 0 {
		addr, err := netip.ParseAddr(host[1:end])
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", bad("host %s is not an IPv6 address", printable.Quote(s))
		}
		port = host[end+1:]
	} else {
		name := host
		if i := strings.IndexByte(host, ':'); i >= 0 {
			name, port = host[:i], host[i:]
		}
		for label := range strings.SplitSeq(name, ".") {
			if !labelPattern().MatchString(label) {
				return "", bad("host %s is not a DNS name or IP address", printable.Quote(s)).
					WithHint("a host is letters, digits, dots and dashes; write an international name in its xn-- form and IPv6 in brackets")
			}
		}
	}
	if port != "" {
		n, err := strconv.ParseUint(strings.TrimPrefix(port, ":"), 10, 16)
		if err != nil || n == 0 || port != ":"+strconv.FormatUint(n, 10) {
			return "", bad("host %s: the port is not a number from 1 to 65535", printable.Quote(s))
		}
	}
	return host, nil
}

// isHost reports whether the first component of a reference can only be meant
// as a host.
func isHost(s string) bool {
	return strings.ContainsAny(s, ".:[") || strings.EqualFold(s, "localhost")
}

func isRegistryScheme(scheme string) bool {
	switch strings.ToLower(scheme) {
	case "http", "https", "docker", "registry":
		return true
	}
	return false
}

func parseTags(s, list string) ([]string, error) {
	var tags []string
	for tag := range strings.SplitSeq(list, ",") {
		if err := repository.CheckTag(tag); err != nil {
			return nil, within(s, err)
		}
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
		if len(tags) > maxTags {
			return nil, bad("reference %s has more than %d tags", printable.Quote(s), maxTags)
		}
	}
	return tags, nil
}

func parseDigest(s, text string) (digest.Digest, error) {
	if !repository.IsDigest(text) {
		return "", bad("reference %s: %s is not a digest", printable.Quote(s), printable.Quote(text)).WithHint("a digest is sha256: and 64 lower-case hexadecimal digits")
	}
	return digest.Digest(text), nil
}

// LooksLikePath reports whether s, given where a reference is wanted, is more
// likely a path: it starts like one or ends in a name that only a file has. It
// does not look at the disk.
func LooksLikePath(s string) bool {
	switch {
	case s == "." || s == ".." || s == "~":
		return true
	case strings.HasPrefix(s, "./"), strings.HasPrefix(s, "../"), strings.HasPrefix(s, "/"), strings.HasPrefix(s, "~/"):
		return true
	case strings.ContainsRune(s, '\\'), isDrive(s), strings.HasSuffix(s, "/"):
		return true
	}
	lower := strings.ToLower(s)
	return strings.HasSuffix(lower, ".tar") || strings.HasSuffix(lower, ".md")
}

// isDrive reports whether s starts like an absolute Windows path.
func isDrive(s string) bool {
	return len(s) >= 3 && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z') && s[1] == ':' && (s[2] == '\\' || s[2] == '/')
}

// IsLayout reports whether r is a layout on disk.
func (r Reference) IsLayout() bool { return r.Path != "" }

// Name returns r without tags and digest, as policy scopes match it.
func (r Reference) Name() string {
	if r.IsLayout() {
		return LayoutScheme + r.Path
	}
	return r.Host + "/" + r.Repository
}

// String returns r as [ParseReference] reads it.
func (r Reference) String() string {
	s := r.Name()
	if len(r.Tags) > 0 {
		s += ":" + strings.Join(r.Tags, ",")
	}
	if r.Digest != "" {
		s += "@" + r.Digest.String()
	}
	return s
}

// Tag returns the tag if there is exactly one.
func (r Reference) Tag() string {
	if len(r.Tags) == 1 {
		return r.Tags[0]
	}
	return ""
}

// Target returns what is to be resolved: the digest, else the one tag. It
// refuses several tags and none with recap.Usage, code bad-reference.
func (r Reference) Target() (string, error) {
	switch {
	case r.Digest != "":
		return r.Digest.String(), nil
	case len(r.Tags) == 1:
		return r.Tags[0], nil
	case len(r.Tags) > 1:
		return "", bad("reference %s has %d tags where one thing is wanted", printable.Quote(r.String()), len(r.Tags)).
			WithHint("type %s:%s", recap.Printable(r.Name()), r.Tags[0])
	}
	return "", bad("reference %s has no tag and no digest", printable.Quote(r.String())).WithHint("type %[1]s:TAG; recap list %[1]s shows the tags", recap.Printable(r.Name()))
}

// WithTag returns r with this tag, or with none when tag is empty, and without
// a digest.
func (r Reference) WithTag(tag string) Reference {
	r.Tags, r.Digest = nil, ""
	if tag != "" {
		r.Tags = []string{tag}
	}
	return r
}

// WithDigest returns r with this digest and no tags.
func (r Reference) WithDigest(d digest.Digest) Reference {
	r.Tags, r.Digest = nil, d
	return r
}

func bad(format string, args ...any) *recap.Error {
	return recap.Errorf(recap.Usage, "bad-reference", format, args...)
}

// within says in which reference err was found.
func within(s string, err error) error {
	e := bad("reference %s: %w", printable.Quote(s), err)
	if inner, ok := errors.AsType[*recap.Error](err); ok {
		e.Hint = inner.Hint
	}
	return e
}

func shortName(s string) error {
	return bad("reference %s does not say which registry", printable.Quote(s)).WithHint("type the host too: HOST/%s", recap.Printable(s))
}

// withCredentials does not repeat the reference, which holds a secret.
func withCredentials() error {
	return bad("reference holds a user name or password").WithHint("run recap login HOST and leave them out of the reference")
}

// printableRune reports whether r may stand in a reference. It is stricter than
// [recap.IsPrintable]: a person must be able to tell by sight what is typed, so
// there is no joiner, no replacement character and no space but the common one.
func printableRune(r rune) bool {
	return unicode.IsPrint(r) && r != utf8.RuneError
}
