package app

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"keng/hub/acklink"
	"keng/hub/channel/all"
	"keng/hub/channel/direct"
	"keng/hub/core"
	"keng/hub/engine"
	"keng/proto/channel"
)

// NoPublicURL as Options.PublicURL says that people reach the hub by no link.
const NoPublicURL = "none"

// openWays opens the hub's own channels, and makes the links that mails and messages bear.
func (a *App) openWays(context.Context) error {
	channels, err := all.Open(all.Config{SMTP: a.o.SMTPURL})
	if err != nil {
		return err
	}
	a.desk, err = direct.New(direct.Options{
		Store: a.Store(), Channels: channels, Logger: a.logger.With("part", "channels"),
		Leads: func(term uint64) bool {
			status := a.store.Status()
			return status.Leads && status.Term == term
		},
	})
	if err != nil {
		return err
	}
	key, err := a.key.derive("acknowledge links")
	if err != nil {
		return err
	}
	a.links, err = acklink.New(acklink.Options{
		Store: a.Store(), Key: key, Now: a.store.Now, PublicURL: a.publicURL(), Logger: a.logger.With("part", "links"),
	})
	return err
}

// publicURL is how people reach the hub: as configured, else where this node's API is.
func (a *App) publicURL() string {
	if a.o.PublicURL == NoPublicURL {
		return ""
	}
	return cmp.Or(a.saidURL(), a.scheme()+a.reachable(a.http.Addr()))
}

// errNoMailServer says why nobody is reached by e-mail: no gateway would help.
var errNoMailServer = errors.New("there is no mail server: start the hubs with --smtp-url")

// saidURL is how people reach the hub as far as it was said; "" if a caller knows better.
func (a *App) saidURL() string {
	if a.o.PublicURL == NoPublicURL {
		return ""
	}
	return a.o.PublicURL
}

// carriers are the edge's gateways and the hub's own channels as one carrier. A page of a
// kind that the hub reaches by itself needs no gateway.
type carriers struct {
	engine.Carrier // the gateways
	desk           *direct.Desk
	links          *acklink.Links
}

// HandOver gives a page to the hub's own channel of its kind, else to a gateway. Pages that
// are read, not heard, get a link to acknowledge by.
func (c carriers) HandOver(page channel.Page, last string) (uint64, error) {
	if page.AlertID != "" && (page.Kind == channel.Email || page.Kind == channel.SMS) {
		page.Link = c.links.URL(core.DeliveryID(page.ID))
	}
	if c.desk.Serves(page.Kind) {
		return direct.Holder, c.desk.HandOver(page)
	}
	holder, err := c.Carrier.HandOver(page, last)
	if err != nil && page.Kind == channel.Email {
		err = errNoMailServer
	}
	return holder, err
}

// Serves reports whether somebody is there who serves a kind.
func (c carriers) Serves(kind channel.Kind) bool {
	return c.desk.Serves(kind) || c.Carrier.Serves(kind)
}

// Holds reports whether the holder is still there: the hub's own channels always are.
func (c carriers) Holds(holder uint64) bool {
	return holder == direct.Holder || c.Carrier.Holds(holder)
}

// Cancel takes a page back from its holder.
func (c carriers) Cancel(holder uint64, id core.DeliveryID, term uint64, reason string) {
	if holder == direct.Holder {
		c.desk.Cancel(id)
		return
	}
	c.Carrier.Cancel(holder, id, term, reason)
}

// Withdraw takes a page back from everybody.
func (c carriers) Withdraw(id core.DeliveryID, reason string) {
	c.desk.Cancel(id)
	c.Carrier.Withdraw(id, reason)
}

// kinds are those that can be reached from this node.
func (a *App) kinds() []channel.Kind {
	all := append(a.edge.Kinds(), a.desk.Kinds()...)
	slices.Sort(all)
	return slices.Compact(all)
}

// withLinks serves the links that mails bear, and everything else by pages.
func (a *App) withLinks(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, acklink.Path) {
			a.links.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
