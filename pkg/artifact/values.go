// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import "github.com/recap-oci/recap/pkg/recap"

// checkValues refuses a config with more objects than a reader should have to hold,
// before it is decoded: a list of a million empty ones fits into its four megabytes
// and takes a gigabyte in memory. A null counts, since in a list it becomes one.
func checkValues(config []byte) error {
	values, within := 0, false
	for i := 0; i < len(config); i++ {
		switch c := config[i]; {
		case within && c == '\\':
			i++
		case c == '"':
			within = !within
		case !within && (c == '{' || c == 'n'): // no other word of JSON begins with n
			values++
		}
	}
	if values > recap.MaxConfigValues {
		return recap.Errorf(recap.Unsafe, "too-large", "config: %d objects, more than the %d allowed", values, recap.MaxConfigValues)
	}
	return nil
}
