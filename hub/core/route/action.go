package route

// ActionKind is what an integration does with what came in. Values are stored.
type ActionKind uint8

// The kinds of action.
const (
	Create      ActionKind = 1
	Close       ActionKind = 2
	Acknowledge ActionKind = 3
	AddNote     ActionKind = 4
	Ignore      ActionKind = 5
)

// String returns the kind as the API calls it.
func (k ActionKind) String() string {
	switch k {
	case Create:
		return "create"
	case Close:
		return "close"
	case Acknowledge:
		return "acknowledge"
	case AddNote:
		return "addNote"
	case Ignore:
		return "ignore"
	}
	return ""
}
