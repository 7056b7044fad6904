package disk

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// errNotSupported: this agent cannot look at file systems on this operating system.
var errNotSupported = errors.New("this agent cannot look at file systems on this operating system")

// limit is how much must be free: a percentage or an amount.
type limit struct {
	text    string
	percent float64 // 0 if amount counts
	amount  uint64
}

// String returns the limit as it was written.
func (l limit) String() string { return l.text }

// exceeds reports whether what is free is less than the limit.
func (l limit) exceeds(free, total uint64) bool {
	if l.percent > 0 {
		return float64(free) < float64(total)*l.percent/100
	}
	return free < l.amount
}

// unit is a suffix of an amount.
type unit struct {
	name  string
	bytes float64
}

// units are those of IEC (GiB) and SI (GB), and the short ones of df and du (G), which
// are of IEC.
func units() []unit {
	var all []unit
	for i, letter := range []string{"K", "M", "G", "T", "P", "E"} {
		binary, decimal := math.Pow(1024, float64(i+1)), math.Pow(1000, float64(i+1))
		all = append(all, unit{letter + "IB", binary}, unit{letter + "B", decimal}, unit{letter, binary})
	}
	return append(all, unit{"B", 1}, unit{"", 1})
}

// parseLimit reads "10%", "1GiB", "500 MB" or "1000". Without units only a percentage
// or a whole number is an amount.
func parseLimit(text string, withUnits bool) (limit, error) {
	wrong := fmt.Errorf("%q is no limit; write 10%% or 1GiB", text)
	if !withUnits {
		wrong = fmt.Errorf("%q is no limit; write 5%% or a whole number", text)
	}
	text = strings.TrimSpace(text)
	if number, isPercent := strings.CutSuffix(text, "%"); isPercent {
		percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return limit{}, wrong
		}
		return limit{text: text, percent: percent}, nil
	}
	if !withUnits {
		amount, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return limit{}, wrong
		}
		return limit{text: text, amount: amount}, nil
	}
	upper := strings.ToUpper(text)
	for _, u := range units() {
		number, found := strings.CutSuffix(upper, u.name)
		if !found {
			continue
		}
		amount, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(amount >= 0 && amount*u.bytes < math.MaxInt64) {
			return limit{}, wrong
		}
		return limit{text: text, amount: uint64(amount * u.bytes)}, nil
	}
	return limit{}, wrong
}

// size prints bytes for people, with three digits.
func size(bytes uint64) string {
	value := float64(bytes)
	for _, name := range []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"} {
		if value < 999.5 { // what rounds to 1000 is of the next unit
			return strconv.FormatFloat(value, 'g', 3, 64) + " " + name
		}
		value /= 1024
	}
	return strconv.FormatFloat(value, 'f', 2, 64) + " EiB"
}

// percent prints a share.
func percent(part, whole uint64) string {
	if whole == 0 {
		return "0%"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + "%"
}
