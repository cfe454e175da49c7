// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// Date is an ISO 8601 date of the precision its author knows: 2024, 2024-03,
// 2024-03-27, or RFC 3339. It is kept as written.
type Date string
