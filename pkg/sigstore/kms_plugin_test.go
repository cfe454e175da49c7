// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !recapkms

package sigstore_test

import (
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

// Services that could have been built in are named as such.
func TestServicesAreNotBuiltIn(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, scheme := range []string{"awskms", "azurekms", "gcpkms", "hashivault"} {
		_, err := sigstore.LoadSigner(t.Context(), scheme+"://key", mute(t))
		sigstoretest.WantError(t, err, recap.Usage, "no-kms-plugin", "sigstore-kms-"+scheme, "recapkms")
	}
}
