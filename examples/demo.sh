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
say "Look at what is there, and at who signed it."
run recap list "oci-layout://$out/registry"
run recap verify "oci-layout://$out/registry:kubecon-na-2024-wrap-up" --key "$out/demo.pub"

say "Pull one. It is verified before a byte of it is written."
run recap pull "oci-layout://$out/registry:kubecon-na-2024-wrap-up" -o "$out/pulled" --key "$out/demo.pub"
run diff -r -x .recap examples/recaps/kubecon-na-2024-wrap-up "$out/pulled"
run recap status "$out/pulled"

say "Read it."
run recap show "$out/pulled"

say "All five are a pack, too: one version, one signature, known contradictions."
run recap check --level publishable examples
run recap push examples "oci-layout://$out/packs:1.0.0,latest" --frozen --sign --key "$out/demo.key"
run recap list "oci-layout://$out/packs:1.0.0"

say "Take one of it. The pack's signature vouches for each member."
run recap pull "oci-layout://$out/packs:1.0.0" --recap kubecon-eu-2024-newcomer -o "$out/member" --key "$out/demo.pub"
run diff -r examples/recaps/kubecon-eu-2024-newcomer "$out/member/kubecon-eu-2024-newcomer"

say "Edit one, in a copy, and push version 2: only what changed is sent."
run cp -R examples "$out/edited"
printf '$ sed s/12000/12500/ …/index.md\n'
sed 's/value: 12000/value: 12500/' examples/recaps/kubecon-eu-2024-newcomer/index.md >"$out/edited/recaps/kubecon-eu-2024-newcomer/index.md"
run recap push "$out/edited" "oci-layout://$out/packs:2.0.0,latest" --version 2.0.0 --sign --key "$out/demo.key"
unset COSIGN_PASSWORD

say "What is new in version 2? Without --exit-zero a difference is exit 1."
run recap diff "oci-layout://$out/packs:1.0.0" "oci-layout://$out/packs:2.0.0" --key "$out/demo.pub" --exit-zero
