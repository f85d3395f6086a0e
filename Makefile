# Nod. "make" alone lists what can be made; each list entry is the comment
# behind its target.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run demo test setup check fmt vet staticcheck js race fuzz mutate chaos caddy litestream vulncheck fail2ban promtool dist attacked long screenshots pictures bench clean

# Stories in the browser that take minutes: make long tells them.
LONG_STORIES := ^(TestATapLetsInWhateverTheBrowserLacks|TestATransferIsSentWhateverTheBrowserLacks|TestAScriptThatDoesNotLoad|TestNginxThatBreaksOneThing|TestScreenshots|TestFiguresOfTheStage|TestFiguresOfPushes)$$

# A commit waits for the disk, and tests make thousands of them. Where there is room in
# memory their files are there, but for what go itself builds.
MEMORY := $(shell grep -q ' /dev/shm [^ ]* [^ ]*noexec' /proc/mounts 2>/dev/null || df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 >= 4 * 1024 * 1024 { print "GOTMPDIR=$${TMPDIR:-/tmp} TMPDIR=/dev/shm" }')

FUZZTIME ?= 1m
SOAK ?= 5m
STATICCHECK := go tool -modfile=tools/staticcheck/go.mod staticcheck

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

run: ## start Nod, and the simulated phones where no key is set
	go run .

demo: ## start a demonstration with its stage
	@echo "Compiling: the first time this takes about a minute."
	@go run . demo

# NOD_TEST_ALL turns a missing browser or Node.js from a reason to leave a
# test out into a failure. Vet has run already, for all packages and in full.
# Three packages at a time, the longest first: two wait more than they compute.
# The stories in the browser come last and alone: they want the processors.
# The timeout only ends a test that hangs: go's ten minutes a package are too
# few for a busy machine.
test: setup check js ## install what the tests need, check, then every test under the race detector
	NOD_TEST_ALL=1 $(MEMORY) go test -p 3 -race -vet=off -timeout 60m ./handlers ./store ./attack ./command $$(go list ./... | grep -v '/e2e$$')
	NOD_TEST_ALL=1 $(MEMORY) go test -race -count=1 -vet=off -timeout 60m -skip '$(LONG_STORIES)|^TestContactSheet$$' ./e2e/

setup: ## install what the tests need: Chromium, PostgreSQL, Node.js, Ruby, PHP and more by apt (as root), packages by npm
	@tools/setup

check: fmt vet staticcheck ## formatting, vet, staticcheck

fmt:
	@unformatted=$$(find . -name '*.go' -not -path '*/node_modules/*' -exec gofmt -l {} +); test -z "$$unformatted" || { echo "gofmt -w these:"; echo "$$unformatted"; exit 1; }

vet:
	go vet ./...

staticcheck:
	$(STATICCHECK) ./...

js: ## the pages' scripts: linter, types and unit tests, once "make setup" has run
	tools/js/node_modules/.bin/eslint --config tools/js/eslint.config.mjs --max-warnings 0 static simulator/pages/static stage/pages/static tools/js
	tools/js/node_modules/.bin/tsc --project tools/js
	tools/js/node_modules/.bin/tsc --project tools/js/tsconfig.worker.json
	node tools/js/unit.mjs

race: ## every test that can run with what is installed, under the race detector
	go test -race -timeout 60m ./...

fuzz: ## each fuzz target for FUZZTIME (1m)
	@tools/fuzz $(FUZZTIME)

mutate: ## one-line mutations of the product: the test named with each must fail (some minutes)
	go run ./tools/mutate

chaos: ## kill -9, SIGTERM, power cuts and crashes of PostgreSQL under 30 people: nothing acknowledged may be lost (some minutes, as root)
	go run ./chaos
	go run ./chaos -database postgres -crashes 20

caddy: setup ## run docs/proxies/Caddyfile with a real Caddy, which is built first
	@tools/caddy

litestream: ## run docs/litestream.yml with a real Litestream, which is built first
	@tools/litestream

vulncheck: ## known holes of modules and of Go, where their database can be had
	@tools/vulncheck/check

fail2ban: ## docs/fail2ban/filter.conf with fail2ban itself, which apt installs (as root)
	@tools/fail2ban

promtool: ## the alert rules in docs/monitoring with Prometheus's own check, which apt installs (as root)
	@tools/promtool

dist: ## what is given away, in bin/dist: static binary, .deb, .rpm, container image, compose files, SBOM, checksums
	@tools/dist/build

attacked: ## what attacks cost those who only want in; one table (some minutes)
	go run ./attack -bench

# In this order: what says most about a change comes first.
long: setup ## what takes longer than make test allows: mutations, fuzzing, kills, a real Caddy and Litestream, benchmarks, browsers that wait for SOAK (5m), known holes, sign-ins under attack, the long stories in the browser, fail2ban and promtool, packages
	@echo "== 1 of 12: mutations"; $(MAKE) --no-print-directory mutate
	@echo "== 2 of 12: fuzzing, 15 seconds for each target"; $(MAKE) --no-print-directory fuzz FUZZTIME=15s
	@echo "== 3 of 12: kills, crashes and power cuts, on SQLite and on PostgreSQL"; go run ./chaos -kills 200 -terms 10 -cuts 20; go run ./chaos -database postgres -kills 60 -terms 10 -crashes 15 -cuts 15
	@echo "== 4 of 12: a real Caddy, a real Litestream"; $(MAKE) --no-print-directory caddy litestream
	@echo "== 5 of 12: benchmarks of the rooms"; go test -run '^$$' -bench . -benchtime 1x ./hub ./store ./handlers ./server
	@echo "== 6 of 12: the benchmark, quick"; go run ./bench -quick
	@echo "== 7 of 12: browsers that wait for $(SOAK)"; go run ./bench -soak $(SOAK)
	@echo "== 8 of 12: known holes of what Nod is built of"; $(MAKE) --no-print-directory vulncheck
	@echo "== 9 of 12: sign-ins under attack"; $(MAKE) --no-print-directory attacked
	@echo "== 10 of 12: the long stories, those in the browser last"; NOD_TEST_LONG=1 go test -count=1 -run '^TestARoomfulOfPhonesAtOnce$$' -v ./command; NOD_TEST_ALL=1 NOD_TEST_LONG=1 go test -race -count=1 -timeout 60m -run '$(LONG_STORIES)|^(TestNaughtyTexts|TestNoPageIsTooWide|TestEveryOutcomeArrivesByEveryTransport|TestNothingMovesWhileOneWaits)$$' ./e2e
	@echo "== 11 of 12: fail2ban and Prometheus on their files"; $(MAKE) --no-print-directory fail2ban promtool
	@echo "== 12 of 12: packages, each started"; $(MAKE) --no-print-directory dist; tools/dist/try
	@echo "make long ran: mutations, fuzzing, kills, Caddy, Litestream, benchmarks of the rooms, bench -quick, bench -soak $(SOAK), known holes, sign-ins under attack, the long stories, fail2ban, promtool, packages"

screenshots: setup ## write the pictures of the README to docs/
	NOD_TEST_ALL=1 NOD_SCREENSHOTS=$(CURDIR)/docs go test -count=1 -run '^(TestScreenshots|TestASignInOnTheStage)$$' ./e2e/

pictures: setup ## every page and phone in every state, language, width and scheme of colours, to bin/pictures; look at index.html there
	rm -rf bin/gallery bin/pictures
	mkdir -p bin/gallery
	NOD_TEST_ALL=1 NOD_PICTURES=all NOD_SCREENSHOTS=$(CURDIR)/bin/pictures go test -count=1 -run '^TestScreenshots$$|Stage|TestTheScenes|TestTheCallbackTakenApart' ./e2e/
	NOD_GALLERY=$(CURDIR)/bin/gallery go test -count=1 -run '^TestGallery$$' ./views/
	NOD_TEST_ALL=1 NOD_GALLERY=$(CURDIR)/bin/gallery NOD_SCREENSHOTS=$(CURDIR)/bin/pictures go test -count=1 -timeout 60m -run '^TestContactSheet$$' ./e2e/

bench: ## compare waiting browsers with the usual design; one table
	go run ./bench

clean: ## remove what was built or installed here, and no database
	rm -rf bin e2e/node_modules tools/js/node_modules simulator/testdata/authy/node_modules simulator/testdata/authy-client/node_modules
