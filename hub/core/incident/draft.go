package incident

import (
	"errors"
	"fmt"
	"maps"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// The limits of what alerts have not. All others are those of alerts.
const (
	ServicesMax = 50
	ServiceMax  = 100 // code points of an id
)

// Draft is what a caller says of a new incident. See [Draft.Check] for its limits.
type Draft struct {
	Message     string            `cbor:"1,keyasint"`
	Description string            `cbor:"2,keyasint,omitempty"`
	Services    []core.ServiceID  `cbor:"3,keyasint,omitempty"`
	Responders  []alert.Responder `cbor:"4,keyasint,omitempty"`
	Tags        []string          `cbor:"5,keyasint,omitempty"`
	Details     map[string]string `cbor:"6,keyasint,omitempty"`
	Priority    core.Priority     `cbor:"7,keyasint,omitempty"`
	Source      string            `cbor:"8,keyasint,omitempty"`
	User        string            `cbor:"9,keyasint,omitempty"` // who reports it, a username; empty: a machine
	Note        string            `cbor:"10,keyasint,omitempty"`
	// OwnerTeam is the team of a team-bound key; empty: the first team among the responders.
	OwnerTeam core.TeamID `cbor:"11,keyasint,omitempty"`
}

// Check says which fields of a draft are beyond their limits, all at once; nil if none is. The
// error is of kind [core.Unacceptable].
func (d *Draft) Check() error {
	a := alert.Draft{
		Message: d.Message, Description: d.Description, Responders: d.Responders, Tags: d.Tags, Details: d.Details, Source: d.Source, User: d.User, Note: d.Note,
	}
	err, wrong := a.Check(), d.wrongServices()
	if wrong == "" {
		return err
	}
	both := core.Invalid("impactedServices", wrong)
	if e, ok := errors.AsType[*core.Error](err); ok {
		maps.Copy(both.Fields, e.Fields)
	}
	return both
}

func (d *Draft) wrongServices() string {
	if n := len(d.Services); n > ServicesMax {
		return fmt.Sprintf("%d are too many: at most %d are allowed.", n, ServicesMax)
	}
	for i, id := range d.Services {
		if n := utf8.RuneCountInString(string(id)); n > ServiceMax {
			return fmt.Sprintf("number %d has %d characters: at most %d are allowed.", i+1, n, ServiceMax)
		}
	}
	return ""
}
