// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package canonical reads JSON that has one meaning only and writes JSON that
// has one spelling only.
//
// [Unmarshal] is for bytes from elsewhere. encoding/json takes the last of two
// equal keys, matches keys to fields whatever their case and puts U+FFFD in the
// place of what isn't UTF-8, so that two programs can read one signed document
// as two (CVE-2021-41190 and its kin). Unmarshal refuses all of it first.
//
// [Marshal] writes the JSON Canonicalization Scheme of [RFC 8785], from which
// digests are made. It refuses what Unmarshal would refuse, so nothing is
// written that can't be read back.
//
// The existing implementations of RFC 8785 were looked at and not taken: they
// recurse without bound, accept numbers that aren't JSON, and round integers
// silently. What is left after encoding/json has done its part is a sort and
// two formats.
//
// [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785
package canonical
