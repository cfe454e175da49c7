// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rekor runs Rekor v1 over a Trillian in memory.
package rekor

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/go-openapi/loads"
	"github.com/google/trillian"
	"github.com/google/trillian/extension"
	trillianlog "github.com/google/trillian/log"
	"github.com/google/trillian/quota"
	trillianserver "github.com/google/trillian/server"
	"github.com/google/trillian/server/admin"
	"github.com/google/trillian/server/interceptor"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/util/clock"
	"github.com/sigstore/rekor/pkg/api"
	"github.com/sigstore/rekor/pkg/generated/restapi"
	"github.com/sigstore/rekor/pkg/generated/restapi/operations"
	"github.com/sigstore/rekor/pkg/types"
	_ "github.com/sigstore/rekor/pkg/types/dsse/v0.0.1"         // what recap and cosign enter
	_ "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1" // and cosign before version 3
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"google.golang.org/grpc"
)

// Rekor's server and the timestamp authority's both define the flag --scheme
// when they are linked in, and the second would panic. This package is
// initialised right after Rekor's, whose flags nobody here parses.
func init() { pflag.CommandLine = pflag.NewFlagSet("", pflag.ContinueOnError) }

// New returns Rekor's HTTP interface, with a key it makes for itself. It keeps
// its state in package variables: one a process.
func New(ctx context.Context) (http.Handler, error) {
	trillian, err := startTrillian(ctx)
	if err != nil {
		return nil, err
	}
	viper.Set("trillian_log_server.address", trillian.IP.String())
	viper.Set("trillian_log_server.port", trillian.Port)
	viper.Set("rekor_server.signer", "memory")
	viper.Set("rekor_server.hostname", "127.0.0.1")
	viper.Set("max_request_body_size", 1<<22)
	viper.Set("enabled_api_endpoints", []string{
		"getLogInfo", "getPublicKey", "getLogProof", "createLogEntry", "getLogEntryByIndex", "getLogEntryByUUID", "searchLogQuery",
	})
	types.SetAllowedKindsForSubmission([]string{"dsse", "hashedrekord"})
	spec, err := loads.Embedded(restapi.SwaggerJSON, restapi.FlatSwaggerJSON)
	if err != nil {
		return nil, err
	}
	server := restapi.NewServer(operations.NewRekorServerAPI(spec))
	api.ConfigureAPI(0)
	server.ConfigureAPI()
	return server.GetHandler(), nil
}

// startTrillian runs Trillian's log server and sequencer over memory.
func startTrillian(ctx context.Context) (*net.TCPAddr, error) {
	trees := memory.NewTreeStorage()
	registry := extension.Registry{
		AdminStorage: memory.NewAdminStorage(trees),
		LogStorage:   memory.NewLogStorage(trees, nil),
		QuotaManager: quota.Noop(),
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(interceptor.ErrorWrapper))
	trillian.RegisterTrillianAdminServer(server, admin.New(registry, nil))
	trillian.RegisterTrillianLogServer(server, trillianserver.NewTrillianLogRPCServer(registry, clock.System))
	sequencer := trillianlog.NewOperationManager(trillianlog.OperationInfo{
		Registry: registry, BatchSize: 100, NumWorkers: 1, RunInterval: 20 * time.Millisecond, TimeSource: clock.System,
	}, trillianlog.NewSequencerManager(registry, 0))
	go sequencer.OperationLoop(ctx)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() { _ = server.Serve(l) }()
	return l.Addr().(*net.TCPAddr), nil
}
