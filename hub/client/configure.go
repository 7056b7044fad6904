package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Party names somebody: what it is (user, team, escalation, schedule or none), and an id,
// a name or, for a person, a username.
type Party = Responder

// NewUser is a person to be made.
type NewUser struct {
	Username string `json:"username"` // an e-mail address
	FullName string `json:"fullName"`
	Role     Thing  `json:"role"`               // by name: Owner, Admin, User …
	TimeZone string `json:"timeZone,omitempty"` // IANA name
	Locale   string `json:"locale,omitempty"`   // vi_VN or en_US
}

// Thing is the id and the name of something.
type Thing struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// NewContact is a way to reach a person.
type NewContact struct {
	Method string `json:"method"` // email, sms, voice or mobile
	To     string `json:"to"`     // "84-901234567", a SIP address, a push token …
}

// NewDevice is a phone or a browser that takes pushes.
type NewDevice struct {
	User     string `json:"user"` // id or username
	Token    string `json:"token"`
	Name     string `json:"name,omitempty"`
	Language string `json:"language,omitempty"` // vi or en
}

// NotificationRule is how a person wants to be told.
type NotificationRule struct {
	Name       string     `json:"name"`
	ActionType string     `json:"actionType"` // create-alert
	Steps      []RuleStep `json:"steps"`
	Enabled    bool       `json:"enabled"`
}

// RuleStep is a step of a notification rule. Without To it is the person's first contact
// of the method.
type RuleStep struct {
	Contact   NewContact `json:"contact"`
	SendAfter Span       `json:"sendAfter"`
	Enabled   bool       `json:"enabled"`
}

// Span is a length of time in whole units.
type Span struct {
	Amount int64  `json:"timeAmount"`
	Unit   string `json:"timeUnit"` // seconds or minutes
}

// Duration returns the length of time. Units that the API does not tell count as minutes.
func (s Span) Duration() time.Duration {
	unit := map[string]time.Duration{"seconds": time.Second, "hours": time.Hour, "days": 24 * time.Hour}[s.Unit]
	if unit == 0 {
		unit = time.Minute
	}
	return time.Duration(s.Amount) * unit
}

// Seconds returns a length of time in whole seconds.
func Seconds(d time.Duration) Span { return Span{int64(d / time.Second), "seconds"} }

// NewTeam is a team to be made.
type NewTeam struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Members     []Member `json:"members,omitempty"`
}

// Member is a person with a role in a team.
type Member struct {
	User MemberUser `json:"user"`
	Role string     `json:"role,omitempty"` // admin or user
}

// MemberUser names a person by the id or the username.
type MemberUser struct {
	ID       string `json:"id,omitempty"`
	Username string `json:"username,omitempty"`
}

// NewRoutingRule sends a team's alerts to an escalation, a schedule or nobody.
type NewRoutingRule struct {
	Name   string `json:"name,omitempty"`
	Notify Party  `json:"notify"`
}

// NewSchedule is a schedule to be made.
type NewSchedule struct {
	Name      string     `json:"name"`
	TimeZone  string     `json:"timezone,omitempty"` // IANA name
	OwnerTeam *Thing     `json:"ownerTeam,omitempty"`
	Rotations []Rotation `json:"rotations,omitempty"`
}

// Rotation is a row of participants who take turns.
type Rotation struct {
	Name         string    `json:"name,omitempty"`
	StartDate    time.Time `json:"startDate"`
	Type         string    `json:"type"`             // hourly, daily or weekly
	Length       int       `json:"length,omitempty"` // of a turn; default 1
	Participants []Party   `json:"participants"`
}

// NewEscalation is an escalation to be made.
type NewEscalation struct {
	Name      string           `json:"name"`
	OwnerTeam *Thing           `json:"ownerTeam,omitempty"`
	Rules     []EscalationRule `json:"rules"`
	Repeat    *Repeat          `json:"repeat,omitempty"`
}

// Repeat has the steps of an escalation run again.
type Repeat struct {
	WaitInterval         int  `json:"waitInterval"`    // minutes after the last step
	Count                int  `json:"count,omitempty"` // how often, up to 20; 0: 20 times
	ResetRecipientStates bool `json:"resetRecipientStates,omitempty"`
	CloseAlertAfterAll   bool `json:"closeAlertAfterAll,omitempty"`
}

// EscalationRule is a step of an escalation.
type EscalationRule struct {
	Condition  string `json:"condition"`            // if-not-acked or if-not-closed
	NotifyType string `json:"notifyType,omitempty"` // default, next, previous, users, admins, all, random or round-robin
	Delay      Span   `json:"delay"`
	Recipient  Party  `json:"recipient"`
	// Acknowledgements is how many of those whom it tells must acknowledge; 0: one.
	Acknowledgements int  `json:"acknowledgements,omitempty"`
	EndsEarlierSteps bool `json:"endsEarlierSteps,omitempty"`
}

// CreateUser makes a person and returns the id.
func (c *Client) CreateUser(ctx context.Context, u NewUser) (string, error) {
	return c.create(ctx, "/v2/users", u)
}

// CreateContact gives a person, named by id or username, one more contact and returns
// its id.
func (c *Client) CreateContact(ctx context.Context, user string, k NewContact) (string, error) {
	return c.create(ctx, "/v2/users/"+url.PathEscape(user)+"/contacts", k)
}

// RegisterDevice makes a device one of a person's contacts and returns its id.
func (c *Client) RegisterDevice(ctx context.Context, d NewDevice) (string, error) {
	return c.create(ctx, "/keng/v1/devices", d)
}

// CreateNotificationRule gives a person, named by id or username, one more rule and
// returns its id.
func (c *Client) CreateNotificationRule(ctx context.Context, user string, r NotificationRule) (string, error) {
	return c.create(ctx, "/v2/users/"+url.PathEscape(user)+"/notification-rules", r)
}

// CreateTeam makes a team, with a schedule, an escalation and a routing rule, and returns
// its id.
func (c *Client) CreateTeam(ctx context.Context, t NewTeam) (string, error) {
	return c.create(ctx, "/v2/teams", t)
}

// CreateRoutingRule gives the team of an id one more routing rule, before the default
// one, and returns its id.
func (c *Client) CreateRoutingRule(ctx context.Context, team string, r NewRoutingRule) (string, error) {
	return c.create(ctx, "/v2/teams/"+url.PathEscape(team)+"/routing-rules", r)
}

// CreateSchedule makes a schedule and returns its id.
func (c *Client) CreateSchedule(ctx context.Context, s NewSchedule) (string, error) {
	return c.create(ctx, "/v2/schedules", s)
}

// CreateEscalation makes an escalation and returns its id.
func (c *Client) CreateEscalation(ctx context.Context, e NewEscalation) (string, error) {
	return c.create(ctx, "/v2/escalations", e)
}

// create makes a thing and returns its id.
func (c *Client) create(ctx context.Context, path string, body any) (string, error) {
	var out Thing
	_, err := c.call(ctx, http.MethodPost, path, body, &out)
	return out.ID, err
}

// OnCall returns the usernames of who is on call now in the schedule of an id.
func (c *Client) OnCall(ctx context.Context, schedule string) ([]string, error) {
	var out struct {
		Recipients []string `json:"onCallRecipients"`
	}
	_, err := c.call(ctx, http.MethodGet, "/v2/schedules/"+url.PathEscape(schedule)+"/on-calls?flat=true", nil, &out)
	return out.Recipients, err
}

// DeleteUser deletes a person, named by id or username.
func (c *Client) DeleteUser(ctx context.Context, user string) error {
	_, err := c.call(ctx, http.MethodDelete, "/v2/users/"+url.PathEscape(user), nil, nil)
	return err
}
