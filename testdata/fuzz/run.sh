#!/bin/sh
# Copyright The recap Authors.
# SPDX-License-Identifier: Apache-2.0

# Runs fuzz targets one after the other for TIME each, 60s or 10000x, all of them
# unless some are named, and goes on after a finding. What was found is in the package's
# testdata/fuzz, where go test tries it from then on; commit it with what mends
# it.
#
#	sh testdata/fuzz/run.sh TIME [PACKAGE[:TARGET]]...
set -eu
GO=${GO:-go}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
time=${1:?usage: run.sh TIME [PACKAGE[:TARGET]]...}
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
corpus=$($GO env GOCACHE)/fuzz # where go test keeps what it learns
module=$(cd "$root" && $GO list -m)
# All that go test says where the end of TIME took it by surprise, until Go 1.27
# (https://go.dev/issue/75804). Of a finding it says more.
expired='    context deadline exceeded
FAIL'

sh "$here/targets.sh" "$@" >"$work/targets"
built='' failed=0 count=0
while read -r package target; do
	cd "$root"
	if [ "$package" != "$built" ]; then # once for all its targets
		$GO test -c -fuzz=. -o "$work/test" "./$package"
		built=$package
	fi
	cd "$package"
	# Minimising an input of some kilobytes would take the whole time.
	if "$work/test" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="$time" -test.fuzzminimizetime=1s \
		-test.fuzzcachedir="$corpus/$module/$package" >"$work/log" 2>&1; then
		verdict=ok
	elif [ "$(sed '1,/^--- FAIL: /d' "$work/log")" = "$expired" ]; then
		verdict=ok
	else
		verdict=FAILED failed=$((failed + 1))
	fi
	count=$((count + 1))
	echo "$verdict $package $target: $(grep -o 'execs: [0-9]*' "$work/log" | tail -n 1)"
	[ "$verdict" = ok ] || sed 's/^/    /' "$work/log"
done <"$work/targets"
echo "$count targets, $failed with a finding"
[ "$failed" -eq 0 ]
