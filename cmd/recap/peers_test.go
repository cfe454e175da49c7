// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// TestPeers runs recap beside other people's tools, which make e2e builds:
// the distribution registry, oras, cosign, crane, regctl. RECAP_PEERS names the
// directory that holds them.
func TestPeers(t *testing.T) {
	peers := needPeers(t)
	distribution := startDistribution(t, peers, secure)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/peers",
		Setup: func(env *testscript.Env) error {
			if err := setup(env, recaptest.RegistryOptions{}); err != nil {
				return err
			}
			env.Setenv("PATH", peers+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("DIST", distribution.host)
			env.Setenv("CA", distribution.ca)
			env.Setenv("TUF_ROOT", filepath.Join(env.WorkDir, "tuf"))
			return nil
		},
		Cmds:                commands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// server is a distribution registry. A closed one wants recap:secret, a secure
// one speaks TLS besides.
type server struct{ host, ca string }

type access int

const (
	open access = iota
	closed
	secure
)

func startDistribution(t *testing.T, peers string, to access) server {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	encryption, auth, caFile := "", "", ""
	if to != open {
		// The password is "secret"; the cost is bcrypt's lowest.
		passwords := write("htpasswd", "recap:$2a$04$E6Gn/rXvu.yVLWWsJb6SmesidT7ankl/7KGxO2u/h3i95M6pHzyna\n")
		auth = fmt.Sprintf("auth: {htpasswd: {realm: test, path: %q}}\n", passwords)
	}
	if to == secure {
		ca := recaptest.NewCA(t)
		leaf := ca.Issue(t, recaptest.Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})
		var chain []byte
		for _, der := range leaf.Certificate {
			chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
		encryption = fmt.Sprintf(", tls: {certificate: %q, key: %q}", write("cert.pem", string(chain)), write("key.pem", privatePEM(t, leaf)))
		caFile = ca.File
	}
	config := write("config.yml", fmt.Sprintf(`version: 0.1
log: {level: info, formatter: text}
storage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}
http: {addr: "127.0.0.1:0"%s}
%s`, filepath.Join(dir, "data"), encryption, auth))

	cmd := exec.Command(filepath.Join(peers, "registry"), "serve", config)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		_, rest, ok := strings.Cut(lines.Text(), "listening on ")
		if !ok {
			continue
		}
		host := rest[:strings.IndexFunc(rest+" ", func(r rune) bool { return r != ':' && r != '.' && (r < '0' || r > '9') })]
		go func() { // or the registry stops at a full pipe
			for lines.Scan() {
			}
		}()
		return server{host: host, ca: caFile}
	}
	t.Fatal("the registry ended before it listened")
	return server{}
}

func privatePEM(t *testing.T, leaf tls.Certificate) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
