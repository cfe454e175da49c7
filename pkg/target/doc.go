// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package target reaches the places a recap is pushed to and pulled from: a
// repository of an OCI registry, or an OCI image layout on disk.
//
// Start with [ParseReference], which turns what a person typed into a
// [Reference], and [NewClient], whose Open and Create give a [Target]: oras's
// GraphTarget and its optional interfaces, by explicit methods.
//
// The registry's answers are hostile until checked. What
// [Target.FetchReference] hands out has the digest of the bytes received, while
// [Target.Resolve] passes on the registry's word; what [Target.Fetch] hands out
// is a bounded stream that the caller verifies. Credentials go to the registry they
// were stored for and to the token service it names, never to another host
// that a redirect, an upload location or a page link points at.
//
// The HTTP below oras's authentication is this package's own, because
// oras-go's retries neither a truncated body nor a refused connection, follows
// redirects from https to http, and has no timeout for a peer that falls
// silent. Requests that may be repeated are repeated within a budget; a host
// that asks for patience gets it from every goroutine at once, since all
// Targets of a [Client] share one brake per host. So callers start as many
// goroutines as they have work for.
//
// Each of these has a room of its own under internal: transport holds single
// requests to a host to what they may do, host repeats them and says what their
// errors mean, credential knows docker's files, and repository is what is asked
// for and what the answers are worth.
//
// A Client and its Targets may be used by any number of goroutines.
package target
