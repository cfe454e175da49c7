// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	fulciolog "github.com/sigstore/fulcio/pkg/log"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	rekorlog "github.com/sigstore/rekor/pkg/log"
	tsalog "github.com/sigstore/timestamp-authority/v2/pkg/log"
	"github.com/spf13/viper"
	"go.uber.org/zap"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"k8s.io/klog/v2"

	"github.com/recap-oci/recap/testdata/peers/sigstack/internal/rekor"
	"github.com/recap-oci/recap/testdata/peers/sigstack/internal/tsa"
)

// Addresses is what sigstack serve prints: where everything is.
type Addresses struct {
	Fulcio     string `json:"fulcio"`
	FulcioNoCT string `json:"fulcioNoCT"` // the same authority, its certificates not logged
	RekorV1    string `json:"rekorV1"`
	RekorV2    string `json:"rekorV2"`
	TSA        string `json:"tsa"`

	// PeopleIssuer issues tokens for e-mail addresses: PeopleToken&email=….
	PeopleIssuer string `json:"peopleIssuer"`
	PeopleToken  string `json:"peopleToken"`
	// GitHubRequest is for ACTIONS_ID_TOKEN_REQUEST_URL, and wants
	// GitHubRequestToken; GitLabToken answers what goes into SIGSTORE_ID_TOKEN.
	GitHubRequest      string `json:"gitHubRequest"`
	GitHubRequestToken string `json:"gitHubRequestToken"`
	GitLabToken        string `json:"gitLabToken"`

	// TUF is the address of the repositories: TUF/good, TUF/expired ….
	TUF     string `json:"tuf"`
	TUFRoot string `json:"tufRoot"` // path of the good ones' first root.json

	TrustedRoot      string `json:"trustedRoot"`      // path
	SigningConfigV1  string `json:"signingConfigV1"`  // path: Rekor v1, no timestamp authority
	SigningConfigV2  string `json:"signingConfigV2"`  // path: Rekor v2 with a timestamp authority
	SigningConfigTSA string `json:"signingConfigTSA"` // path: a timestamp authority alone
	// Broken are paths of signing configurations in which a service fails, by
	// what fails: fulcio, rekor and tsa refuse; ct leaves the certificate log
	// out; flaky has three that fail twice and then work.
	Broken map[string]string `json:"broken"`
}

// stack is a Sigstore that runs.
type stack struct {
	Addresses

	authority *authority
	log       *certificateLog
	issuers   *issuers
	rekor     *rekorV2
	root      *trustpb.TrustedRoot
	started   time.Time
	server    *http.Server
	failed    chan error
}

// startStack starts everything and writes into dir what clients are configured
// with. One a process: some services keep their state in package variables.
func startStack(ctx context.Context, dir string) (*stack, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	quiet()
	viper.Reset() // Rekor v2's command sets it up for itself, wherever it is linked in

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	base := "http://" + l.Addr().String()
	s := &stack{started: time.Now().UTC(), failed: make(chan error, 1)}
	mux := http.NewServeMux()
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(l) }()

	// Rekor v2 starts while the rest does.
	type started struct {
		rekor *rekorV2
		err   error
	}
	tiles := make(chan started, 1)
	go func() {
		r, err := startRekorV2(ctx, dir)
		tiles <- started{r, err}
	}()
	err = s.startServices(ctx, mux, base)
	child := <-tiles
	if err == nil {
		err = child.err
	}
	if child.err == nil {
		s.rekor = child.rekor
		s.RekorV2 = child.rekor.url
		go func() { s.failed <- <-child.rekor.ended }()
	}
	if err == nil {
		err = s.describe(dir)
	}
	if err == nil {
		err = s.publish(mux, base, dir)
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *stack) startServices(ctx context.Context, mux *http.ServeMux, base string) (err error) {
	if s.issuers, err = newIssuers(base + "/oidc"); err != nil {
		return err
	}
	oidc := http.NewServeMux()
	s.issuers.register(oidc)
	mux.Handle("/oidc/", http.StripPrefix("/oidc", oidc))
	if s.log, err = newCertificateLog(); err != nil {
		return err
	}
	s.log.register(mux, "/ctlog")
	if s.authority, err = newAuthority("Fulcio", s.started.Add(-time.Hour), s.started.AddDate(9, 0, 0)); err != nil {
		return err
	}
	log, err := rekor.New(ctx)
	if err != nil {
		return fmt.Errorf("starting Rekor v1: %w", err)
	}
	fulcio, err := newFulcio(ctx, s.authority, s.issuers, s.log, base+"/ctlog")
	if err != nil {
		return fmt.Errorf("starting Fulcio: %w", err)
	}
	unlogged, err := newFulcio(ctx, s.authority, s.issuers, nil, "")
	if err != nil {
		return fmt.Errorf("starting Fulcio without a log: %w", err)
	}
	for prefix, handler := range map[string]http.Handler{
		"/fulcio": fulcio, "/fulcio-no-ct": unlogged, "/rekor": log, "/tsa": tsa.New(),
	} {
		mux.Handle(prefix+"/", http.StripPrefix(prefix, handler))
	}
	s.Fulcio, s.FulcioNoCT, s.RekorV1 = base+"/fulcio", base+"/fulcio-no-ct", base+"/rekor"
	s.TSA = base + "/tsa/api/v1/timestamp"
	s.PeopleIssuer, s.PeopleToken = s.issuers.people(), s.issuers.people()+"/token?audience=sigstore"
	s.GitHubRequest, s.GitHubRequestToken = base+"/oidc/github/token?api-version=2.0", requestToken
	s.GitLabToken = base + "/oidc/gitlab/token?audience=sigstore"
	return nil
}

// describe collects the trusted root.
func (s *stack) describe(dir string) error {
	timestampers, err := get(s.TSA + "/certchain")
	if err != nil {
		return err
	}
	chain, err := parseChain(timestampers)
	if err != nil {
		return err
	}
	text, err := get(s.RekorV1 + "/api/v1/log/publicKey")
	if err != nil {
		return err
	}
	key, _ := pem.Decode(text)
	if key == nil {
		return fmt.Errorf("no key in %q", text)
	}
	valid := since(s.started)
	tiles, err := tilesOf(s.RekorV2, s.rekor.public, valid)
	if err != nil {
		return err
	}
	s.root = &trustpb.TrustedRoot{
		MediaType:              trustedRootType,
		CertificateAuthorities: []*trustpb.CertificateAuthority{authorityOf(s.Fulcio, s.authority.chain, valid)},
		Ctlogs:                 []*trustpb.TransparencyLogInstance{logOf("", s.log.publicDER, valid)},
		Tlogs:                  []*trustpb.TransparencyLogInstance{logOf(s.RekorV1, key.Bytes, valid), tiles},
		TimestampAuthorities:   []*trustpb.CertificateAuthority{authorityOf(s.TSA, chain, valid)},
	}
	s.TrustedRoot = filepath.Join(dir, "trusted_root.json")
	return writeProto(s.TrustedRoot, s.root)
}

func (s *stack) stop() {
	if s.rekor != nil {
		s.rekor.stop()
	}
	_ = s.server.Close()
}

// quiet sends what the servers say below a warning nowhere, and the rest to
// stderr: stdout is for the addresses.
func quiet() {
	config := zap.NewProductionConfig()
	config.Level = zap.NewAtomicLevelAt(zap.WarnLevel)
	logger := zap.Must(config.Build()).Sugar()
	fulciolog.Logger, rekorlog.Logger, tsalog.Logger = logger, logger, logger
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
}

func get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	return body, err
}

func writeJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// writeProto writes a message as JSON, each time with the same spaces:
// protojson varies them on purpose.
func writeProto(path string, m proto.Message) error {
	text, err := protojson.Marshal(m)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := writeJSON(f, json.RawMessage(text)); err != nil {
		return err
	}
	return f.Close()
}
