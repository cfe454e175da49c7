// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target/internal/repository"
)

var testDigest = digest.FromString("hello")

func TestParseReference(t *testing.T) {
	d := testDigest.String()
	for _, tt := range []struct {
		in   string
		want Reference
	}{
		{"registry.example.com/team/recaps", Reference{Host: "registry.example.com", Repository: "team/recaps"}},
		{"registry.example.com/team/recaps:v1", Reference{Host: "registry.example.com", Repository: "team/recaps", Tags: []string{"v1"}}},
		{"registry.example.com/r:1,latest", Reference{Host: "registry.example.com", Repository: "r", Tags: []string{"1", "latest"}}},
		{"registry.example.com/r:1,latest,1", Reference{Host: "registry.example.com", Repository: "r", Tags: []string{"1", "latest"}}},
		{"registry.example.com/r@" + d, Reference{Host: "registry.example.com", Repository: "r", Digest: testDigest}},
		{"registry.example.com/r:v1@" + d, Reference{Host: "registry.example.com", Repository: "r", Tags: []string{"v1"}, Digest: testDigest}},
		{"oci://registry.example.com/r:v1", Reference{Host: "registry.example.com", Repository: "r", Tags: []string{"v1"}}},
		{"Registry.Example.com/r", Reference{Host: "registry.example.com", Repository: "r"}},
		{"localhost/r", Reference{Host: "localhost", Repository: "r"}},
		{"localhost:5000/r", Reference{Host: "localhost:5000", Repository: "r"}},
		{"registry:5000/r", Reference{Host: "registry:5000", Repository: "r"}},
		{"127.0.0.1:5000/r:v1", Reference{Host: "127.0.0.1:5000", Repository: "r", Tags: []string{"v1"}}},
		{"[::1]:5000/r:v1", Reference{Host: "[::1]:5000", Repository: "r", Tags: []string{"v1"}}},
		{"[2001:db8::1]/r", Reference{Host: "[2001:db8::1]", Repository: "r"}},
		{"docker.io/acme/r:v1", Reference{Host: "docker.io", Repository: "acme/r", Tags: []string{"v1"}}},
		{"xn--bcher-kva.example/r", Reference{Host: "xn--bcher-kva.example", Repository: "r"}},
		{"h.example/a.b_c__d-e--f/g:_T.1-x", Reference{Host: "h.example", Repository: "a.b_c__d-e--f/g", Tags: []string{"_T.1-x"}}},
		{"oci-layout://out", Reference{Path: "out"}},
		{"oci-layout://./out:v1", Reference{Path: "./out", Tags: []string{"v1"}}},
		{"oci-layout://../out:v1,latest", Reference{Path: "../out", Tags: []string{"v1", "latest"}}},
		{"oci-layout:///tmp/out.tar:v1", Reference{Path: "/tmp/out.tar", Tags: []string{"v1"}}},
		{"oci-layout:///tmp/out@" + d, Reference{Path: "/tmp/out", Digest: testDigest}},
		{"oci-layout:///tmp/out:v1@" + d, Reference{Path: "/tmp/out", Tags: []string{"v1"}, Digest: testDigest}},
		{"oci-layout:///tmp/a:b/out", Reference{Path: "/tmp/a:b/out"}},
		{"oci-layout:///home/me@work/out:v1", Reference{Path: "/home/me@work/out", Tags: []string{"v1"}}},
		{`oci-layout://C:\out`, Reference{Path: `C:\out`}},
		{`oci-layout://C:\a\out:v1`, Reference{Path: `C:\a\out`, Tags: []string{"v1"}}},
		{"oci-layout://C:/out:v1", Reference{Path: "C:/out", Tags: []string{"v1"}}},
		{"oci-layout://C:/", Reference{Path: "C:/"}},
	} {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseReference(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			again, err := ParseReference(got.String())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("%s is read differently: %s", got, diff)
			}
		})
	}
}

func TestParseReferenceRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		hint     string // a part of it
	}{
		{"nothing", "", "HOST/REPOSITORY:TAG"},
		{"a flag", "--help", ""},
		{"a space", "h.example/r :v1", ""},
		{"a newline", "h.example/r\n", ""},
		{"an escape sequence", "h.example/r:\x1b[2J", ""},
		{"a bidi override", "h.example/\u202er", ""},
		{"a zero-width space", "h.example/\u200br", ""},
		{"invalid UTF-8", "h.example/\xff", ""},
		{"a user name and password", "ann:secret@h.example/r:v1", "recap login"},
		{"a user name in a URL", "https://ann:secret@h.example/r:v1", "recap login"},
		{"a port beyond all", "h.example:99999/r", ""},
		{"port 0", "h.example:0/r", ""},
		{"a port with a sign", "h.example:+80/r", ""},
		{"a port with a zero", "h.example:080/r", ""},
		{"an empty port", "h.example:/r", ""},
		{"half a bracket", "[::1/r", ""},
		{"an IPv6 zone", "[fe80::1%25eth0]/r", ""},
		{"an IPv4 address in brackets", "[127.0.0.1]/r", ""},
		{"a unicode host", "bücher.example/r", "xn--"},
		{"a host of dots", "..x/r", ""},
		{"a host with an underscore", "a_b.example/r", ""},
		{"a label of 64 bytes", strings.Repeat("a", 64) + ".example/r", ""},
		{"a short name", "recaps:v1", "HOST/"},
		{"a short name with a slash", "team/recaps:v1", "HOST/team/recaps:v1"},
		{"a host alone", "h.example", "h.example/REPOSITORY"},
		{"a host and a slash", "h.example/", ""},
		{"a host and a tag", "h.example/:v1", "h.example/REPOSITORY"},
		{"capital letters", "h.example/Team/R:V1", "h.example/team/r"},
		{"a climb", "localhost/../x", ""},
		{"a climb below oci", "oci://h.example/../x", ""},
		{"a double slash", "h.example//r", ""},
		{"a repository of 256 bytes", "h.example/" + strings.Repeat("a", 246), ""},
		{"an empty tag", "h.example/r:", ""},
		{"an empty tag of two", "h.example/r:v1,", ""},
		{"a tag of 129 bytes", "h.example/r:" + strings.Repeat("a", 129), ""},
		{"a semver build", "h.example/r:1.0.0+build", "a tag is"},
		{"a tag that starts with a dot", "h.example/r:.a", "a tag is"},
		{"101 tags", "h.example/r:" + tags(101), ""},
		{"an empty digest", "h.example/r@", ""},
		{"63 digits", "h.example/r@sha256:" + strings.Repeat("a", 63), "64"},
		{"capital digits", "h.example/r@sha256:" + strings.Repeat("A", 64), ""},
		{"md5", "h.example/r@md5:" + strings.Repeat("a", 32), ""},
		{"a digest that climbs", "h.example/r@sha256:../../x", ""},
		{"a URL", "https://h.example/r:v1", "h.example/r:v1"},
		{"docker's transport", "docker://h.example/r:v1", "h.example/r:v1"},
		{"another scheme", "file:///etc/passwd", "oci-layout://"},
		{"another tool's layout", "oci:../out", "oci-layout://../out"},
		{"a path", "./out", "oci-layout://./out"},
		{"an absolute path", "/tmp/out", "oci-layout:///tmp/out"},
		{"an archive", "out.tar", "oci-layout://out.tar"},
		{"a layout without a path", "oci-layout://", "oci-layout://"},
		{"a layout of a tag", "oci-layout://:v1", ""},
		{"a layout with an empty tag", "oci-layout://out:", ""},
		{"a layout with half a digest", "oci-layout://out@sha256:aa", ""},
		{"a layout with a digest that leads out", "oci-layout://out@sha256:../../x", ""},
		{"too long", "h.example/" + strings.Repeat("a", 5000), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseReference(tt.in)
			if err == nil {
				t.Fatalf("read as %+v", got)
			}
			e := recaptest.WantError(t, err, recap.Usage, "bad-reference")
			if !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("hint %q does not say %q", e.Hint, tt.hint)
			}
			if strings.Contains(e.Error()+e.Hint, "secret") {
				t.Errorf("a password is printed: %v", e)
			}
			for _, r := range e.Error() + e.Hint {
				if !printableRune(r) {
					t.Errorf("%U is printed raw: %q", r, e.Error())
				}
			}
		})
	}
	if _, err := ParseReference("h.example/r:" + tags(100)); err != nil {
		t.Errorf("100 tags: %v", err)
	}
	if _, err := ParseReference("h.example/" + strings.Repeat("a", 245)); err != nil {
		t.Errorf("a repository of 255 bytes: %v", err)
	}
	if _, err := ParseReference("h.example/r:" + strings.Repeat("a", 128)); err != nil {
		t.Errorf("a tag of 128 bytes: %v", err)
	}
}

func tags(n int) string {
	var all []string
	for i := range n {
		all = append(all, strconv.Itoa(i))
	}
	return strings.Join(all, ",")
}

func TestReferenceTarget(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"h.example/r:v1", "v1"},
		{"h.example/r@" + testDigest.String(), testDigest.String()},
		{"h.example/r:v1,v2@" + testDigest.String(), testDigest.String()},
		{"h.example/r", ""},
		{"h.example/r:v1,v2", ""},
	} {
		ref, err := ParseReference(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ref.Target()
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v", tt.in, got, err)
		}
		if err != nil {
			recaptest.WantError(t, err, recap.Usage, "bad-reference")
		}
	}
}

func TestReferenceWith(t *testing.T) {
	ref, err := ParseReference("h.example/r:v1,v2@" + testDigest.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ got, want string }{
		{ref.WithTag("v3").String(), "h.example/r:v3"},
		{ref.WithTag("").String(), "h.example/r"},
		{ref.WithDigest(testDigest).String(), "h.example/r@" + testDigest.String()},
		{ref.Name(), "h.example/r"},
		{ref.Tag(), ""},
		{ref.WithTag("v3").Tag(), "v3"},
		{Reference{Path: "a/b"}.Name(), "oci-layout://a/b"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestLooksLikePath(t *testing.T) {
	for s, want := range map[string]bool{
		".": true, "..": true, "./a": true, "../a": true, "/a": true, "~/a": true, "~": true,
		`a\b`: true, `C:\a`: true, "C:/a": true, "a/": true, "a.tar": true, "a/b.md": true, "A.TAR": true,
		"h.example/r:v1": false, "team/recaps": false, "a": false, "": false, "localhost:5000/r": false,
	} {
		if got := LooksLikePath(s); got != want {
			t.Errorf("LooksLikePath(%q) = %v", s, got)
		}
	}
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{
		"registry.example.com/team/recaps:v1,latest@" + testDigest.String(), "oci://localhost:5000/r", "[::1]:5000/r:v1",
		"oci-layout://../out.tar:v1@" + testDigest.String(), `oci-layout://C:\a:v1`, "ann:secret@h/r", "a/../b", "https://h/r",
		"oci-layout://a:b:c", "oci-layout://a@b/c", "oci-layout://C:/:v1", "\u05fc",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseReference(s)
		if err != nil {
			recaptest.WantError(t, err, recap.Usage, "bad-reference")
			for _, r := range err.Error() { // more may be printed than may stand in a reference
				if !recap.IsPrintable(r) {
					t.Fatalf("%q prints %U", s, r)
				}
			}
			return
		}
		again, err := ParseReference(ref.String())
		if err != nil {
			t.Fatalf("%q is written %q: %v", s, ref, err)
		}
		if diff := cmp.Diff(ref, again); diff != "" {
			t.Fatalf("%q is written %q and read differently: %s", s, ref, diff)
		}
		if !ref.IsLayout() && (ref.Host == "" || !repository.IsName(ref.Repository)) {
			t.Fatalf("%q: %+v", s, ref)
		}
	})
}
