// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package credential

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// Docker Hub has one set of credentials and three names.
func TestDockerHub(t *testing.T) {
	for _, host := range []string{"docker.io", "index.docker.io", "registry-1.docker.io"} {
		if got := address(host); got != "https://index.docker.io/v1/" {
			t.Errorf("address(%s) = %s", host, got)
		}
	}
}

// FuzzCredentialFile: docker's configuration is written by many tools, and what
// can't be read of it is said.
func FuzzCredentialFile(f *testing.F) {
	for _, seed := range []string{
		`{"auths":{"registry.example.com":{"auth":"YW5uOnNlY3JldA=="}}}`, `{"auths":{"registry.example.com":{"username":"ann","password":"x","identitytoken":"y","registrytoken":"z"}}}`,
		`{"auths":{"https://registry.example.com/v1/":{"auth":"%"}}}`, `{"auths":null,"credsStore":1}`, `{"auths":{"registry.example.com":[]}}`, `[]`, `null`, `{`, `{"auths":{"registry.example.com":{"auth":"Og=="}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		if bytes.Contains(bytes.ToLower(config), []byte("cred")) || bytes.Contains(config, []byte(`\u`)) {
			return // might name a program to run
		}
		file := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(file, config, 0o600); err != nil {
			t.Fatal(err)
		}
		s := NewStore([]string{file}, clock.Of(recaptest.NewClock(0)))
		_, err := s.Get(t.Context(), "registry.example.com")
		var known *recap.Error
		if err != nil && !errors.As(err, &known) {
			t.Fatalf("%q: %v has no kind", config, err)
		}
	})
}
