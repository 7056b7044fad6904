package state_test

import (
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
)

// catchAllVerbs are what plays do to the last resort.
func (s *stage) catchAllVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"catchall": s.catchAll}
}

// catchAll RESPONDER [after=D] [P1], or "none".
func (s *stage) catchAll(args []string) error {
	if args[0] == "none" {
		_, err := do(s, state.DeleteCatchAll{})
		return err
	}
	kind, name, _ := strings.Cut(args[0], ":")
	k := state.PutCatchAll{To: state.Party{Kind: map[string]alert.ResponderKind{
		"user": alert.User, "team": alert.Team, "escalation": alert.Escalation, "schedule": alert.Schedule,
	}[kind], Pick: state.Either(name)}}
	for _, a := range args[1:] {
		if after, ok := strings.CutPrefix(a, "after="); ok {
			k.After = s.duration(after)
			continue
		}
		p, err := core.ParsePriority(a)
		if err != nil {
			return err
		}
		k.MinimumPriority = p
	}
	_, err := do(s, k)
	return err
}
