#!/bin/sh
# Makes the Go code of every .proto file anew. Needs protoc (Debian: protobuf-compiler).
set -eu
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
go build -o "$tools/protoc-gen-go" google.golang.org/protobuf/cmd/protoc-gen-go
PATH="$tools:$PATH" protoc --go_out=. --go_opt=module=keng $(find proto -name '*.proto' | sort)
