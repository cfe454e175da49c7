// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

const callbackPath = "/auth/callback"

// inBrowser sends the person to the provider's page, which sends them back to a
// socket of ours with a code. https://www.rfc-editor.org/rfc/rfc8252
func (i *Interactive) inBrowser(ctx context.Context, c *service.Caller, p provider) (Token, error) {
	// Nobody on another machine may come back. The address says localhost, as
	// providers want it.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return Token{}, recap.Errorf(recap.Local, "io", "waiting for the browser to come back: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return Token{}, err
	}
	redirect := "http://localhost:" + port + callbackPath
	proof, state, nonce := newProof(), rand.Text(), rand.Text()
	back := newCallback(state)
	server := &http.Server{Handler: back, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = server.Serve(listener) }()
	defer func() {
		// The page that says that it worked is still on its way.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	}()

	page, err := url.Parse(p.Authorization)
	if err != nil {
		return Token{}, err
	}
	query := page.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": p.clientID, "redirect_uri": redirect, "scope": "openid email",
		"state": state, "nonce": nonce, "code_challenge": proof.challenge, "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	page.RawQuery = query.Encode()
	opened := i.Open != nil && i.Open(ctx, page.String()) == nil
	if !opened && p.Device != "" {
		return i.byCode(ctx, c, p)
	}
	deadline := c.Now().Add(longestLogin)
	i.Show(Prompt{URL: page.String(), Expiry: deadline})

	expired := make(chan struct{})
	patience := c.AfterFunc(deadline.Sub(c.Now()), func() { close(expired) })
	defer patience.Stop()
	var came arrival
	select {
	case came = <-back.arrivals:
	case <-expired:
		return Token{}, p.refusal("expired_token")
	case <-ctx.Done():
		return Token{}, context.Cause(ctx)
	}
	if came.failure != "" {
		return Token{}, p.refusal(came.failure)
	}
	raw, failure, err := p.exchange(ctx, c, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {came.code},
		"redirect_uri":  {redirect},
		"client_id":     {p.clientID},
		"code_verifier": {proof.verifier},
	})
	if err != nil {
		return Token{}, err
	}
	if failure != "" {
		return Token{}, p.refusal(failure)
	}
	return p.accept(raw, nonce)
}

// arrival is what a browser came back with.
type arrival struct{ code, failure string }

// callback takes the first browser that comes back with the state it was sent
// away with. Everybody else on this machine is ignored.
type callback struct {
	state    string
	arrivals chan arrival
}

func newCallback(state string) *callback {
	return &callback{state: state, arrivals: make(chan arrival, 1)}
}

// ServeHTTP implements [http.Handler].
func (b *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet || r.URL.Path != callbackPath || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(b.state)) != 1 {
		http.Error(w, "This is not a page.", http.StatusNotFound)
		return
	}
	came := arrival{code: query.Get("code"), failure: phrase.Short(query.Get("error"))}
	if came.code == "" && came.failure == "" {
		came.failure = "no code came back"
	}
	select {
	case b.arrivals <- came:
	default: // it came before
	}
	if came.failure != "" {
		_, _ = io.WriteString(w, "The login failed. See the terminal.\n")
		return
	}
	_, _ = io.WriteString(w, "recap knows who you are. You can close this page.\n")
}

// OpenBrowser opens an address in the user's browser.
func OpenBrowser(ctx context.Context, address string) error {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return errors.New("opening a browser: not the address of a page")
	}
	name, args := browserCommand(runtime.GOOS)
	// The browser may be what the command becomes, so it is not tied to ctx.
	cmd := exec.Command(name, append(args, address)...) //nolint:gosec // which of three programs; address is one argument, of a page
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("opening a browser: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	patience := time.NewTimer(3 * time.Second)
	defer patience.Stop()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("opening a browser: %s: %w", name, err)
		}
		return nil
	case <-patience.C: // it runs
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// browserCommand returns the program that opens addresses on a system.
func browserCommand(system string) (name string, args []string) {
	switch system {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	default:
		return "xdg-open", nil
	}
}
