# Every line here is the line CI runs. Needs Go and make; a C compiler adds the
# race detector. Tools are built from pinned modules into .cache/bin.
GO      ?= go
BIN     := $(CURDIR)/.cache/bin
# The same flags for every build, so that a package is compiled once.
export GOFLAGS += -trimpath
# A package's tests may take longer than go test's ten minutes where the machine has
# other things to do: slow is no failure, and what hangs ends all the same.
TEST    := $(GO) test -timeout 40m
RACE    := $(if $(shell command -v $$($(GO) env CC) 2>/dev/null),-race)
# Where make cross looks: the system that is most unlike this one. The public
# workflow names all six.
SYSTEMS ?= windows/amd64

.PHONY: build test lint unit cross kms e2e soak bench fuzz fuzz-short demo corpus clean

build:
	CGO_ENABLED=0 $(GO) build -ldflags='-s -w' -o bin/recap ./cmd/recap

test: lint cross unit fuzz-short e2e

lint: $(BIN)/golangci-lint
	test -z "$$(gofmt -l cmd pkg schemas examples testdata | tee /dev/stderr)"
	CGO_ENABLED=0 $(BIN)/golangci-lint run ./...

# With the race detector, and then what takes too long under it: a thousand
# recaps, crashes at every step, and the scripts, which start the command some
# thousand times. The public workflow runs everything under it.
unit:
	$(TEST) $(RACE) -short ./examples/... ./pkg/... ./schemas/...
	CGO_ENABLED=0 $(TEST) ./cmd/... ./pkg/artifact ./pkg/catalog ./pkg/internal/shape ./pkg/layout ./pkg/pack ./pkg/sigstore ./pkg/source ./pkg/transfer ./pkg/trust

# go vet for other systems: it compiles, tests included, and looks. macOS has
# files of its own in few packages.
cross:
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) vet ./pkg/internal/durable ./pkg/folder
	for s in $(SYSTEMS); do GOOS=$${s%/*} GOARCH=$${s#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; done

# The clients of four key management services, built in. They take longer to
# compile than everything else, so the public workflow runs this.
kms:
	$(GO) vet -tags recapkms ./...
	$(TEST) -tags recapkms ./pkg/sigstore

# Other people's registries and tools, a real Sigstore, the real binary under
# kill -9, and the examples' site. Many of these wait for each other's answers
# rather than for a processor. Whatever test asks for the tools is in the list, or
# fails.
E2E := TestPeers|TestSigstore|TestSigners|TestFailpoints|TestMemory|TestBudgets|TestFlipEveryBit|TestHostile|TestSweep|TestFlippingProxy|TestSoak
e2e: build $(BIN)/sigstack $(BIN)/hugo
	CGO_ENABLED=0 RECAP_PEERS=$(BIN) $(TEST) -count=1 -parallel 4 -run '$(E2E)' ./cmd/recap
	CGO_ENABLED=0 PATH="$(BIN):$$PATH" $(TEST) -count=1 ./examples/hugo

# Five thousand pushes and pulls, which says how many did what, and a fault at each
# request of each verb; e2e makes five hundred, and disturbs every second request.
soak:
	CGO_ENABLED=0 RECAP_PEERS=$(BIN) RECAP_SOAK=2500 RECAP_SWEEP=all $(GO) test -count=1 -timeout 1h -v -run 'TestSoak|TestFlippingProxy|TestSweep' ./cmd/recap

# Counts, and ratios against oras on the same machine in the same minute.
bench: build $(BIN)/sigstack
	RECAP_PEERS=$(BIN) RECAP=$(CURDIR)/bin/recap $(GO) test -run '^$$' -bench . -benchmem ./...

# Every fuzz target for FUZZTIME, one after the other; make fuzz FUZZTIME=10m goes
# on for a night. FUZZ names some: make fuzz FUZZ="pkg/trust pkg/recap:FuzzDate".
FUZZTIME ?= 60s
FUZZ     ?=
fuzz:
	CGO_ENABLED=0 GO=$(GO) sh testdata/fuzz/run.sh $(FUZZTIME) $(FUZZ)

# A taste of it, for what everything from outside goes through: counted, so that it
# is as much on a busy machine.
fuzz-short:
	CGO_ENABLED=0 GO=$(GO) sh testdata/fuzz/run.sh 10000x pkg/internal/canonical:FuzzUnmarshal pkg/internal/safepath pkg/document pkg/recap:FuzzPrintable pkg/artifact:FuzzParse

demo: build
	PATH="$(CURDIR)/bin:$$PATH" sh examples/demo.sh

clean:
	rm -rf bin .cache

$(BIN)/golangci-lint: testdata/lint/go.mod
	cd testdata/lint && CGO_ENABLED=0 $(GO) build -o $(BIN)/ tool

$(BIN)/hugo: testdata/hugo/go.mod
	cd testdata/hugo && CGO_ENABLED=0 $(GO) build -o $(BIN)/ tool

# All in one go: what the tools have in common is compiled once.
$(BIN)/sigstack: testdata/peers/go.mod $(wildcard testdata/peers/sigstack/*.go testdata/peers/sigstack/*/*/*.go)
	cd testdata/peers && CGO_ENABLED=0 $(GO) build -ldflags='-s -w' -o $(BIN)/ tool ./sigstack
	touch $@

# The bundles that pkg/sigstore's unit tests verify, signed, broken and forged anew.
corpus: $(BIN)/sigstack
	$(BIN)/sigstack corpus pkg/sigstore/testdata/sigstore
