// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import "time"

// Date is an ISO 8601 date of the precision its author knows: 2024, 2024-03,
// 2024-03-27, or RFC 3339. It is kept as written.
type Date string

// Validate returns an error when d is no date of the calendar.
func (d Date) Validate() error { _, _, err := d.Interval(); return err }

// Interval returns the instants that d may mean: from, up to but not to.
func (d Date) Interval() (from, to time.Time, err error) { return }

// Reduced reports whether d names less than a day.
func (d Date) Reduced() bool { return len(d) < len("2006-01-02") }

// Before reports whether all of d is before all of e.
func (d Date) Before(e Date) bool { return false }

// Overlaps reports whether d and e may be the same time.
func (d Date) Overlaps(e Date) bool { return false }

// Created returns d as RFC 3339 in UTC, for an OCI created annotation.
func (d Date) Created() (string, bool) { return "", false }
