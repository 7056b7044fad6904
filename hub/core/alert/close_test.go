package alert_test

import (
	"reflect"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Rule keng-3.closure.who.
func TestWhoMayClose(t *testing.T) {
	none := alert.Closer{}
	member, admin := alert.Closer{Member: true}, alert.Closer{Admin: true}
	for _, x := range []struct {
		who    alert.Closers
		owner  string
		by     string
		closer alert.Closer
		want   alert.Reason
	}{
		{alert.Anybody, "", "an", none, alert.HasClosed},
		{alert.Members, "", "an", none, alert.OnlyMembers},
		{alert.Members, "", "an", admin, alert.OnlyMembers}, // an administrator is a member too, or should be said to be
		{alert.Members, "", "an", member, alert.HasClosed},
		{alert.Members, "an", "an", none, alert.OnlyMembers},
		{alert.Owners, "", "an", none, alert.OnlyMembers},
		{alert.Owners, "", "an", member, alert.HasClosed},
		{alert.Owners, "", "an", admin, alert.HasClosed},
		{alert.Owners, "binh", "an", none, alert.OnlyOwner},
		{alert.Owners, "binh", "an", member, alert.OnlyOwner},
		{alert.Owners, "binh", "an", admin, alert.HasClosed},
		{alert.Owners, "binh", "binh", none, alert.HasClosed},
		{alert.Owners, "zabbix", "an", alert.Closer{Member: true, Ownerless: true}, alert.HasClosed}, // a machine has acknowledged it
		{alert.Owners, "zabbix", "an", alert.Closer{Ownerless: true}, alert.OnlyMembers},
		{alert.Owners, "zabbix", "an", alert.Closer{Admin: true, Ownerless: true}, alert.HasClosed},
		{alert.Owners, "gone", "gone", alert.Closer{Ownerless: true}, alert.HasClosed},
		{alert.Owners, "binh", "", none, alert.HasClosed}, // a machine
		{alert.Members, "binh", "", none, alert.HasClosed},
	} {
		a := fresh()
		a.Owner = x.owner
		if o := a.CloseUnder(by(x.by, 0), alert.Closure{Who: x.who}, x.closer); o.Reason != x.want || o.OK() != (a.Status == alert.Closed) {
			t.Errorf("%+v: %+v", x, o)
		}
	}
}

// Rule keng-3.closure.confirm.
func TestWhenTheReporterIsAsked(t *testing.T) {
	known := alert.Closer{Reachable: true}
	for name, x := range map[string]struct {
		reporter, by string
		wait         time.Duration
		who          alert.Closer
		asked        bool
	}{
		"a colleague closes":     {"lan", "an", hour, known, true},
		"no question":            {"lan", "an", 0, known, false},
		"a reporter nobody know": {"lan", "an", hour, alert.Closer{}, false},
		"no reporter":            {"", "an", hour, known, false},
		"the reporter closes":    {"lan", "lan", hour, known, false},
		"a machine closes":       {"lan", "", hour, known, false},
	} {
		a := fresh()
		a.Reporter = x.reporter
		o := a.CloseUnder(by(x.by, hour), alert.Closure{Confirm: x.wait}, x.who)
		if !o.Moved() || o.Then != alert.ThenSilence || !a.Silent() || (a.Closing != nil) != x.asked || (a.Status == alert.Closed) == x.asked {
			t.Errorf("%s: %+v %+v", name, o, a)
		}
		if x.asked && (*a.Closing != alert.Closing{By: "an", At: now.Add(hour), Until: now.Add(2 * hour)} || o.Entry.Text() != "Alert is to be closed: lan is asked whether the trouble is over" || a.SeenBy != "an") {
			t.Errorf("%s: %+v %+v", name, o, a.Closing)
		}
	}
	snoozed := in[2].make()
	snoozed.CloseUnder(by("an", 0), alert.Closure{Confirm: hour}, known)
	if snoozed.Snoozed() || snoozed.Closing == nil {
		t.Errorf("%+v", snoozed)
	}
}

// Rules keng-3.closure.confirmed, keng-3.closure.uncontested, keng-3.closure.contradicted,
// keng-3.closure.occurred, ogapi-3.report.close, ogapi-2.life.close.
func TestHowAQuestionEnds(t *testing.T) {
	closing := in[4].make // asked by an, until an hour later
	a := closing()
	for _, user := range []string{"", "an", "binh"} {
		if o := a.Confirm(by(user, 0)); o.Reason != alert.OnlyReporter || a.Closing == nil {
			t.Errorf("confirmed by %q: %+v", user, o)
		}
	}
	nobody := closing()
	nobody.Reporter = ""
	if o := nobody.Confirm(by("", 0)); o.Reason != alert.OnlyReporter {
		t.Errorf("confirmed by nobody: %+v", o)
	}
	o := a.Confirm(by("lan", 2))
	if !o.Moved() || a.Status != alert.Closed || a.ClosedBy != "an" || !a.ClosedAt.Equal(now.Add(2)) || o.Entry.By != "lan" || o.Entry.Why != alert.Confirmed {
		t.Errorf("%+v %+v", o, a)
	}

	a = closing()
	if o := a.EndClosing(now.Add(hour - 1)); o.Reason != alert.NotOver || a.Closing == nil {
		t.Errorf("too early: %+v", o)
	}
	o = a.EndClosing(now.Add(hour))
	if !o.Moved() || a.Status != alert.Closed || a.ClosedBy != "an" || o.Entry.By != alert.System || o.Entry.Why != alert.Uncontested || o.Reason != alert.HasClosed {
		t.Errorf("%+v %+v", o, a)
	}

	a = closing()
	if o := a.Contradict(by("lan", 0)); !o.Moved() || a.Silent() || o.Entry.Why != alert.Contradicted || o.Reason != alert.HasReopened {
		t.Errorf("%+v %+v", o, a)
	}

	a = closing()
	if o := a.Recur(by("", 0)); !o.Moved() || a.Silent() || a.Count != 2 || o.Entry.Why != alert.OccurredAnew || o.Entry.What != alert.DidReopen || o.Reason != alert.HasRecurred {
		t.Errorf("%+v %+v", o, a)
	}

	a = closing()
	if o := a.Close(by("binh", hour)); !o.Moved() || a.Closing != nil || a.ClosedBy != "binh" || o.Entry.Why != alert.AsAsked || !a.ClosedAt.Equal(now.Add(hour)) {
		t.Errorf("closed after all: %+v %+v", o, a)
	}
	a = in[3].make()
	if o := a.Close(by("binh", hour)); !o.Moved() || a.Snoozed() || !a.Acknowledged {
		t.Errorf("%+v %+v", o, a)
	}
	seen := fresh()
	seen.Close(by("binh", 0))
	if seen.SeenBy != "binh" {
		t.Error("who closes it has looked")
	}
}

// Rule keng-3.closure.bounds.
func TestClosureBounds(t *testing.T) {
	for _, good := range []alert.Closure{{}, {Who: alert.Owners, Confirm: time.Minute}, {Who: alert.Members, Confirm: 7 * 24 * hour}} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []alert.Closure{{Who: 3}, {Confirm: time.Minute - 1}, {Confirm: 7*24*hour + 1}, {Confirm: -1}} {
		if err := bad.Check(); core.KindOf(err) != core.Unacceptable {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// Rule ogapi-2.life.delete.
func TestWhatRemainsOfADeletedAlert(t *testing.T) {
	a := fresh()
	stone, o := a.Delete(by("an", hour))
	want := alert.Tombstone{ID: "id", Tiny: 1, CreatedAt: now, DeletedAt: now.Add(hour), DeletedBy: "an", Priority: core.P3, Open: true}
	if !o.Moved() || o.Reason != alert.HasDeleted || !reflect.DeepEqual(stone, want) {
		t.Errorf("%+v %+v", o, stone)
	}
	closed := in[5].make()
	if stone, _ := closed.Delete(alert.By{At: now}); stone.Open || stone.DeletedBy != alert.System {
		t.Errorf("%+v", stone)
	}
}

// Rule ogapi-3.dedup.closed: of a closed alert an occurrence is no occurrence, so that the
// state makes a new one.
func TestAClosedAlertDoesNotRecur(t *testing.T) {
	a := in[5].make()
	if o := a.Recur(by("", hour)); o.OK() || o.Reason != alert.AlreadyClosed || a.Count != 1 {
		t.Errorf("%+v", o)
	}
}
