// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package transport sends single HTTP requests to one registry, and to where that
// registry redirects.
//
// A [Transport] is what a registry is held to: requests wait for a place at its
// brake, a peer that falls silent is left, a redirect leads nowhere that the
// registry can't reach itself, and an address is looked at when it is dialled. It
// authenticates nobody and repeats nothing; that is for whoever is above it.
package transport
