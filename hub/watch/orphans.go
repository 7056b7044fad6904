package watch

import (
	"context"
	"fmt"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/raftstore/table"
)

type responder = alert.Responder

// orphansAlias is the alias of the alert about forgotten alerts: there is one.
const orphansAlias = "keng/orphaned-alerts"

// orphansWords are what the administrators are told, by the cluster's language.
var orphansWords = map[string][2]string{
	"en": {"Kẻng has forgotten %d alerts: nobody will be told of them", "This is a fault of Kẻng. Look at these alerts now, and report the fault: "},
	"vi": {"Kẻng đã bỏ quên %d cảnh báo: sẽ không ai được báo", "Đây là lỗi của Kẻng. Hãy xem ngay các cảnh báo này và báo lỗi cho nhóm phát triển: "},
}

// raise opens an alert to the administrators.
func (w *Watcher) raise(ctx context.Context, orphans []core.AlertID, to []responder) error {
	w.logger.Error("alerts were forgotten: nothing will happen for them, and nothing says why", "count", len(orphans), "first", orphans[0])
	ids := make([]string, 0, len(orphans))
	language := "en"
	err := w.store.View(ctx, false, func(r table.Reader) error {
		if row, ok := state.GetCluster(r); ok && orphansWords[row.Language] != [2]string{} {
			language = row.Language
		}
		for _, id := range orphans {
			if a, ok := state.FindAlert(r, state.Ref{ID: id}); ok {
				ids = append(ids, fmt.Sprintf("#%d", a.Tiny))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	words := orphansWords[language]
	_, err = state.Do(ctx, w.store, seed.New(), state.CreateAlert{Draft: alert.Draft{
		Message: fmt.Sprintf(words[0], len(orphans)), Description: words[1] + strings.Join(ids, " "),
		Alias: orphansAlias, Source: "keng", Priority: core.P1, Tags: []string{"keng"}, Responders: to,
	}})
	return err
}

// allClear closes that alert, if it is open.
func (w *Watcher) allClear(ctx context.Context) error {
	open := false
	err := w.store.View(ctx, false, func(r table.Reader) error {
		_, open = state.FindAlert(r, state.Ref{Alias: orphansAlias})
		return nil
	})
	if err != nil || !open {
		return err
	}
	_, err = state.Do(ctx, w.store, seed.New(), state.CloseAlert{Alert: state.Ref{Alias: orphansAlias}, Source: "keng", Note: "no alert is forgotten any more"})
	return err
}
