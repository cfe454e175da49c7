// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package recaptest holds what recap's tests share. Only tests import it.
//
// [NewRegistry] is a real OCI registry in the test's own process that keeps a
// journal of what it was asked, counts rounds, and misbehaves on command. [NewClock]
// is a clock that keeps nobody waiting. What means harm is in the room hostile.
package recaptest
