package sdktest

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/opsgenie/opsgenie-go-sdk-v2/account"
	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	"github.com/opsgenie/opsgenie-go-sdk-v2/deployment"
	"github.com/opsgenie/opsgenie-go-sdk-v2/heartbeat"
	"github.com/opsgenie/opsgenie-go-sdk-v2/integration"
	"github.com/opsgenie/opsgenie-go-sdk-v2/logs"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/operations.md anew")

// The Go SDK drives each operation against three nodes, and the hub does what it is asked for.
func TestOperations(t *testing.T) {
	for _, o := range operations() {
		if o.promised(t) == nil {
			continue // the table names it, and TestTableOfOperations fails when that changes
		}
		t.Run(o.String(), func(t *testing.T) {
			if o.check == nil {
				t.Fatal("the hub has it, but nothing checks it")
			}
			synctest.Test(t, func(t *testing.T) {
				for _, wrong := range newWorld(t).try(&o, nil) {
					t.Error(wrong)
				}
			})
		})
	}
}

// A check is worth something if it notices that its operation does nothing: it fails when the
// operation gives a constant reply, however good that looks.
func TestChecksNoticeConstantReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		request := w.succeeded()
		for _, o := range operations() {
			if o.check == nil || o.promised(t) == nil {
				continue
			}
			for _, fake := range o.fakeReplies(t, request) {
				wrong := strings.Join(w.try(&o, &fake), "\n")
				if wrong == "" {
					t.Errorf("%s: the check takes for the hub's work the constant reply %s", &o, fake.body)
				}
				if strings.Contains(wrong, "could not be parsed") {
					t.Errorf("%s: the check has noticed nothing but that the client cannot read a reply that the contract allows: %s\n%s", &o, wrong, fake.body)
				}
			}
		}
	})
}

// succeeded returns the id of a request that succeeded.
func (w *world) succeeded() string {
	w.t.Helper()
	c := w.clients(&road{Transport: w.Transport(), of: &operation{}}, "a")
	result, err := c.alerts.Create(w.t.Context(), &alert.CreateAlertRequest{Message: "it was done"})
	if err != nil {
		w.t.Fatal(err)
	}
	return result.RequestId
}

// Every method of the client's packages for these resources stands in the list of operations, and the
// list names no other.
func TestListHasEveryMethodOfTheClient(t *testing.T) {
	missing := map[string]bool{}
	for _, client := range []any{&alert.Client{}, &heartbeat.Client{}, &integration.Client{}, &deployment.Client{}, &logs.Client{}, &account.Client{}} {
		kind := reflect.TypeOf(client)
		for i := range kind.NumMethod() {
			missing[strings.TrimPrefix(strings.ReplaceAll(kind.String(), "Client", kind.Method(i).Name), "*")] = true
		}
	}
	for _, o := range operations() {
		for call := range strings.SplitSeq(o.call, ", ") {
			if call != "" && !missing[call] {
				t.Errorf("%s is driven by %s, which is no method of the client or stands in the list twice", &o, call)
			}
			delete(missing, call)
		}
	}
	for call := range missing {
		t.Errorf("no operation of the list is driven by %s", call)
	}
}

// testdata/operations.md says which operation is driven by what, and which the hub lacks.
func TestTableOfOperations(t *testing.T) {
	var rows, lacking strings.Builder
	driven, lack := 0, 0
	for _, o := range operations() {
		test, constant := "no route yet", "—"
		if o.promised(t) != nil && o.check != nil {
			driven++
			test, constant = "`TestOperations/"+strings.ReplaceAll(o.String(), " ", "_")+"`", "the test fails"
		} else {
			lack++
			fmt.Fprintf(&lacking, " %d", o.number)
		}
		fmt.Fprintf(&rows, "| %d | %s `%s` | %s | %s | %s |\n", o.number, o.method, o.path, o.call, test, constant)
	}
	table := fmt.Sprintf(`# Operations that Opsgenie's Go SDK drives

Written by %s: not to be changed by hand. The numbers are those of the notes
on Opsgenie's API. A test writes by one of three nodes, reads by another, and asserts what the hub did. That it fails when the
operation's handler is replaced by a well-shaped constant reply is shown by %s.

%d operations are driven, %d have no route yet:%s.

| # | operation | method of the SDK | test | with a constant reply |
|---|---|---|---|---|
%s`, "`go test ./hub/sdktest -run Table -rewrite`", "`TestChecksNoticeConstantReplies`", driven, lack, lacking.String(), rows.String())
	const file = "testdata/operations.md"
	if *rewrite {
		if err := os.WriteFile(file, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if was, err := os.ReadFile(file); err != nil || string(was) != table {
		t.Errorf("%s is not what it would be (see -rewrite): %v", file, err)
	}
}
