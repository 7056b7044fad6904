package dns

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// recordType is a type of record that can be asked for.
type recordType struct {
	name  string
	value dnsmessage.Type
}

// recordTypes returns them in the order in which forms offer them.
func recordTypes() []recordType {
	return []recordType{
		{"A", dnsmessage.TypeA},
		{"AAAA", dnsmessage.TypeAAAA},
		{"CNAME", dnsmessage.TypeCNAME},
		{"MX", dnsmessage.TypeMX},
		{"NS", dnsmessage.TypeNS},
		{"PTR", dnsmessage.TypePTR},
		{"SOA", dnsmessage.TypeSOA},
		{"SRV", dnsmessage.TypeSRV},
		{"TXT", dnsmessage.TypeTXT},
	}
}

func typeNames() []string {
	var list []string
	for _, t := range recordTypes() {
		list = append(list, t.name)
	}
	return list
}

func typeByName(name string) dnsmessage.Type {
	for _, t := range recordTypes() {
		if t.name == name {
			return t.value
		}
	}
	return dnsmessage.TypeA
}

func typeName(value dnsmessage.Type) string {
	for _, t := range recordTypes() {
		if t.value == value {
			return t.name
		}
	}
	return value.String()
}

// rcodeName names a response code as DNS people do (RFC 1035, section 4.1.1).
func rcodeName(code dnsmessage.RCode) string {
	switch code {
	case dnsmessage.RCodeSuccess:
		return "NOERROR"
	case dnsmessage.RCodeFormatError:
		return "FORMERR"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL (server failure)"
	case dnsmessage.RCodeNameError:
		return "NXDOMAIN (no such name)"
	case dnsmessage.RCodeNotImplemented:
		return "NOTIMP"
	case dnsmessage.RCodeRefused:
		return "REFUSED"
	default:
		return fmt.Sprintf("RCODE %d", code)
	}
}

// show prints a record's data as a zone file does, names in lower case and without
// the final dot.
func show(body dnsmessage.ResourceBody) string {
	switch body := body.(type) {
	case *dnsmessage.AResource:
		return netip.AddrFrom4(body.A).String()
	case *dnsmessage.AAAAResource:
		return netip.AddrFrom16(body.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return lower(body.CNAME.String())
	case *dnsmessage.NSResource:
		return lower(body.NS.String())
	case *dnsmessage.PTRResource:
		return lower(body.PTR.String())
	case *dnsmessage.MXResource:
		return fmt.Sprintf("%d %s", body.Pref, lower(body.MX.String()))
	case *dnsmessage.SRVResource:
		return fmt.Sprintf("%d %d %d %s", body.Priority, body.Weight, body.Port, lower(body.Target.String()))
	case *dnsmessage.SOAResource:
		return fmt.Sprintf("%s %s %d", lower(body.NS.String()), lower(body.MBox.String()), body.Serial)
	case *dnsmessage.TXTResource:
		return strings.Join(body.TXT, "")
	default:
		return "?"
	}
}

// normal brings an expected record into the form in which show prints it.
func normal(qtype dnsmessage.Type, record string) (string, error) {
	record = strings.TrimSpace(record)
	switch qtype {
	case dnsmessage.TypeTXT:
		return strings.Trim(record, `"`), nil
	case dnsmessage.TypeA, dnsmessage.TypeAAAA:
		address, err := netip.ParseAddr(record)
		if err != nil || address.Is4() != (qtype == dnsmessage.TypeA) {
			return "", fmt.Errorf("%q is not the address of an %s record", record, typeName(qtype))
		}
		return address.String(), nil
	}
	words := strings.Fields(record)
	for i, word := range words {
		words[i] = lower(word)
	}
	return strings.Join(words, " "), nil
}

func lower(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), ".")
}
