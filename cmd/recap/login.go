// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
)

func newLoginCmd(e *env) *cobra.Command {
	var registry registryFlags
	cmd := &cobra.Command{
		Use:   "login HOST",
		Short: "Check a password against a registry and keep it",
		Long: `Check a password against a registry and keep it where docker and oras do: in the
credential helper that the configuration names, else in the file itself.`,
		Example: `  printf %s "$TOKEN" | recap login registry.example.com -u alice --password-stdin`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := target.ParseHost(args[0])
			if err != nil {
				return hinted(err, "name the host alone, without scheme and path: recap login registry.example.com")
			}
			user, secret, err := registry.credentials(cmd, e)
			if err != nil {
				return err
			}
			// The client is made without the credentials, which Login checks.
			registry.username, registry.passwordStdin = "", false
			client, err := registry.client(e, host)
			if err != nil {
				return err
			}
			if err := client.Login(cmd.Context(), host, user, secret); err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "logged in to %s as %s\n", host, safe(user))
			return err
		},
	}
	registry.register(cmd.Flags(), "")
	return cmd
}

// credentials returns what the flags give, and asks on a terminal for the rest.
func (r *registryFlags) credentials(cmd *cobra.Command, e *env) (user, secret string, err error) {
	user = r.username
	if r.passwordStdin {
		if user == "" {
			return "", "", recap.Errorf(recap.Usage, "usage", "--password-stdin needs --username")
		}
		secret, err = e.readSecret()
		return user, secret, err
	}
	if !e.ttyIn {
		return "", "", recap.Errorf(recap.Usage, "usage", "there is no terminal to ask for the password on").
			WithHint("printf %%s \"$TOKEN\" | recap login HOST -u USER --password-stdin")
	}
	if user == "" {
		if user, err = e.line(cmd.Context(), "User: "); err != nil {
			return "", "", err
		}
	}
	password, err := e.ask(cmd.Context(), "Password or token: ")
	return user, string(password), err
}

func newLogoutCmd(e *env) *cobra.Command {
	var registry registryFlags
	cmd := &cobra.Command{
		Use:   "logout HOST",
		Short: "Forget the password of a registry",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := target.ParseHost(args[0])
			if err != nil {
				return err
			}
			client, err := registry.client(e, host)
			if err != nil {
				return err
			}
			if err := client.Logout(cmd.Context(), host); err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "logged out of %s\n", host)
			return err
		},
	}
	registry.register(cmd.Flags(), "")
	return cmd
}
