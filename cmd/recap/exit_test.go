// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
)

// A message can hold what a registry says. Whatever that is, each line that
// begins with error, hint or warning is recap's own.
func TestMessagesKeepTheirLines(t *testing.T) {
	var stderr bytes.Buffer
	e := &env{stderr: &stderr}
	e.warn("%s", "one\nwarning: two")
	e.printError(recap.Errorf(recap.Untrusted, "x\ny", "three\nhint: four\r\x1b[1A").WithHint("five\nerror[z]: six"))
	want := `warning: one
  warning: two
error[x\x0ay]: three
  hint: four\x0d\x1b[1A
hint: five
  error[z]: six
`
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
