package state

import (
	"keng/hub/core"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// TeamMatrix is a team's table of priorities by impact and urgency, or, if it names no team,
// the cluster's.
type TeamMatrix struct {
	Team   core.TeamID  `cbor:"1,keyasint,omitempty"`
	Matrix route.Matrix `cbor:"2,keyasint"`
}

// Matrices holds the tables that somebody has written.
var Matrices = table.New(33, "matrices", func(m *TeamMatrix) table.Key { return matrixKey(m.Team) })

func matrixKey(team core.TeamID) table.Key { return table.K().String(string(team)) }

// MatrixOf returns the table of priorities that counts for a team's alerts: the team's own,
// else the cluster's, else [route.UsualMatrix]. No team has the cluster's.
func MatrixOf(r table.Reader, team core.TeamID) route.Matrix {
	for _, whose := range []core.TeamID{team, ""} {
		if m, ok := Matrices.Get(r, matrixKey(whose)); ok {
			return m.Matrix
		}
	}
	return route.UsualMatrix()
}

// PutMatrix gives the cluster, or a team if one is named, a table of priorities of its own.
// An empty one takes it away again.
type PutMatrix struct {
	Team   Pick         `cbor:"1,keyasint,omitzero"`
	Matrix route.Matrix `cbor:"2,keyasint"`
}

func (PutMatrix) number() number { return putMatrix }

func (k PutMatrix) apply(c *change) (TeamMatrix, error) {
	var row TeamMatrix
	if k.Team != (Pick{}) {
		t, err := k.Team.Team(c.tx)
		if err != nil {
			return row, err
		}
		row.Team = t.ID
	}
	if len(k.Matrix.Impacts)+len(k.Matrix.Urgencies)+len(k.Matrix.Cells) == 0 {
		Matrices.Delete(c.tx, matrixKey(row.Team))
		row.Matrix = MatrixOf(c.tx, row.Team)
		return row, nil
	}
	row.Matrix = k.Matrix
	if err := row.Matrix.Check(); err != nil {
		return row, err
	}
	return row, keep(c, Matrices, &row)
}
