# Every line here is the line CI runs. Needs Go and make; a C compiler adds the
# race detector. Tools are built from pinned modules into .cache/bin.
GO      ?= go
BIN     := $(CURDIR)/.cache/bin
# The same flags for every build, so that a package is compiled once.
export GOFLAGS += -trimpath
RACE    := $(if $(shell command -v $$($(GO) env CC) 2>/dev/null),-race)
SYSTEMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: build test lint unit cross e2e bench fuzz demo clean

build:
	CGO_ENABLED=0 $(GO) build -ldflags='-s -w' -o bin/recap ./cmd/recap

test: lint cross unit e2e

lint: $(BIN)/golangci-lint
	test -z "$$(gofmt -l cmd pkg schemas examples | tee /dev/stderr)"
	CGO_ENABLED=0 $(BIN)/golangci-lint run ./...

unit:
	$(GO) test $(RACE) ./...

# go vet and go build, on every system that recap is for.
cross:
	for s in $(SYSTEMS); do GOOS=$${s%/*} GOARCH=$${s#*/} CGO_ENABLED=0 $(GO) vet ./... && GOOS=$${s%/*} GOARCH=$${s#*/} CGO_ENABLED=0 $(GO) build ./... || exit 1; done

# Other people's registries and tools, the real binary under kill -9, and the
# examples' site.
e2e: build $(BIN)/cosign $(BIN)/hugo
	CGO_ENABLED=0 RECAP_PEERS=$(BIN) $(GO) test -count=1 -run 'TestPeers|TestFailpoints|TestMemory|TestBudgets|TestFlipEveryBit' ./cmd/recap
	CGO_ENABLED=0 PATH="$(BIN):$$PATH" $(GO) test -count=1 ./examples/hugo

# Counts, and ratios against oras on the same machine in the same minute.
bench: build $(BIN)/cosign
	RECAP_PEERS=$(BIN) RECAP=$(CURDIR)/bin/recap $(GO) test -run '^$$' -bench . -benchmem ./...

FUZZTIME ?= 60s
fuzz:
	for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep ^Fuzz); do $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$p || exit 1; done; done

demo: build
	PATH="$(CURDIR)/bin:$$PATH" sh examples/demo.sh

clean:
	rm -rf bin .cache

$(BIN)/golangci-lint: testdata/lint/go.mod
	cd testdata/lint && CGO_ENABLED=0 $(GO) build -o $(BIN)/ tool

$(BIN)/hugo: testdata/hugo/go.mod
	cd testdata/hugo && CGO_ENABLED=0 $(GO) build -o $(BIN)/ tool

$(BIN)/cosign: testdata/peers/go.mod
	cd testdata/peers && CGO_ENABLED=0 $(GO) build -o $(BIN)/ tool
