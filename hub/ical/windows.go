package ical

// windows returns the IANA name of a zone that Windows (and so Outlook and Exchange) names
// otherwise; "" if it is none that is known. Source: the common zones (territory 001) of Unicode
// CLDR's windowsZones.
func windows(name string) string {
	return map[string]string{
		"SE Asia Standard Time": "Asia/Bangkok", "Singapore Standard Time": "Asia/Singapore", "China Standard Time": "Asia/Shanghai",
		"Taipei Standard Time": "Asia/Taipei", "Tokyo Standard Time": "Asia/Tokyo", "Korea Standard Time": "Asia/Seoul",
		"North Korea Standard Time": "Asia/Pyongyang", "Myanmar Standard Time": "Asia/Yangon", "Bangladesh Standard Time": "Asia/Dhaka",
		"India Standard Time": "Asia/Calcutta", "Sri Lanka Standard Time": "Asia/Colombo", "Nepal Standard Time": "Asia/Katmandu",
		"Pakistan Standard Time": "Asia/Karachi", "West Asia Standard Time": "Asia/Tashkent", "Central Asia Standard Time": "Asia/Bishkek",
		"Afghanistan Standard Time": "Asia/Kabul", "Iran Standard Time": "Asia/Tehran", "Arabian Standard Time": "Asia/Dubai",
		"Arab Standard Time": "Asia/Riyadh", "Arabic Standard Time": "Asia/Baghdad", "Israel Standard Time": "Asia/Jerusalem",
		"Jordan Standard Time": "Asia/Amman", "Middle East Standard Time": "Asia/Beirut", "Syria Standard Time": "Asia/Damascus",
		"Georgian Standard Time": "Asia/Tbilisi", "Caucasus Standard Time": "Asia/Yerevan", "Azerbaijan Standard Time": "Asia/Baku",
		"Ulaanbaatar Standard Time": "Asia/Ulaanbaatar", "Ekaterinburg Standard Time": "Asia/Yekaterinburg", "N. Central Asia Standard Time": "Asia/Novosibirsk",
		"North Asia Standard Time": "Asia/Krasnoyarsk", "North Asia East Standard Time": "Asia/Irkutsk", "Yakutsk Standard Time": "Asia/Yakutsk",
		"Vladivostok Standard Time": "Asia/Vladivostok", "Magadan Standard Time": "Asia/Magadan",

		"GMT Standard Time": "Europe/London", "Greenwich Standard Time": "Atlantic/Reykjavik", "W. Europe Standard Time": "Europe/Berlin",
		"Central Europe Standard Time": "Europe/Budapest", "Central European Standard Time": "Europe/Warsaw", "Romance Standard Time": "Europe/Paris",
		"E. Europe Standard Time": "Europe/Chisinau", "FLE Standard Time": "Europe/Kiev", "GTB Standard Time": "Europe/Bucharest",
		"Turkey Standard Time": "Europe/Istanbul", "Russian Standard Time": "Europe/Moscow", "Belarus Standard Time": "Europe/Minsk",
		"Kaliningrad Standard Time": "Europe/Kaliningrad", "Russia Time Zone 3": "Europe/Samara",

		"Egypt Standard Time": "Africa/Cairo", "South Africa Standard Time": "Africa/Johannesburg", "E. Africa Standard Time": "Africa/Nairobi",
		"W. Central Africa Standard Time": "Africa/Lagos", "Morocco Standard Time": "Africa/Casablanca", "Namibia Standard Time": "Africa/Windhoek",
		"Libya Standard Time": "Africa/Tripoli", "Sudan Standard Time": "Africa/Khartoum", "Mauritius Standard Time": "Indian/Mauritius",

		"Eastern Standard Time": "America/New_York", "Central Standard Time": "America/Chicago", "Mountain Standard Time": "America/Denver",
		"Pacific Standard Time": "America/Los_Angeles", "US Mountain Standard Time": "America/Phoenix", "US Eastern Standard Time": "America/Indianapolis",
		"Alaskan Standard Time": "America/Anchorage", "Hawaiian Standard Time": "Pacific/Honolulu", "Atlantic Standard Time": "America/Halifax",
		"Newfoundland Standard Time": "America/St_Johns", "Canada Central Standard Time": "America/Regina", "Central America Standard Time": "America/Guatemala",
		"Central Standard Time (Mexico)": "America/Mexico_City", "Mountain Standard Time (Mexico)": "America/Mazatlan", "Pacific Standard Time (Mexico)": "America/Tijuana",
		"Eastern Standard Time (Mexico)": "America/Cancun", "SA Pacific Standard Time": "America/Bogota", "SA Western Standard Time": "America/La_Paz",
		"SA Eastern Standard Time": "America/Cayenne", "Venezuela Standard Time": "America/Caracas", "E. South America Standard Time": "America/Sao_Paulo",
		"Argentina Standard Time": "America/Buenos_Aires", "Montevideo Standard Time": "America/Montevideo", "Pacific SA Standard Time": "America/Santiago",
		"Paraguay Standard Time": "America/Asuncion", "Greenland Standard Time": "America/Godthab", "Cuba Standard Time": "America/Havana",
		"Azores Standard Time": "Atlantic/Azores", "Cape Verde Standard Time": "Atlantic/Cape_Verde",

		"AUS Eastern Standard Time": "Australia/Sydney", "E. Australia Standard Time": "Australia/Brisbane", "Cen. Australia Standard Time": "Australia/Adelaide",
		"AUS Central Standard Time": "Australia/Darwin", "W. Australia Standard Time": "Australia/Perth", "Tasmania Standard Time": "Australia/Hobart",
		"Lord Howe Standard Time": "Australia/Lord_Howe", "New Zealand Standard Time": "Pacific/Auckland", "Chatham Islands Standard Time": "Pacific/Chatham",
		"Fiji Standard Time": "Pacific/Fiji", "West Pacific Standard Time": "Pacific/Port_Moresby", "Central Pacific Standard Time": "Pacific/Guadalcanal",
		"Tonga Standard Time": "Pacific/Tongatapu", "Samoa Standard Time": "Pacific/Apia", "Line Islands Standard Time": "Pacific/Kiritimati",

		"UTC": "Etc/UTC", "Coordinated Universal Time": "Etc/UTC", "tzone://Microsoft/Utc": "Etc/UTC", "(UTC) Coordinated Universal Time": "Etc/UTC",
	}[name]
}
