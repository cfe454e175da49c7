// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"net/http"
	"path/filepath"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/credential"
	"github.com/recap-oci/recap/pkg/target/internal/host"
)

// Login checks user and secret against the registry and stores them in the
// first of Options.CredentialFiles: with the helper it names, in the clear
// otherwise, which is a Notice. An empty user makes secret an identity token.
//
// Errors: recap.Usage for a host that is none; recap.Denied when the registry
// does not accept them, or a helper fails; recap.Unavailable; recap.Local when
// they can't be stored.
func (c *Client) Login(ctx context.Context, hostname, user, secret string) error {
	name, err := ParseHost(hostname)
	if err != nil {
		return err
	}
	if secret == "" {
		return recap.Errorf(recap.Usage, "no-password", "no password given for %s", name).WithHint("pipe it in: --password-stdin")
	}
	opts := c.shared
	opts.Username, opts.Password = user, secret
	h := host.New(name, opts)
	defer h.CloseIdle()
	resp, err := h.Do(ctx, host.Operation{
		What: "logging in to " + name, Method: http.MethodGet, URL: h.Base().JoinPath("v2/"),
		Accept: []int{http.StatusOK}, Limit: recap.MaxErrorBody,
	})
	if err != nil {
		return err
	}
	if resp.Request.Header.Get("Authorization") == "" {
		c.shared.Notices.Warn(name, name+" asks for no login, so the password could not be checked")
	}
	store := c.shared.Credentials
	return store.Put(ctx, name, credential.New(user, secret), func() {
		c.shared.Notices.Warn(name, "the password is stored in the clear in "+store.Path()+"; a credential helper would keep it safe")
	})
}

// Logout forgets what Login stored.
//
// Errors: recap.Usage for a host that is none; recap.NotFound when nothing is
// stored; recap.Local when the file can't be changed.
func (c *Client) Logout(ctx context.Context, hostname string) error {
	name, err := ParseHost(hostname)
	if err != nil {
		return err
	}
	return c.shared.Credentials.Remove(ctx, name)
}

// CredentialFiles returns where docker and podman keep credentials, for
// [Options.CredentialFiles]: REGISTRY_AUTH_FILE if it is set, docker's
// config.json under DOCKER_CONFIG or home, and podman's auth.json under
// XDG_RUNTIME_DIR.
func CredentialFiles(getenv func(string) string, home string) []string {
	var files []string
	if file := getenv("REGISTRY_AUTH_FILE"); file != "" {
		files = append(files, file)
	}
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		files = append(files, filepath.Join(dir, "config.json"))
	} else if home != "" {
		files = append(files, filepath.Join(home, ".docker", "config.json"))
	}
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		files = append(files, filepath.Join(dir, "containers", "auth.json"))
	}
	return files
}
