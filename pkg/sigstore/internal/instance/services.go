// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package instance signs with the services of a Sigstore instance: has keys
// certified, and signatures entered in logs and timestamped. [Load] finds out
// from a signing configuration which services those are. That an answer is
// about what was asked is checked here; whether it is to be believed, isn't.
package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
)

// maxSigningConfig bounds a signing configuration. The public one has 2 KiB.
const maxSigningConfig = 1 << 20

// Services are the services of a Sigstore instance to sign with, as its signing
// configuration names them.
type Services struct {
	Authorities []string // certificate authorities, of which any will do; may be empty
	Logs        []Choice // each gives one log entry
	LogVersion  uint32   // of their API: 1 or 2
	Timestamps  []Choice // each gives one timestamp
}

// Choice is a list of addresses of which any will do.
type Choice []string

// Load returns the services that the file at path names or, if path is
// empty, those of the trusted root's instance.
func Load(ctx context.Context, path string, trusted *trustroot.Root, now time.Time) (Services, error) {
	config, name, err := loadSigningConfig(ctx, path, trusted)
	if err != nil {
		return Services{}, err
	}
	selected, err := selectServices(config, now)
	if err != nil {
		return Services{}, recap.Errorf(recap.Usage, "bad-signing-config", "%s: %w", name, err)
	}
	return selected, nil
}

// loadSigningConfig returns a signing configuration, and what to call it.
func loadSigningConfig(ctx context.Context, path string, trusted *trustroot.Root) (*prototrustroot.SigningConfig, string, error) {
	if path != "" {
		name := fmt.Sprintf("signing configuration %q", path)
		raw, err := readSigningConfig(path)
		if err != nil {
			return nil, name, err
		}
		config, err := parseSigningConfig(raw)
		if err != nil {
			return nil, name, recap.Errorf(recap.Usage, "bad-signing-config", "%s: %w", name, err).
				WithHint("cosign signing-config create makes one")
		}
		return config, name, nil
	}
	const name = "the signing configuration of the trusted root"
	if trusted == nil {
		return nil, name, recap.Errorf(recap.Usage, "no-signing-config", "nothing says which services to sign with").
			WithHint("name them: --signing-config FILE")
	}
	raw, err := trusted.SigningConfig(ctx)
	if err != nil {
		return nil, name, err
	}
	config, err := parseSigningConfig(raw)
	if err != nil {
		return nil, name, recap.Errorf(recap.Usage, "bad-signing-config", "%s: %w", name, err)
	}
	return config, name, nil
}

func readSigningConfig(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, recap.Errorf(recap.NotFound, "no-signing-config", "reading the signing configuration: %w", err).
			WithHint("name the file that your Sigstore instance gives out; the public instance needs none; cosign signing-config create makes one")
	}
	if err != nil {
		return nil, recap.Errorf(recap.Local, "io", "reading the signing configuration: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxSigningConfig+1))
	if err != nil {
		return nil, recap.Errorf(recap.Local, "io", "reading the signing configuration: %w", err)
	}
	if len(raw) > maxSigningConfig {
		return nil, recap.Errorf(recap.Usage, "bad-signing-config", "signing configuration %q has more than %d bytes", path, maxSigningConfig)
	}
	return raw, nil
}

func parseSigningConfig(raw []byte) (*prototrustroot.SigningConfig, error) {
	config := new(prototrustroot.SigningConfig)
	if err := protojson.Unmarshal(raw, config); err != nil {
		return nil, fmt.Errorf("not a signing configuration: %s", phrase.Plain(err))
	}
	if config.MediaType != root.SigningConfigMediaType02 {
		return nil, fmt.Errorf("a signing configuration of type %q; only version 0.2 is read", config.MediaType)
	}
	return config, nil
}

// selectServices chooses the services that are valid now and whose API recap
// speaks. Version 2 of the log states no time, so it needs a timestamp
// authority beside it; without one, version 1 is taken if there is one.
func selectServices(config *prototrustroot.SigningConfig, now time.Time) (Services, error) {
	var s Services
	var err error
	if s.Authorities, err = addresses(config.GetCaUrls(), 1, now); err != nil {
		return Services{}, fmt.Errorf("caUrls: %w", err)
	}
	stamps, err := addresses(config.GetTsaUrls(), 1, now)
	if err != nil {
		return Services{}, fmt.Errorf("tsaUrls: %w", err)
	}
	if s.Timestamps, err = choose(stamps, len(config.GetTsaUrls()), config.GetTsaConfig()); err != nil {
		return Services{}, fmt.Errorf("tsaUrls: %w", err)
	}

	versions := []uint32{2, 1}
	if len(s.Timestamps) == 0 {
		versions = []uint32{1}
	}
	var logs []string
	for _, version := range versions {
		if logs, err = addresses(config.GetRekorTlogUrls(), version, now); err != nil {
			return Services{}, fmt.Errorf("rekorTlogUrls: %w", err)
		}
		if len(logs) > 0 {
			s.LogVersion = version
			break
		}
	}
	if len(logs) == 0 && len(s.Timestamps) == 0 {
		if second, _ := addresses(config.GetRekorTlogUrls(), 2, now); len(second) > 0 {
			return Services{}, errors.New("a transparency log of version 2 states no time, and there is no timestamp authority beside it")
		}
	}
	if s.Logs, err = choose(logs, len(config.GetRekorTlogUrls()), config.GetRekorTlogConfig()); err != nil {
		return Services{}, fmt.Errorf("rekorTlogUrls: %w", err)
	}
	return s, nil
}

// addresses returns the addresses of the services with that version of the API
// that are valid now: the newest of each operator, newest first.
func addresses(list []*prototrustroot.Service, version uint32, now time.Time) ([]string, error) {
	var valid []root.Service
	for _, entry := range list {
		if s := root.NewService(entry); s.MajorAPIVersion == version && s.ValidAtTime(now) {
			valid = append(valid, s)
		}
	}
	slices.SortStableFunc(valid, func(a, b root.Service) int {
		return b.ValidityPeriodStart.Compare(a.ValidityPeriodStart)
	})
	var out, operators []string
	for _, s := range valid {
		if slices.Contains(operators, s.Operator) {
			continue
		}
		operators = append(operators, s.Operator)
		u, err := url.Parse(s.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("%q is no address of a service", service.PlainAddress(s.URL))
		}
		out = append(out, s.URL)
	}
	return out, nil
}

// choose arranges addresses as a selector says: each of them, any one, or
// exactly so many. No selector means any one, as clients took it before there
// were selectors. Listed is how many services the configuration has, valid or
// not.
func choose(list []string, listed int, config *prototrustroot.ServiceConfiguration) ([]Choice, error) {
	if listed == 0 {
		return nil, nil
	}
	if len(list) == 0 {
		return nil, errors.New("none of the services is valid now and of a version that recap speaks")
	}
	switch selector := config.GetSelector(); selector {
	case prototrustroot.ServiceSelector_ALL:
		return each(list), nil
	case prototrustroot.ServiceSelector_ANY, prototrustroot.ServiceSelector_SERVICE_SELECTOR_UNDEFINED:
		return []Choice{list}, nil
	case prototrustroot.ServiceSelector_EXACT:
		count := int(config.GetCount())
		if count == 0 || count > len(list) {
			return nil, fmt.Errorf("exactly %d services are asked for, and there are %d", count, len(list))
		}
		return each(list[:count]), nil
	default:
		return nil, fmt.Errorf("unknown selector %v", selector)
	}
}

func each(list []string) []Choice {
	var out []Choice
	for _, address := range list {
		out = append(out, Choice{address})
	}
	return out
}

// Issuer returns the identity provider to ask a person with, as the signing
// configuration names it: the file at signingConfig, or else root's.
func Issuer(ctx context.Context, trusted *trustroot.Root, signingConfig string, now time.Time) (string, error) {
	config, name, err := loadSigningConfig(ctx, signingConfig, trusted)
	if err != nil {
		return "", err
	}
	list, err := addresses(config.GetOidcUrls(), 1, now)
	if err != nil {
		return "", recap.Errorf(recap.Usage, "bad-signing-config", "%s: oidcUrls: %w", name, err)
	}
	if len(list) == 0 {
		return "", recap.Errorf(recap.Usage, "bad-signing-config", "%s names no identity provider that is valid now", name).
			WithHint("name one: --oidc-issuer URL")
	}
	return list[0], nil
}
