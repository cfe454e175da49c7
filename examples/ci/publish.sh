#!/bin/sh
# Check a recap or a pack and publish it, signed; where the tags name the same
# content already, publish nothing. For any CI service: the identity is that of
# the job where the service gives it one (SIGSTORE_ID_TOKEN, Buildkite, GitHub),
# else --key says whose it is.
# usage: publish.sh DIRECTORY HOST/REPOSITORY[:TAG,…] [FLAG of recap push…]
set -eu

source=$1 reference=$2
shift 2
if [ -e "$source/pack.lock" ]; then
	set -- --frozen "$@"
fi
recap check "$source" >&2
recap push "$source" "$reference" --sign --attest provenance --skip-unchanged --format json "$@"
