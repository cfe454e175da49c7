// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

// AboutFacts returns the rules that [Check] applies.
var AboutFacts = aboutFacts
