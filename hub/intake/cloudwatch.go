package intake

import (
	"encoding/json"
	"maps"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func cloudWatch() *Format {
	confirm := withName(do(route.Create, "Ask for the confirmation of a subscription", is("Type", "SubscriptionConfirmation")), "default-create-confirmation")
	confirm.Fields.Priority = core.P5
	return &Format{
		Path: "cloudwatch", Type: "CloudWatch", Label: "Amazon CloudWatch (SNS topic)",
		Note: "The hub follows no link: when a topic asks for confirmation there is an alert of P5 with the link, which somebody opens. The signature of a message is not checked: the key is what counts.",
		Fields: []Field{
			{"Type", "Notification, SubscriptionConfirmation or UnsubscribeConfirmation"}, {"NewStateValue", "ALARM or INSUFFICIENT_DATA; OK: it is over"}, {"OldStateValue", "what it was before"}, {"AlarmName", "the alarm"},
			{"AlarmDescription", "its description"}, {"AlarmArn", "its name in AWS; it is the alias"}, {"NewStateReason", "why"}, {"StateChangeTime", "when"}, {"Region", "where"}, {"AWSAccountId", "whose"},
			{"Trigger.MetricName", "the metric; what is in the message is a field"}, {"TopicArn", "the topic"}, {"Subject", "the subject"}, {"SubscribeURL", "the link that confirms"},
		},
		Actions: actions(
			do(route.Create, "Create alert", is("NewStateValue", "ALARM")),
			confirm,
			do(route.Close, "Close alert", is("NewStateValue", "OK")),
			do(route.AddNote, "Add note", is("NewStateValue", "INSUFFICIENT_DATA")),
		),
		Example: `{"Type":"Notification","MessageId":"22b80b92","TopicArn":"arn:aws:sns:ap-southeast-1:123456789012:alarms","Subject":"ALARM: \"cpu\" in Asia Pacific (Singapore)","Message":"{\"AlarmName\":\"cpu\",\"AlarmDescription\":\"CPU of web-1\",\"AWSAccountId\":\"123456789012\",\"NewStateValue\":\"ALARM\",\"OldStateValue\":\"OK\",\"NewStateReason\":\"Threshold Crossed\",\"StateChangeTime\":\"2026-11-26T08:00:00.000+0000\",\"Region\":\"Asia Pacific (Singapore)\",\"AlarmArn\":\"arn:aws:cloudwatch:ap-southeast-1:123456789012:alarm:cpu\",\"Trigger\":{\"MetricName\":\"CPUUtilization\",\"Namespace\":\"AWS/EC2\",\"Threshold\":90.0}}","Timestamp":"2026-11-26T08:00:01.000Z","SignatureVersion":"1"}`,
		Over:    `{"Type":"Notification","MessageId":"22b80b93","TopicArn":"arn:aws:sns:ap-southeast-1:123456789012:alarms","Message":"{\"AlarmName\":\"cpu\",\"NewStateValue\":\"OK\",\"OldStateValue\":\"ALARM\",\"NewStateReason\":\"Threshold not crossed\",\"AlarmArn\":\"arn:aws:cloudwatch:ap-southeast-1:123456789012:alarm:cpu\"}"}`,
		split:   openEnvelope,
		say:     sayCloudWatch,
	}
}

// openEnvelope puts the fields of the message of SNS beside those of its envelope, which go before. By what
// is left out anybody could end the subscription.
func openEnvelope(body map[string]any, _ string) []map[string]any {
	delete(body, "UnsubscribeURL")
	delete(body, "Token")
	text, _ := body["Message"].(string)
	var message map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&message) != nil || message == nil {
		return []map[string]any{body}
	}
	delete(body, "Message")
	maps.Copy(message, body)
	return []map[string]any{message}
}

func sayCloudWatch(f fields) said {
	s := said{event: f.first("NewStateValue", "Type")}
	s.draft = alert.Draft{
		Message: joined(": ", f.first("AlarmName", "Subject"), f.first("NewStateReason")), Alias: f.first("AlarmArn", "AlarmName"), Entity: f.first("AlarmName"),
		Description: joined("\n", f.first("AlarmDescription"), f.first("NewStateReason", "Message")),
		Details:     f.some("NewStateValue", "OldStateValue", "StateChangeTime", "Region", "AWSAccountId", "Trigger.MetricName", "Trigger.Namespace", "TopicArn"),
	}
	switch {
	case f["Type"] == "SubscriptionConfirmation":
		s.draft.Message, s.draft.Alias = "Confirm the subscription of the topic "+f.first("TopicArn"), alias("confirm", f.first("TopicArn"))
		s.draft.Details = f.some("TopicArn", "SubscribeURL")
	case f.first("NewStateValue") != "ALARM":
		s.draft.Note = joined(": ", s.event, f.first("NewStateReason"))
	}
	return s
}
