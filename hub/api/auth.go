package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// keyMax bounds what is looked at as a key, in bytes.
const keyMax = 200

// authorize returns the key of a secret, if it may call the route, and the limit to how often it may.
func (a *API) authorize(ctx context.Context, secret string, route *route) (key *state.Key, limit state.RateLimit, err error) {
	if secret == "" || len(secret) > keyMax {
		return nil, limit, unauthorized("This needs an API key: send the header \"Authorization: GenieKey <key>\".")
	}
	find := func(tx table.Reader) error {
		var ok bool
		if key, ok = state.FindKey(tx, secret); !ok {
			return core.Missing("key", "")
		}
		if route.Domain != noDomain {
			limit, _ = state.RateLimitOf(tx, route.Domain)
		}
		return nil
	}
	err = a.Store.View(ctx, false, find)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = a.strangers.ask(ctx, a, secret, find)
	}
	switch {
	case core.KindOf(err) == core.NotFound && err != nil:
		return nil, limit, unauthorized("This API key is not known, or it is disabled.")
	case err != nil:
		return nil, limit, err
	case key.Rights&route.Right == 0:
		return nil, limit, &core.Error{Kind: core.Forbidden, Words: "This API key lacks the right to " + rightName(route.Right) + "."}
	case route.Whole && key.Team != "":
		return nil, limit, &problem{status: http.StatusForbidden, typ: "AccessDenied", code: codeTeamOnly,
			words: "This API key is bound to a team, and this is about the whole account."}
	}
	return key, limit, nil
}

// secretOf returns the key that a request carries, in one of the three ways in which
// clients of Opsgenie carry it.
func secretOf(c *call) string {
	scheme, value, _ := strings.Cut(strings.TrimSpace(c.r.Header.Get("Authorization")), " ")
	value = strings.TrimSpace(value)
	switch strings.ToLower(scheme) {
	case "geniekey":
		return value
	case "basic":
		plain, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return ""
		}
		return strings.Trim(string(plain), ":") // curl -u puts a colon before or after it
	}
	return c.values.Get("apiKey")
}

func rightName(right state.Rights) string {
	switch {
	case right&state.Read != 0:
		return "read"
	case right&state.Write != 0:
		return "create and change alerts"
	case right&state.Delete != 0:
		return "delete"
	}
	return "change the configuration"
}

// look calls f with this node's state. What f misses there may be on its way from
// another node: then f is called again with the newest state of the cluster.
func (a *API) look(ctx context.Context, f func(table.Reader) error) error {
	err := a.Store.View(ctx, false, f)
	if err != nil && core.KindOf(err) == core.NotFound {
		ctx, cancel := context.WithTimeout(ctx, CommandTimeout)
		defer cancel()
		return a.Store.View(ctx, true, f)
	}
	return err
}
