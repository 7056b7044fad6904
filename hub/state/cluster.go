package state

import (
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// Cluster is what the whole cluster is. There is one row.
type Cluster struct {
	Name      string    `cbor:"1,keyasint"`
	FoundedAt time.Time `cbor:"2,keyasint"`
	// Language is the language of texts that Kẻng writes for everybody: "vi" or "en".
	Language string `cbor:"3,keyasint"`
	// Authority is the certificate authority's certificate, DER.
	Authority []byte `cbor:"4,keyasint"`
	// SealedKey is its private key, sealed with the master key, which is not here.
	SealedKey []byte `cbor:"5,keyasint"`
	// DefaultTeam answers for alerts of agents that name no team.
	DefaultTeam core.TeamID `cbor:"6,keyasint,omitempty"`
	// Next and SealedNext are the authority that takes the place of the present one,
	// while that is being changed. Retired is the certificate of the one before, after the
	// last change. RotatedAt is when the last stage began.
	Next       []byte    `cbor:"7,keyasint,omitempty"`
	SealedNext []byte    `cbor:"8,keyasint,omitempty"`
	Retired    []byte    `cbor:"9,keyasint,omitempty"`
	RotatedAt  time.Time `cbor:"10,keyasint"`
}

var clusterKey = table.K().String("cluster")

// Clusters holds the one row that describes the cluster.
var Clusters = table.New(1, "cluster", func(*Cluster) table.Key { return clusterKey })

// GetCluster returns the cluster's row. It reports false before [FoundCluster].
func GetCluster(r table.Reader) (*Cluster, bool) { return Clusters.Get(r, clusterKey) }

// FoundCluster writes the first facts of an empty cluster. Where one was founded
// already it changes nothing and returns what is there.
type FoundCluster struct {
	Name      string `cbor:"1,keyasint"`
	Language  string `cbor:"2,keyasint"`
	Authority []byte `cbor:"3,keyasint"`
	SealedKey []byte `cbor:"4,keyasint"`
}

func (FoundCluster) number() number { return foundCluster }

func (f FoundCluster) apply(c *change) (Cluster, error) {
	if row, ok := GetCluster(c.tx); ok {
		return *row, nil
	}
	row := Cluster{Name: f.Name, FoundedAt: c.now, Language: f.Language, Authority: f.Authority, SealedKey: f.SealedKey}
	return row, Clusters.Put(c.tx, &row)
}

// counter hands out numbers that grow by one.
type counter struct {
	Name string `cbor:"1,keyasint"`
	Last uint64 `cbor:"2,keyasint"`
	// Bytes is, of the inputs of the journal, how many bytes there are, about.
	Bytes uint64 `cbor:"3,keyasint,omitempty"`
}

var counters = table.New(2, "counters", func(c *counter) table.Key { return table.K().String(c.Name) })

// next returns the next number of a counter, from 1. It is written down by keepCounters.
func (c *change) next(name string) uint64 {
	row := c.counter(name)
	row.Last++
	return row.Last
}

// counter returns a counter, to be written down by keepCounters.
func (c *change) counter(name string) *counter {
	row, ok := c.counted[name]
	if !ok {
		if row, ok = counters.Get(c.tx, table.K().String(name)); !ok {
			row = &counter{Name: name}
		}
		c.counted[name] = row
	}
	return row
}

// keepCounters writes down how far the counters have come, once a command: one of many
// events takes hundreds of numbers.
func (c *change) keepCounters() error {
	for _, name := range sortedKeys(c.counted) {
		// Each has been read, and differs: as there are no indexes, to look at it once more is for nothing.
		if err := counters.Insert(c.tx, c.counted[name]); err != nil {
			return err
		}
	}
	return nil
}
