package link

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/proto/link/linkpb"
)

// Hello is how a dialler introduces itself. Who it is stands in its certificate.
type Hello struct {
	Protocol uint32   // the highest version that it speaks
	Features []string // optional abilities, by name
	Software string   // for people: "keng-agent 0.1.0 linux/arm64"
	BootID   []byte   // random, new at each start of its process
}

// Welcome is how a hub admits a dialler.
type Welcome struct {
	Protocol uint32    // the version that both speak
	Features []string  // what both can do
	Software string    // of the hub, for people
	Node     string    // the id of this hub node
	Now      time.Time // the hub's clock
	// Heartbeat is how often the dialler shows that it lives.
	Heartbeat time.Duration
	// ReconnectSpread: after a loss, wait a random part of this. At most ten minutes.
	ReconnectSpread time.Duration
	Hubs            []string // where else to dial
}

// Bounds of what an introduction may hold.
const (
	maxFeatures = 64
	maxWord     = 200 // bytes of a name, a feature, an address
	maxHubs     = 64
	maxBootID   = 64
)

func (h Hello) message() *linkpb.Hello {
	return &linkpb.Hello{Protocol: h.Protocol, Features: h.Features, Software: shorten(h.Software), BootId: h.BootID}
}

func helloOf(m *linkpb.Hello) (Hello, error) {
	if len(m.BootId) > maxBootID {
		return Hello{}, fmt.Errorf("%w: a boot id of %d bytes, at most %d", ErrMalformed, len(m.BootId), maxBootID)
	}
	features, err := words("features", m.Features, maxFeatures)
	if err != nil {
		return Hello{}, err
	}
	return Hello{Protocol: m.Protocol, Features: features, Software: printable(m.Software), BootID: m.BootId}, nil
}

func (w Welcome) message() *linkpb.Welcome {
	return &linkpb.Welcome{
		Protocol: w.Protocol, Features: w.Features, Software: shorten(w.Software), Node: w.Node,
		Now: timestamppb.New(w.Now), Heartbeat: durationpb.New(w.Heartbeat),
		ReconnectSpread: durationpb.New(w.ReconnectSpread), Hubs: w.Hubs,
	}
}

// welcomeOf reads a hub's Welcome and bounds what it asks for: an interval that is
// absent or absurd becomes a sane one.
func welcomeOf(m *linkpb.Welcome) (Welcome, error) {
	if m.Protocol < protocolOldest || m.Protocol > protocolNewest {
		return Welcome{}, fmt.Errorf("%w: the hub wants to speak version %d of the protocol, we speak %d to %d; update this program",
			ErrRefused, m.Protocol, protocolOldest, protocolNewest)
	}
	features, err := words("features", m.Features, maxFeatures)
	if err != nil {
		return Welcome{}, err
	}
	hubs, err := words("hubs", m.Hubs, maxHubs)
	if err != nil {
		return Welcome{}, err
	}
	return Welcome{
		Protocol: m.Protocol, Features: features, Software: printable(m.Software), Node: printable(m.Node),
		Now: m.Now.AsTime(), Heartbeat: heartbeatOf(m.Heartbeat.AsDuration()),
		ReconnectSpread: min(max(m.ReconnectSpread.AsDuration(), 0), maxDelay), Hubs: hubs,
	}, nil
}

// heartbeatOf bounds an interval, and puts the default in the place of none.
func heartbeatOf(interval time.Duration) time.Duration {
	if interval <= 0 {
		return DefaultHeartbeat
	}
	return min(max(interval, heartbeatMin), heartbeatMax)
}

// words bounds a list of words from the other side.
func words(what string, list []string, limit int) ([]string, error) {
	if len(list) > limit {
		return nil, fmt.Errorf("%w: %d %s, at most %d", ErrMalformed, len(list), what, limit)
	}
	if i := slices.IndexFunc(list, func(word string) bool { return len(word) > maxWord }); i >= 0 {
		return nil, fmt.Errorf("%w: one of its %s is longer than %d bytes", ErrMalformed, what, maxWord)
	}
	return list, nil
}

// agree returns the version that both sides speak, or an error for the dialler's people.
func agree(theirs uint32) (uint32, error) {
	if theirs < protocolOldest {
		return 0, fmt.Errorf("%w: this hub speaks versions %d to %d of the protocol, you speak %d; update your program",
			ErrRefused, protocolOldest, protocolNewest, theirs)
	}
	return min(theirs, protocolNewest), nil
}

// common returns the features that both have, in our order.
func common(ours, theirs []string) []string {
	var both []string
	for _, feature := range ours {
		if slices.Contains(theirs, feature) {
			both = append(both, feature)
		}
	}
	return both
}
