#!/bin/sh
# The main job of recap on the example recaps: no server, no account. Every
# command is printed before it runs, so that it can be repeated by hand.
# usage: examples/demo.sh [DIRECTORY]   (recap on the PATH; run from the top)
set -eu

out=${1:-.cache/demo}
rm -rf "$out"
mkdir -p "$out"

say() { printf '\n# %s\n' "$*"; }
run() {
	printf '$ %s\n' "$*"
	"$@"
}

say "Check five write-ups of real conferences."
run recap check --level complete examples/recaps/*

say "Build one. The same files give the same digest on every machine."
run recap build examples/recaps/kubecon-eu-2024-ablock -o "$out/build.tar"

say "Make a throw-away key. Yours gets a password that nobody else knows."
printf '$ export COSIGN_PASSWORD=throw-away\n'
export COSIGN_PASSWORD=throw-away
run recap key generate --output-key-prefix "$out/demo"

say "Push all five, signed, into an OCI layout. A registry takes the same commands."
for recap in examples/recaps/*; do
	run recap push "$recap" "oci-layout://$out/registry:$(basename "$recap")" --sign --key "$out/demo.key"
done
unset COSIGN_PASSWORD

say "Look at what is there, and at who signed it."
run recap list "oci-layout://$out/registry"
run recap verify "oci-layout://$out/registry:kubecon-na-2024-wrap-up" --key "$out/demo.pub"

say "Pull one. It is verified before a byte of it is written."
run recap pull "oci-layout://$out/registry:kubecon-na-2024-wrap-up" -o "$out/pulled" --key "$out/demo.pub"
run diff -r -x .recap examples/recaps/kubecon-na-2024-wrap-up "$out/pulled"
run recap status "$out/pulled"

say "Read it."
run recap show "$out/pulled"
