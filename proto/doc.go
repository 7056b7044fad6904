// Package proto holds what is said between programs, and knows none of them:
// the messages of agents (agentpb), gateways (gatewaypb) and hub nodes (clusterpb), the link that carries
// them (link), and what a channel is (channel).
//
// Generated code is committed. Its source is the .proto file beside it. DESIGN.md says
// why frames, acknowledgements and joining are as they are.
package proto

//go:generate sh generate.sh
