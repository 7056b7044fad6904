package e2e

import "testing"

func TestDocsAgents(t *testing.T) {
	t.Parallel()
	runDoc(t, "agents.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
}
