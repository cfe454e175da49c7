#!/bin/sh
# Copyright The recap Authors.
# SPDX-License-Identifier: Apache-2.0

# Prints every fuzz target of the repository: its package and its name. With
# arguments, only those of the packages named: pkg/recap, or pkg/recap:FuzzDate.
set -eu
cd "$(dirname "$0")/../.."

all() {
	find cmd pkg schemas -name '*_test.go' -not -path '*/testdata/*' -exec grep -Ho '^func Fuzz[A-Za-z0-9]*(' {} + |
		sed 's|^\(.*\)/[^/]*:func \(Fuzz[A-Za-z0-9]*\)($|\1 \2|' | LC_ALL=C sort
}
if [ $# -eq 0 ]; then
	all
	exit
fi
for wanted in "$@"; do
	found=$(all | while read -r package target; do
		case "$wanted" in
		"$package" | "$package:$target") echo "$package $target" ;;
		esac
	done)
	if [ -z "$found" ]; then
		echo "there is no fuzz target $wanted" >&2
		exit 2
	fi
	echo "$found"
done
