// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build recapkms

package keypair

// Keys at gcpkms://, Google Cloud KMS, without a program beside recap.
import _ "github.com/sigstore/sigstore/pkg/signature/kms/gcp"
