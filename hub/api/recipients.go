package api

import (
	"context"

	"keng/hub/state"
	"keng/raftstore/table"
)

// recipient is somebody for whom there were pages about an alert.
type recipient struct {
	User      deliveryUser `json:"user"`
	State     string       `json:"state"`
	Method    string       `json:"method"`
	CreatedAt moment       `json:"createdAt"`
	UpdatedAt moment       `json:"updatedAt"`
}

// listRecipients tells for whom there were pages about an alert. The method is what the person did, of one
// who did nothing the way by which the last page came, and of one whom nothing has reached "".
func (a *API) listRecipients(ctx context.Context, in *getAlertIn) (*page[recipient], error) {
	var out *page[recipient]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.ref)
		if err != nil {
			return err
		}
		all := state.RecipientsOf(tx, row.ID)
		out = &page[recipient]{}
		for _, r := range all[:min(len(all), rowsMax)] {
			told := recipient{
				User: deliveryUser{ID: string(r.User), Username: r.Username}, State: "notactive", CreatedAt: moment{r.CreatedAt}, UpdatedAt: moment{r.UpdatedAt},
			}
			switch r.State {
			case state.HasActed:
				told.State, told.Method = "action", r.Action
			case state.WasNotified:
				told.State, told.Method = "notified", methodOf(string(r.Page))
			}
			out.of = append(out.of, told)
		}
		return nil
	})
	return out, err
}
