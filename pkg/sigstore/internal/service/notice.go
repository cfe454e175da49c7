// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"fmt"
	"time"
)

// Notice says that a service keeps the signer waiting. Its texts may come from
// outside: print them escaped.
type Notice struct {
	Service string        // in words: "the certificate authority", "the transparency log"
	Address string        // where it was asked
	Reason  string        // what went wrong, or that it hasn't answered yet
	Attempt int           // how often it was asked, this time included
	Again   bool          // it failed and will be asked again, after Wait
	Wait    time.Duration // zero if somebody else is asked at once
	Left    time.Duration // what is left of the budget
}

// String returns the notice as one line.
func (n Notice) String() string {
	switch {
	case !n.Again:
		return fmt.Sprintf("waiting for %s at %s: %s", n.Service, n.Address, n.Reason)
	case n.Wait == 0:
		return fmt.Sprintf("%s at %s: %s; asking another", n.Service, n.Address, n.Reason)
	default:
		return fmt.Sprintf("%s at %s: %s; asking again in %s, for %s at most",
			n.Service, n.Address, n.Reason, n.Wait.Round(100*time.Millisecond), n.Left.Round(time.Second))
	}
}
