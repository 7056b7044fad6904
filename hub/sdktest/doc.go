// Package sdktest holds the hub against Opsgenie's own client for Go, version 2: whoever
// programs against that is served by Kẻng. The tests drive every method of the client's
// packages alert, heartbeat, integration, deployment, logs and account against three nodes, write by one and read by another,
// and assert what the hub did, not only that it answered. testdata/operations.md has the list.
package sdktest
