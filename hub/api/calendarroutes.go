package api

import "keng/hub/state"

// calendarRoutes is the part of the table about what changes who is on call and Opsgenie has
// not. What people say of themselves, such as why they are off, a key that is bound to a team
// does not see.
func calendarRoutes() []route {
	var list []route
	add := func(method, path string, right state.Rights, whole bool, h handler) {
		list = append(list, route{method, path, right, whole, configurationDomain, h})
	}
	see := func(path string, h handler) { add("GET", path, state.Read, false, h) }
	seeAll := func(path string, h handler) { add("GET", path, state.Read, true, h) }
	set := func(method, path string, h handler) { add(method, path, state.Configure, true, h) }

	set("POST", "/keng/v1/absences", change(createAbsence, absenceCreated))
	seeAll("/keng/v1/absences", on((*API).listAbsences))
	seeAll("/keng/v1/absences/{id}", tell(getAbsence))
	set("PUT", "/keng/v1/absences/{id}", change(changeAbsence, absenceChanged))
	set("DELETE", "/keng/v1/absences/{id}", change(deleteAbsence, deleted[state.Nothing]))

	set("POST", "/keng/v1/swaps", change(askSwap, swapAsked))
	seeAll("/keng/v1/swaps", on((*API).listSwaps))
	seeAll("/keng/v1/swaps/{id}", on((*API).getSwap))
	set("POST", "/keng/v1/swaps/{id}/accept", change(answerSwap(state.AcceptSwap), swapAnswered))
	set("POST", "/keng/v1/swaps/{id}/decline", change(answerSwap(state.DeclineSwap), swapAnswered))
	set("POST", "/keng/v1/swaps/{id}/withdraw", change(answerSwap(state.WithdrawSwap), swapAnswered))

	const schedule = "/keng/v1/schedules/{identifier...}"
	set("POST", schedule+"/take-over", on((*API).takeOver))
	see(schedule+"/fairness", on((*API).scheduleFairness))
	see("/keng/v1/fairness", on((*API).teamFairness))

	const holidays = "/keng/v1/holiday-calendars/{identifier...}"
	set("POST", "/keng/v1/holiday-calendars", change(createHolidays, holidaysCreated))
	see("/keng/v1/holiday-calendars", tellList(listHolidays))
	see(holidays, on((*API).getHolidays))
	set("PUT", holidays, change(changeHolidays, holidaysChanged))
	set("DELETE", holidays, change(deleteHolidays, deleted[state.Nothing]))
	return list
}
