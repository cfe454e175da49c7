#!/bin/sh
# Copyright The recap Authors.
# SPDX-License-Identifier: Apache-2.0

# Builds every fuzz target for OSS-Fuzz, inside its image for Go, which brings
# compile_native_go_fuzzer_v2; a project's build.sh there is:
#
#	cd "$SRC/recap" && testdata/fuzz/ossfuzz.sh
#
# https://google.github.io/oss-fuzz/getting-started/new-project-guide/go-lang/
set -eu
cd "$(dirname "$0")/../.."
module=$(go list -m)

# The package that the engine replaces testing by has to be one that the module
# knows. Something has to import it, or go mod tidy forgets it.
printf 'package recap\n\nimport _ "github.com/AdamKorcz/go-118-fuzz-build/testing"\n' >pkg/recap/ossfuzz.go
go mod tidy

# One list names a package and a function: no new target is forgotten.
sh testdata/fuzz/targets.sh | while read -r package target; do
	name=$(echo "${package}_$target" | tr /A-Z _a-z)
	compile_native_go_fuzzer_v2 "$module/$package" "$target" "$name" </dev/null
done
