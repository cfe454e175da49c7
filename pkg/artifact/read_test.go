// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"context"
	_ "crypto/sha512" // available, and refused all the same
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

func describe(raw string) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: "text/plain", Digest: digest.FromString(raw), Size: int64(len(raw))}
}

func TestVerifyReader(t *testing.T) {
	broken := errors.New("connection reset")
	tests := []struct {
		name   string
		desc   ocispec.Descriptor
		stream io.Reader
		want   recap.Kind // empty where all is well
		code   string
	}{
		{"match", describe("hello"), strings.NewReader("hello"), "", ""},
		{"match byte by byte", describe("hello"), iotest.OneByteReader(strings.NewReader("hello")), "", ""},
		{"match, end with the data", describe("hello"), iotest.DataErrReader(strings.NewReader("hello")), "", ""},
		{"match of nothing", describe(""), strings.NewReader(""), "", ""},
		{"other bytes", describe("hello"), strings.NewReader("hellO"), recap.Integrity, "digest-mismatch"},
		{"first byte", describe("hello"), iotest.OneByteReader(strings.NewReader("Hello")), recap.Integrity, "digest-mismatch"},
		{"short", describe("hello"), strings.NewReader("hell"), recap.Integrity, "size-mismatch"},
		{"nothing", describe("hello"), strings.NewReader(""), recap.Integrity, "size-mismatch"},
		{"long", describe("hello"), strings.NewReader("hello!"), recap.Integrity, "size-mismatch"},
		{"long, byte by byte", describe("hello"), iotest.OneByteReader(strings.NewReader("hello!")), recap.Integrity, "size-mismatch"},
		{"something for nothing", describe(""), strings.NewReader("x"), recap.Integrity, "size-mismatch"},
		{"endless", describe("hello"), endless{}, recap.Integrity, "size-mismatch"},
	}
	for _, tt := range tests {
		for _, size := range []int{1, 2, 5, 4096} {
			vr, err := artifact.NewVerifyReader(tt.stream, tt.desc)
			if err != nil {
				t.Fatal(err)
			}
			if s, ok := tt.stream.(io.Seeker); ok {
				s.Seek(0, io.SeekStart)
			} else if size != 4096 {
				continue
			}
			t.Run(tt.name, func(t *testing.T) {
				var got []byte
				p := make([]byte, size)
				for err == nil {
					var n int
					n, err = vr.Read(p)
					got = append(got, p[:n]...)
				}
				if tt.want == "" {
					if !errors.Is(err, io.EOF) || string(got) != "hello"[:tt.desc.Size] {
						t.Errorf("read %q, %v", got, err)
					}
					return
				}
				wantError(t, err, tt.want, tt.code, string(tt.desc.Digest))
				if int64(len(got)) >= tt.desc.Size && tt.desc.Size > 0 {
					t.Errorf("all %d bytes were handed out: %q", len(got), got)
				}
				if n, again := vr.Read(p); n != 0 || !errors.Is(again, err) {
					t.Errorf("afterwards: %d, %v", n, again)
				}
			})
		}
	}
	for name, stream := range map[string]io.Reader{
		"in the middle":    io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(broken)),
		"at the end":       io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(broken)),
		"at the start":     iotest.ErrReader(broken),
		"by an EOF inside": io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(fmt.Errorf("%w: %w", broken, io.EOF))),
		"with last byte":   iotest.DataErrReader(io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(broken))),
	} {
		vr, err := artifact.NewVerifyReader(stream, describe("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(vr); !errors.Is(err, broken) || errors.Is(err, recap.Integrity) {
			t.Errorf("broken %s: %v, want %v", name, err, broken)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestVerifyReaderRefuses(t *testing.T) {
	for _, d := range hostileDigests() {
		_, err := artifact.NewVerifyReader(strings.NewReader(""), ocispec.Descriptor{Digest: digest.Digest(d)})
		wantError(t, err, recap.Integrity, "bad-digest", "")
	}
	for _, size := range []int64{-1, math.MinInt64, math.MaxInt64, 1 << 62} {
		_, err := artifact.NewVerifyReader(strings.NewReader(""), ocispec.Descriptor{Digest: describe("").Digest, Size: size})
		wantError(t, err, recap.Integrity, "bad-size", "")
	}
}

// hostileDigests are digests that must never get into a URL or a path.
func hostileDigests() []string {
	hex := strings.TrimPrefix(string(digest.FromString("x")), "sha256:")
	return []string{
		"", "sha256", "sha256:", ":" + hex, hex, "sha256:ABC", "sha256:../../x", "sha256:%2e%2e", "md5:d41d8cd98f00b204e9800998ecf8427e",
		"sha256:" + hex[1:], "sha256:" + hex + "0", "sha256:" + strings.ToUpper(hex), "SHA256:" + hex, "sha256:" + hex[:62] + "/x",
		"sha256:" + hex[:63] + "\n", " sha256:" + hex, "sha256:" + hex[:63] + "g", "sha256+b64:" + hex, "sha256:\x1b[2J",
		string(digest.SHA512.FromString("x")), string(digest.SHA384.FromString("x")),
	}
}

func TestReadBlob(t *testing.T) {
	s := store{}
	desc := s.put(t, "text/plain", []byte("hello"))
	raw, err := artifact.ReadBlob(t.Context(), s, desc, 5)
	if err != nil || string(raw) != "hello" {
		t.Errorf("ReadBlob = %q, %v", raw, err)
	}
	_, err = artifact.ReadBlob(t.Context(), s, desc, 4)
	wantError(t, err, recap.Unsafe, "too-large", "5 bytes, more than the 4 allowed")

	empty := s.put(t, "text/plain", []byte{})
	if raw, err := artifact.ReadBlob(t.Context(), s, empty, 0); err != nil || len(raw) != 0 {
		t.Errorf("ReadBlob of nothing = %q, %v", raw, err)
	}
	_, err = artifact.ReadBlob(t.Context(), s, describe("absent"), 10)
	wantError(t, err, recap.NotFound, "not-found", "sha256:")

	s[desc.Digest] = []byte("HELLO")
	_, err = artifact.ReadBlob(t.Context(), s, desc, 5)
	wantError(t, err, recap.Integrity, "digest-mismatch", string(desc.Digest))
	s[desc.Digest] = []byte("hello, world")
	_, err = artifact.ReadBlob(t.Context(), s, desc, 5)
	wantError(t, err, recap.Integrity, "size-mismatch", string(desc.Digest))

	broken := errors.New("no route to host")
	_, err = artifact.ReadBlob(t.Context(), content.FetcherFunc(func(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
		return nil, recap.Errorf(recap.Unavailable, "unreachable", "%w", broken)
	}), desc, 5)
	if !errors.Is(err, broken) || !errors.Is(err, recap.Unavailable) {
		t.Errorf("the error of the storage became %v", err)
	}
	_, err = artifact.ReadBlob(t.Context(), content.FetcherFunc(func(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("he"), iotest.ErrReader(broken))), nil
	}), desc, 5)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), string(desc.Digest)) {
		t.Errorf("the error of the stream became %v", err)
	}
}

// Nothing is asked of a storage, and nothing allocated, by a descriptor that
// can't be true.
func TestReadBlobBeforeFetch(t *testing.T) {
	src := content.FetcherFunc(func(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
		t.Error("fetched")
		return io.NopCloser(bytes.NewReader(nil)), nil
	})
	good := describe("x")
	for _, d := range hostileDigests() {
		_, err := artifact.ReadBlob(t.Context(), src, ocispec.Descriptor{MediaType: "x/y", Digest: digest.Digest(d), Size: 1}, 10)
		wantError(t, err, recap.Integrity, "bad-digest", "")
	}
	for _, size := range []int64{-1, 1 << 62, math.MaxInt64} {
		_, err := artifact.ReadBlob(t.Context(), src, ocispec.Descriptor{MediaType: "x/y", Digest: good.Digest, Size: size}, math.MaxInt64)
		wantError(t, err, recap.Integrity, "bad-size", "")
	}
	_, err := artifact.ReadBlob(t.Context(), src, ocispec.Descriptor{MediaType: "\x1b[2J", Digest: good.Digest, Size: 11}, 10)
	wantError(t, err, recap.Unsafe, "too-large", `"\x1b[2J"`)
}
