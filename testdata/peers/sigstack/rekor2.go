// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix/app"
)

// rekorTilesVerb runs Rekor v2 alone. Its server package is internal, so it can
// only be had as the whole command, which wants a process of its own.
const rekorTilesVerb = "rekor-tiles"

func runRekorTiles(args []string) error {
	go func() { // the parent is gone, or has had enough
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	os.Args = append([]string{rekorTilesVerb, "serve"}, args...)
	app.Execute()
	return nil
}

// rekorV2 is a Rekor v2 that runs as a child.
type rekorV2 struct {
	url    string
	public ed25519.PublicKey
	ended  <-chan error
	stop   func()
}

// startRekorV2 starts it on ports that were free a moment ago, and tries again
// when somebody else was quicker.
func startRekorV2(ctx context.Context, dir string) (*rekorV2, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	key := filepath.Join(dir, "rekor.key")
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		tiles := filepath.Join(dir, "tiles"+strconv.Itoa(try))
		if err := os.MkdirAll(tiles, 0o700); err != nil {
			return nil, err
		}
		r, err := tryRekorV2(ctx, key, tiles)
		if err == nil {
			r.public = public
			return r, nil
		}
		if try == 5 || ctx.Err() != nil {
			return nil, fmt.Errorf("starting Rekor v2: %w", err)
		}
	}
}

func tryRekorV2(ctx context.Context, key, tiles string) (*rekorV2, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, rekorTilesVerb,
		"--http-address", "127.0.0.1", "--http-port", ports[0],
		"--grpc-address", "127.0.0.1", "--grpc-port", ports[1],
		"--http-metrics-port", ports[2],
		"--hostname", "127.0.0.1", // the origin of its checkpoints: the host of its address
		"--storage-dir", tiles, "--signer-filepath", key, "--log-level", "warn",
		// As fast as Tessera goes: an entry waits for the checkpoint that holds it.
		"--checkpoint-interval", "100ms", "--batch-max-age", "10ms")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe() // closed when this process ends, however it ends
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		ended <- fmt.Errorf("the process of Rekor v2 ended, see above: %v", err)
	}()
	r := &rekorV2{url: "http://127.0.0.1:" + ports[0], ended: ended, stop: func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
	}}
	if err := awaitHTTP(ctx, r.url+"/healthz", ended); err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// freePorts returns ports of loopback that nobody listens on.
func freePorts(n int) ([]string, error) {
	ports := make([]string, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }() // after all are found, so that no port is found twice
		ports[i] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// awaitHTTP waits until url answers 200.
func awaitHTTP(ctx context.Context, url string, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return fmt.Errorf("%s doesn't answer: %w", url, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
