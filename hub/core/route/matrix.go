package route

import (
	"fmt"
	"strings"

	"keng/hub/core"
)

// Matrix is a table of priorities by impact, how much is hurt, and urgency, how soon it
// hurts: the words of those who report, not of those who decide.
type Matrix struct {
	Impacts   []string `cbor:"1,keyasint"` // the rows, as "high"
	Urgencies []string `cbor:"2,keyasint"` // the columns
	// Cells has a row for every impact, and in it a priority for every urgency.
	Cells [][]core.Priority `cbor:"3,keyasint"`
}

// The bounds of a matrix, and the details in which alerts have their impact and urgency.
const (
	MatrixMax     = 10 // rows, and columns
	ImpactDetail  = "impact"
	UrgencyDetail = "urgency"
)

// UsualMatrix returns the table that is in use where nobody has written another.
func UsualMatrix() Matrix {
	return Matrix{
		Impacts:   []string{"high", "medium", "low"},
		Urgencies: []string{"high", "medium", "low"},
		Cells: [][]core.Priority{
			{core.P1, core.P2, core.P3},
			{core.P2, core.P3, core.P4},
			{core.P3, core.P4, core.P5},
		},
	}
}

// Check says what is wrong with a matrix.
func (m *Matrix) Check() error {
	wrong := faults{}
	checkAxis(wrong, "impacts", m.Impacts)
	checkAxis(wrong, "urgencies", m.Urgencies)
	if len(m.Cells) != len(m.Impacts) {
		wrong.add("cells", fmt.Sprintf("has %d rows for %d impacts: write one for each", len(m.Cells), len(m.Impacts)))
	}
	for i, row := range m.Cells {
		if len(row) != len(m.Urgencies) {
			wrong.add("cells", fmt.Sprintf("row %d has %d priorities for %d urgencies: write one for each", i+1, len(row), len(m.Urgencies)))
		}
		for _, p := range row {
			if p.String() == "" {
				wrong.add("cells", fmt.Sprintf("row %d has something that is not P1, P2, P3, P4 or P5", i+1))
			}
		}
	}
	return wrong.err()
}

func checkAxis(wrong faults, field string, axis []string) {
	wrong.count(field, len(axis), MatrixMax)
	if len(axis) == 0 {
		wrong.add(field, "is empty: write words such as high, medium, low")
	}
	for i, word := range axis {
		if strings.TrimSpace(word) == "" {
			wrong.add(field, fmt.Sprintf("number %d is empty", i+1))
		}
		wrong.length(field, word, NameMax)
		if find(axis[:i], word) >= 0 {
			wrong.add(field, word+" stands there twice")
		}
	}
}

// Priority returns the priority of the impact and the urgency among an alert's details, and
// where it comes from. Upper and lower case are the same. Not ok: one of the two is missing,
// or not in the table; and so of a nil matrix.
func (m *Matrix) Priority(details map[string]string) (p core.Priority, why string, ok bool) {
	if m == nil {
		return 0, "", false
	}
	row, column := find(m.Impacts, details[ImpactDetail]), find(m.Urgencies, details[UrgencyDetail])
	if row < 0 || column < 0 || row >= len(m.Cells) || column >= len(m.Cells[row]) {
		return 0, "", false
	}
	if p = m.Cells[row][column]; p.String() == "" {
		return 0, "", false
	}
	return p, "priority " + p.String() + " of impact " + m.Impacts[row] + " and urgency " + m.Urgencies[column], true
}

// find returns the place of a word, -1 if it is not there.
func find(axis []string, word string) int {
	word = strings.TrimSpace(word)
	for i := range axis {
		if strings.EqualFold(strings.TrimSpace(axis[i]), word) {
			return i
		}
	}
	return -1
}
