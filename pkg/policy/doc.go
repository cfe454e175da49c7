// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package policy is whom somebody trusts for which names: [Policy], a list of
// [Rule] of which one applies to a name, and the [Authority] that each names,
// keys and identities in certificates. Start at [Load] to read the file of a
// policy, at [ForKeys] to make one without a file, and at [Policy.RuleFor] to
// ask it.
//
// A policy is refused where it doesn't say what it seems to: a field that there
// isn't, a key written twice, two rules that apply equally, a signer who would
// count twice, evidence that proves nothing, an identity that anybody could
// have. [Read] and [Parse] list each mistake with its line and how to mend it.
// [AddRule] writes a rule into a file and leaves the rest of it as it was.
//
// No name that no rule applies to is trusted, and [RuleFrom] trusts nobody but
// the one that it is given. An expression has to match a whole text.
//
// What was signed, and whether that satisfies a rule, is for package trust. The
// file is apiVersion recap/v1, kind TrustPolicy; its schema is "policy".
package policy
