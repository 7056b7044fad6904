package api

import "keng/hub/state"

// configurationRoutes is the part of the table by which people, teams, schedules and
// escalations are configured. A key bound to a team may look at what pages, but neither
// change it nor see people's addresses, nor other teams' schedules.
func configurationRoutes() []route {
	var list []route
	add := func(method, path string, right state.Rights, whole bool, h handler) {
		list = append(list, route{method, path, right, whole, configurationDomain, h})
	}
	see := func(path string, h handler) { add("GET", path, state.Read, false, h) }
	seeAll := func(path string, h handler) { add("GET", path, state.Read, true, h) }
	set := func(method, path string, h handler) { add(method, path, state.Configure, true, h) }

	const user = "/v2/users/{identifier}"
	set("POST", "/v2/users", change(createUser, userCreated))
	list = append(list, route{"GET", "/v2/users", state.Read, false, searchDomain, on((*API).listUsers)})
	see(user, on((*API).getUser))
	set("PATCH", user, change(changeUser, userChanged))
	set("DELETE", user, change(deleteUser, deleted[state.Nothing]))
	see(user+"/teams", tellList(listUserTeams))
	see(user+"/schedules", tellList(listUserSchedules))
	see(user+"/escalations", tellList(listUserEscalations))

	const contact = user + "/contacts/{contactId}"
	set("POST", user+"/contacts", change(createContact, contactCreated))
	seeAll(user+"/contacts", tellList(listContacts))
	seeAll(contact, tell(getContact))
	set("PATCH", contact, change(changeContact, contactChanged))
	set("DELETE", contact, change(deleteContact, deleted[state.Nothing]))
	set("POST", contact+"/enable", change(enableContact(true), contactChanged))
	set("POST", contact+"/disable", change(enableContact(false), contactChanged))

	const rule = user + "/notification-rules/{ruleId}"
	set("POST", user+"/notification-rules", change(createRule, ruleCreated))
	seeAll(user+"/notification-rules", tellList(listRules))
	seeAll(rule, tell(getRule))
	set("PATCH", rule, change(changeRule, ruleChanged))
	set("DELETE", rule, change(deleteRule, deleted[state.Nothing]))
	set("POST", rule+"/enable", change(enableRule(true), ruleChanged))
	set("POST", rule+"/disable", change(enableRule(false), ruleChanged))
	set("POST", rule+"/change-order", change(orderRule, ruleChanged))

	const step = rule + "/steps/{stepId}"
	set("POST", rule+"/steps", change(createStep, stepCreated))
	seeAll(rule+"/steps", tellList(listSteps))
	seeAll(step, tell(getStep))
	set("PATCH", step, change(changeStep, stepChanged))
	set("DELETE", step, change(deleteStep, deleted[state.Nothing]))
	set("POST", step+"/enable", change(enableStep(true), stepChanged))
	set("POST", step+"/disable", change(enableStep(false), stepChanged))

	set("POST", "/keng/v1/devices", change(registerDevice, deviceRegistered))
	seeAll("/keng/v1/devices", on((*API).listDevices))
	seeAll("/keng/v1/devices/{id}", tell(getDevice))
	set("DELETE", "/keng/v1/devices/{id}", change(deleteDevice, deleted[state.Nothing]))

	const team = "/v2/teams/{identifier...}"
	set("POST", "/v2/teams", change(createTeam, teamCreated))
	see("/v2/teams", tellList(listTeams))
	see(team, tell(getTeam))
	set("PATCH", team, change(changeTeam, teamChanged))
	set("DELETE", team, change(deleteTeam, deleted[state.Nothing]))
	set("POST", team+"/members", change(addMember, memberAdded))
	set("DELETE", team+"/members/{memberIdentifier}", change(removeMember, memberRemoved))
	set("POST", team+"/routing-rules", change(createRouting, routingCreated))
	see(team+"/routing-rules", tellList(listRouting))
	see(team+"/routing-rules/{id}", tell(getRouting))
	set("PATCH", team+"/routing-rules/{id}", change(changeRouting, routingChanged))
	set("DELETE", team+"/routing-rules/{id}", change(deleteRouting, deleted[state.Nothing]))
	set("POST", team+"/routing-rules/{id}/change-order", change(orderRouting, routingChanged))

	const schedule = "/v2/schedules/{identifier...}"
	set("POST", "/v2/schedules", change(createSchedule, scheduleCreated))
	see("/v2/schedules", on((*API).listSchedules))
	see(schedule, tell(getSchedule))
	set("PATCH", schedule, change(changeSchedule, scheduleChanged))
	set("DELETE", schedule, change(deleteSchedule, deleted[state.Nothing]))
	list = append(list, route{"GET", schedule + "/on-calls", state.Read, false, onCallDomain, on((*API).listOnCalls)},
		route{"GET", schedule + "/next-on-calls", state.Read, false, onCallDomain, on((*API).listNextOnCalls)})
	see(schedule+"/timeline", on((*API).getTimeline))
	see("/keng/v1/schedules/{identifier...}/picture", on((*API).getPicture))
	see("/keng/v1/gaps", on((*API).listGaps))
	see("/keng/v1/time-zones", tell(getZones))
	set("PUT", "/keng/v1/time-zones", on((*API).putZones))
	set("POST", schedule+"/overrides", change(createOverride, overrideCreated))
	see(schedule+"/overrides", tellNow((*API).overridesOf))
	see(schedule+"/overrides/{alias}", tell(getOverride))
	set("PUT", schedule+"/overrides/{alias}", change(changeOverride, overrideChanged))
	set("DELETE", schedule+"/overrides/{alias}", change(deleteOverride, deleted[state.Nothing]))
	set("POST", schedule+"/rotations", change(createRotation, rotationCreated))
	see(schedule+"/rotations", tellList(listRotations))
	see(schedule+"/rotations/{id}", tell(getRotation))
	set("PATCH", schedule+"/rotations/{id}", change(changeRotation, rotationChanged))
	set("DELETE", schedule+"/rotations/{id}", change(deleteRotation, deleted[state.Nothing]))

	const forward = "/v2/forwarding-rules/{identifier}"
	set("POST", "/v2/forwarding-rules", change(createForward, forwardCreated))
	see("/v2/forwarding-rules", tellNow((*API).allForwards))
	see(forward, tell(getForward))
	set("PUT", forward, change(changeForward, forwardChanged))
	set("DELETE", forward, change(deleteForward, deleted[state.Nothing]))
	see(user+"/forwarding-rules", tellNow((*API).userForwards))

	const escalation = "/v2/escalations/{identifier...}"
	set("POST", "/v2/escalations", change(createEscalation, escalationCreated))
	see("/v2/escalations", tellList(listEscalations))
	see(escalation, tell(getEscalation))
	set("PATCH", escalation, change(changeEscalation, escalationChanged))
	set("DELETE", escalation, change(deleteEscalation, deleted[state.Nothing]))
	return list
}
