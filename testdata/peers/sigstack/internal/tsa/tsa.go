// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tsa runs Sigstore's timestamp authority.
package tsa

import (
	"net/http"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Like package rekor's: both servers define the flag --scheme.
func init() { pflag.CommandLine = pflag.NewFlagSet("", pflag.ContinueOnError) }

// New returns the authority's HTTP interface, with a key and a chain that it
// makes for itself. It keeps its state in package variables: one a process.
func New() http.Handler {
	viper.Set("timestamp-signer", "memory")
	viper.Set("timestamp-signer-hash", "sha256")
	viper.Set("default-policy-oid", "1.3.6.1.4.1.57264.2")
	viper.Set("accepted-policy-oids", []string{"1.3.6.1.4.1.57264.2"})
	viper.Set("max-request-body-size", 1<<20)
	return server.NewRestAPIServer("", 0, []string{"http"}, false, time.Minute, time.Minute).GetHandler()
}
