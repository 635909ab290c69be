# The work is done by the scripts in dev/; this is the list of what there is.
.DEFAULT_GOAL := help
.PHONY: help demo up down dev test check gen bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: ## build and start everything, with people to sign in as; Ctrl-C ends it
	@dev/demo run

up: ## the same in the background
	@dev/demo up

down: ## end what "make up" or "make demo" started
	@dev/demo down

dev: ## for working on the code: the API, and Vite's server on 5173
	@dev/demo dev

test: ## every test: Rust, web, identity provider, and the whole stack in a browser
	@dev/test

check: ## formatting, lints, licences, generated files
	@dev/check

gen: ## write api/openapi.json and the web client's types again
	@dev/gen

bench: ## measure the API beside pgbench with the same statements
	@dev/bench

clean: down ## delete everything that was built, installed or stored here
	@dev/postgres remove --all
	rm -rf .curfew target web/dist web/node_modules idp/node_modules
