package api

// quorum says whether a cluster can work: only while a majority of its voters answers.
type quorum struct {
	Voters    int  `json:"voters"`    // nodes with a vote
	Needed    int  `json:"needed"`    // how many of them are a majority
	Reachable int  `json:"reachable"` // how many answer
	Majority  bool `json:"majority"`  // enough answer
	Spare     int  `json:"spare"`     // how many of those may be lost before there is none
}

// quorumOf counts the nodes, leaving one out; nobody if without is "".
func quorumOf(nodes []Node, without string) quorum {
	var q quorum
	for _, n := range nodes {
		if !n.Voter || n.ID == without {
			continue
		}
		q.Voters++
		if n.Reached {
			q.Reachable++
		}
	}
	q.Needed = q.Voters/2 + 1
	q.Majority = q.Reachable >= q.Needed
	q.Spare = max(q.Reachable-q.Needed, 0)
	return q
}

// leaderOf returns the node that leads, nil if none that answers does. A leader that was
// cut off may for a moment not know of its successor, whose term is higher.
func leaderOf(nodes []Node) *Node {
	var leader *Node
	for i, n := range nodes {
		if n.Reached && n.Leader && (leader == nil || n.Term > leader.Term) {
			leader = &nodes[i]
		}
	}
	return leader
}

func isMember(nodes []Node, id string) bool {
	for _, n := range nodes {
		if n.ID == id {
			return true
		}
	}
	return false
}

// differing returns the pairs of nodes whose states contradict one another. The same
// number of batches has one hash, and up to the same entry of the log the same batches
// took effect; where both numbers differ nothing can be said.
func differing(nodes []Node) [][2]string {
	var pairs [][2]string
	for i, a := range nodes {
		for _, b := range nodes[i+1:] {
			if !a.Reached || !b.Reached || a.Sequence != b.Sequence && a.Applied != b.Applied {
				continue
			}
			if a.Sequence != b.Sequence || a.Chain != b.Chain {
				pairs = append(pairs, [2]string{a.ID, b.ID})
			}
		}
	}
	return pairs
}
