package intake

func icinga() *Format {
	return nagiosLike(Format{Path: "icinga", Type: "Icinga", Label: "Icinga 1", Seen: scripts + "icingaIncoming/icinga/icinga2opsgenie.go"}, "icinga_server")
}

func icinga2() *Format {
	return nagiosLike(Format{Path: "icinga2", Type: "Icinga2", Label: "Icinga 2", Seen: scripts + "icinga2Incoming/icinga2/icinga2opsgenie.go"}, "icinga_server")
}
