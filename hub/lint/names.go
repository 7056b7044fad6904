package lint

import (
	"unicode"
	"unicode/utf8"

	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
)

func person(u *reach.User) About      { return About{"user", string(u.ID), u.Username} }
func team(t *route.Team) About        { return About{"team", string(t.ID), t.Name} }
func schedule(s *rota.Schedule) About { return About{"schedule", string(s.ID), s.Name} }

func escalation(p *escalate.Policy) About { return About{"escalation", string(p.ID), p.Name} }
func integration(i *state.Integration) About {
	return About{"integration", string(i.Rules.ID), i.Rules.Name}
}

func policy(p *state.Policy) About {
	if p.Alert != nil {
		return About{"alert-policy", p.ID, p.Alert.Name}
	}
	return About{"notification-policy", p.ID, p.Notification.Name}
}

// capital begins a sentence with a part of it.
func capital(t Text) Text {
	first := func(s string) string {
		r, size := utf8.DecodeRuneInString(s)
		return string(unicode.ToUpper(r)) + s[size:]
	}
	return Text{first(t.En), first(t.Vi)}
}
