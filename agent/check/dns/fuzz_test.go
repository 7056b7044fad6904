package dns

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func FuzzParse(f *testing.F) {
	question := dnsmessage.Question{Name: dnsmessage.MustNewName("example.vn."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 1, Response: true},
		Questions: []dnsmessage.Question{question},
		Answers: []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET},
			Body:   &dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}},
		}},
	}
	packed, err := message.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parse(data, 1, question)
		if err == nil && len(got.records) > recordsMax {
			t.Fatalf("%d records", len(got.records))
		}
	})
}
