package api

import (
	"context"

	"keng/hub/lint"
	"keng/hub/state"
)

// lintRoutes are the operations on the configuration as a whole.
func lintRoutes() []route {
	return []route{{"GET", "/keng/v1/lint", state.Read, true, searchDomain, on((*API).lintAll)}}
}

// lintIn asks what is wrong in the configuration.
type lintIn struct {
	least    lint.Severity
	language string
}

func (in *lintIn) read(c *call) {
	in.least, _ = lint.ParseSeverity(c.choice("severity", "hint", "warning", "error"))
	in.language = c.choice("language", "en", "vi")
}

// lintRecord is what was found, as replies tell it.
type lintRecord struct {
	Findings []findingRecord `json:"findings"`
	More     int             `json:"more"` // found besides
	Looked   lookedRecord    `json:"looked"`
}

// findingRecord is one mistake, in the language that was asked for.
type findingRecord struct {
	Check    string      `json:"check"`
	Severity string      `json:"severity"`
	About    aboutRecord `json:"about"`
	What     string      `json:"what"`
	Mend     string      `json:"mend"`
}

// aboutRecord is the thing of the configuration that a finding is about. The cluster has no id.
type aboutRecord struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// lookedRecord says what was looked at.
type lookedRecord struct {
	Checks int            `json:"checks"`
	Things map[string]int `json:"things"` // how many of each kind
	Weeks  int            `json:"weeks"`  // how far schedules were looked through for gaps
	Unseen int            `json:"unseenSchedules"`
}

// lintAll looks through the whole configuration.
func (a *API) lintAll(ctx context.Context, in *lintIn) (*data[lintRecord], error) {
	var out data[lintRecord]
	err := a.look(ctx, func(tx reader) error {
		out.of = lintOf(lint.Look(tx, a.Now(), a.zones.In(tx), lint.Facts{PublicURL: a.PublicURL}, in.least), in.language)
		return nil
	})
	return &out, err
}

func lintOf(r lint.Report, language string) lintRecord {
	out := lintRecord{Findings: []findingRecord{}, More: r.More, Looked: lookedRecord{r.Checks, map[string]int{}, lint.WeeksAhead, r.Unseen}}
	for _, f := range r.Findings {
		about := aboutRecord{f.About.Kind, f.About.ID, f.About.Name}
		out.Findings = append(out.Findings, findingRecord{f.Check, f.Severity.String(), about, f.What.In(language), f.Mend.In(language)})
	}
	for _, c := range r.Things {
		out.Looked.Things[c.Kind] = c.Number
	}
	return out
}
