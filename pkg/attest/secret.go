// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// scpPattern matches how Git writes ssh without saying so: git@host:path.
var scpPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:[^@/:]+@)?([A-Za-z0-9.-]+):([^/:][^:]*)$`) })

// repositoryAddress returns where a Git repository is, as an address without
// user or password: services clone with credentials in it, and statements are
// public.
func repositoryAddress(s string) (string, error) {
	if m := scpPattern().FindStringSubmatch(s); m != nil && !strings.Contains(s, "://") {
		return "ssh://" + m[1] + "/" + m[2], nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", errors.New("it is not the address of a repository")
	}
	switch u.Scheme {
	case "https", "http", "ssh", "git":
	default:
		return "", errors.New("it is not the address of a repository that others can reach")
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String(), nil
}

// withoutSecrets returns arguments as they may be published: credentials in
// addresses go, and so does the value of a flag whose name says that it is a
// secret.
func withoutSecrets(args []string) []string {
	public := make([]string, 0, len(args))
	hide := false
	for _, arg := range args {
		name, value, given := strings.Cut(arg, "=")
		switch {
		case hide:
			arg, hide = hidden, false
		case len(arg) > 2 && (arg[:2] == "-p" || arg[:2] == "-H"): // -pSECRET
			arg = arg[:2] + hidden
		case isSecretFlag(name) && given:
			arg = name + "=" + hidden
		case isSecretFlag(name):
			hide = true
		case given && strings.HasPrefix(name, "-"):
			arg = name + "=" + withoutUser(value)
		default:
			arg = withoutUser(arg)
		}
		public = append(public, arg)
	}
	return public
}

const hidden = "…"

// isSecretFlag errs on the side of hiding.
func isSecretFlag(name string) bool {
	if !strings.HasPrefix(name, "-") {
		return false
	}
	lower := strings.ToLower(name)
	if lower == "-p" || lower == "-h" {
		return true // a password; a header, which may be one
	}
	for _, word := range []string{"password", "token", "secret", "header", "credential", "passphrase"} {
		if strings.Contains(lower, word) && !strings.HasSuffix(lower, "-stdin") {
			return true
		}
	}
	return false
}

// withoutUser drops user and password from an address.
func withoutUser(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return hidden // what can't be read can't be cleaned
	}
	if u.User == nil {
		return s
	}
	u.User = nil
	return u.String()
}
