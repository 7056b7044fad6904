package intake

// All returns all formats, in the order in which people are told of them.
func All() []*Format {
	return []*Format{
		nagios(), nagiosXI(), op5(), opsview(), icinga(), icinga2(), zabbix(), zenoss(), oem(), vcenter(), vcsa(),
		scalyr(), saltstack(), serviceNow(), serviceNowV3(), cherwell(), bmcRemedy(), bmcRemedyForce(), bmcFootPrints(), bmcFootPrintsV11(),
		magentrix(), connectWiseAutomate(),
		prometheus(), grafana(), datadog(), cloudWatch(),
	}
}
