package holiday

import (
	"math"
	"time"
)

// What the calendar needs of astronomy: on which day in Vietnam the k-th new moon falls,
// and in which twelfth of its way round the sky the sun stands when a day begins there.
//
// Days are counted from 1 January 1970, which is day 0; they begin at midnight UTC+7. The
// formulas want the even time of the planets (TT, "terrestrial time") as Julian days; it
// runs ahead of the clocks by [clockLag].

const (
	julianOfDay0  = 2440587.5 // 1 January 1970, 0:00 UTC, as a Julian day
	julianOf2000  = 2451545.0 // 1 January 2000, 12:00: the epoch of the formulas
	zoneDays      = 7.0 / 24  // UTC+7
	synodicMonth  = 29.530588861
	dayOfNewMoon0 = 10962 // 6 January 2000, 18:14 UTC: new moon number 0 fell on 7 January in Vietnam
)

// dayNumber returns the day's number; the date must exist.
func (d Date) dayNumber() int {
	return int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// dateOf returns the date of a day's number.
func dateOf(day int) Date { return On(time.Unix(int64(day)*86400, 0).UTC()) }

// clockLag returns how many seconds the clocks (UT) are behind the even time of the
// formulas (ΔT) in a year. To 2020 it was measured; the figures are those that the
// almanacs print. How the Earth will turn from then on nobody knows: from 2050 on the
// figures are the expectation of Espenak and Meeus (Five Millennium Canon of Solar
// Eclipses, NASA/TP-2006-214141), which may be minutes off around 2200.
func clockLag(year float64) float64 {
	measured := [...]float64{ // each ten years from 1900
		-2.8, 10.4, 21.2, 24.0, 24.3, 29.1, 33.1, 40.2, 50.5, 56.9, 63.8, 66.1, 69.4,
	}
	expected := [...]float64{69.4, 93, 203, 328, 442} // 2020, 2050, 2100, 2150, 2200
	between := func(table []float64, at float64) float64 {
		at = min(max(at, 0), float64(len(table)-1))
		i := min(int(at), len(table)-2)
		return table[i] + (table[i+1]-table[i])*(at-float64(i))
	}
	switch {
	case year < 2020:
		return between(measured[:], (year-1900)/10)
	case year < 2050:
		return between(expected[:], (year-2020)/30)
	}
	return between(expected[:], 1+(year-2050)/50)
}

// lagDays returns [clockLag] in days at a Julian day.
func lagDays(julian float64) float64 {
	return clockLag(2000+(julian-julianOf2000)/365.25) / 86400
}

// newMoonDay returns the day, in Vietnam, of the k-th new moon since that of January 2000.
func newMoonDay(k int) int {
	const july1967 = -402
	if k == july1967 {
		// Two seconds after the midnight with which 8 July 1967 began, by the full theory of
		// the moon (ELP/MPP02). It is the only new moon of these years so near to a midnight
		// that the series below, off by four seconds here, takes the wrong day.
		return Date{1967, time.July, 8}.dayNumber()
	}
	julian := newMoon(float64(k))
	return int(math.Floor(julian - lagDays(julian) - julianOfDay0 + zoneDays))
}

// newMoonBefore returns the number of the last new moon whose day is not after the day,
// and its day.
func newMoonBefore(day int) (k, on int) {
	// The true new moon is less than a day from the mean one, so that the guess is right or
	// one too late.
	k = int(math.Round(float64(day-dayOfNewMoon0) / synodicMonth))
	for on = newMoonDay(k); on > day; on = newMoonDay(k) {
		k--
	}
	return k, on
}

// wave is a term of the moon's series: amount (days) times the sine of a sum of
// arguments, each so many times.
type wave struct {
	amount            float64
	sun, moon, height float64 // times the sun's anomaly M, the moon's M′, and F
}

// planet is a term that a planet adds: amount (millionths of a day) times the sine of an
// angle (degrees) that grows with k.
type planet struct{ amount, at0, perMonth float64 }

// newMoon returns the moment (TT, as a Julian day) of the k-th new moon since that of
// January 2000, within 20 seconds: Meeus, Astronomical Algorithms, 2nd edition,
// chapter 49.
func newMoon(k float64) float64 {
	t := k / 1236.85
	t2, t3 := t*t, t*t*t
	sun := 2.5534 + 29.10535670*k - 0.0000014*t2 - 0.00000011*t3
	moon := 201.5643 + 385.81693528*k + 0.0107582*t2 + 0.00001238*t3
	height := 160.7108 + 390.67050284*k - 0.0016118*t2 - 0.00000227*t3
	node := 124.7746 - 1.56375588*k + 0.0020672*t2 + 0.00000215*t3
	// The Earth's path grows rounder, and with it what depends on the sun's anomaly.
	e := 1 - 0.002516*t - 0.0000074*t2
	eccentric := [...]float64{1, e, e * e, e * e * e}

	at := 2451550.09766 + synodicMonth*k + 0.00015437*t2 - 0.000000150*t3 - 0.00017*sine(node)
	for _, w := range [...]wave{
		{-0.40720, 0, 1, 0}, {0.17241, 1, 0, 0}, {0.01608, 0, 2, 0}, {0.01039, 0, 0, 2},
		{0.00739, -1, 1, 0}, {-0.00514, 1, 1, 0}, {0.00208, 2, 0, 0}, {-0.00111, 0, 1, -2},
		{-0.00057, 0, 1, 2}, {0.00056, 1, 2, 0}, {-0.00042, 0, 3, 0}, {0.00042, 1, 0, 2},
		{0.00038, 1, 0, -2}, {-0.00024, -1, 2, 0}, {-0.00007, 2, 1, 0}, {0.00004, 0, 2, -2},
		{0.00004, 3, 0, 0}, {0.00003, 1, 1, -2}, {0.00003, 0, 2, 2}, {-0.00003, 1, 1, 2},
		{0.00003, -1, 1, 2}, {-0.00002, -1, 1, -2}, {-0.00002, 1, 3, 0}, {0.00002, 0, 4, 0},
	} {
		at += w.amount * eccentric[int(math.Abs(w.sun))] * sine(w.sun*sun+w.moon*moon+w.height*height)
	}
	at += 0.000325 * sine(299.77+0.107408*k-0.009173*t2)
	for _, p := range [...]planet{
		{165, 251.88, 0.016321}, {164, 251.83, 26.651886}, {126, 349.42, 36.412478},
		{110, 84.66, 18.206239}, {62, 141.74, 53.303771}, {60, 207.14, 2.453732},
		{56, 154.84, 7.306860}, {47, 34.52, 27.261239}, {42, 207.19, 0.121824},
		{40, 291.34, 1.844379}, {37, 161.72, 24.198154}, {35, 239.56, 25.513099},
		{23, 331.55, 3.592518},
	} {
		at += p.amount / 1e6 * sine(p.at0+p.perMonth*k)
	}
	return at
}

// sector returns in which twelfth of its way the sun stands when the day begins in
// Vietnam: 0 from the March equinox on, 9 from the winter solstice on. A major solar term
// (trung khí) is the moment at which the sun enters a sector.
func sector(day int) int {
	julian := float64(day) + julianOfDay0 - zoneDays
	return int(sunLongitude(julian+lagDays(julian)) / 30)
}

// ripple is a term of the Earth's series: amount (in 1e-8 radians) times the cosine of an
// angle (radians) that grows with time (radians in a thousand years).
type ripple struct{ amount, at0, rate float64 }

func sum(ripples []ripple, millennia float64) float64 {
	var s float64
	for _, r := range ripples {
		s += r.amount * math.Cos(r.at0+r.rate*millennia)
	}
	return s
}

// sunLongitude returns the apparent longitude of the sun, 0 ≤ it < 360 degrees, at a
// moment (TT, as a Julian day), within two seconds of arc, through which the sun goes in a
// minute: Meeus, chapter 25, "higher accuracy", with the terms of VSOP87 for the Earth's
// longitude (appendix III) down to 0.15 seconds of arc.
func sunLongitude(julian float64) float64 {
	t := (julian - julianOf2000) / 365250
	l0 := sum([]ripple{
		{175347046, 0, 0}, {3341656, 4.6692568, 6283.0758500}, {34894, 4.62610, 12566.15170},
		{3497, 2.7441, 5753.3849}, {3418, 2.8289, 3.5231}, {3136, 3.6277, 77713.7715},
		{2676, 4.4181, 7860.4194}, {2343, 6.1352, 3930.2097}, {1324, 0.7425, 11506.7698},
		{1273, 2.0371, 529.6910}, {1199, 1.1096, 1577.3435}, {990, 5.233, 5884.927},
		{902, 2.045, 26.298}, {857, 3.508, 398.149}, {780, 1.179, 5223.694},
		{753, 2.533, 5507.553}, {505, 4.583, 18849.228}, {492, 4.205, 775.523},
		{357, 2.920, 0.067}, {317, 5.849, 11790.629}, {284, 1.899, 796.298},
		{271, 0.315, 10977.079}, {243, 0.345, 5486.778}, {206, 4.806, 2544.314},
		{205, 1.869, 5573.143}, {202, 2.458, 6069.777}, {156, 0.833, 213.299},
		{132, 3.411, 2942.463}, {126, 1.083, 20.775}, {115, 0.645, 0.980},
		{103, 0.636, 4694.003}, {102, 0.976, 15720.839}, {102, 4.267, 7.114},
		{99, 6.21, 2146.17}, {98, 0.68, 155.42}, {86, 5.98, 161000.69},
		{85, 1.30, 6275.96}, {85, 3.67, 71430.70}, {80, 1.81, 17260.15},
		{79, 3.04, 12036.46}, {75, 1.76, 5088.63}, {74, 3.50, 3154.69}, {74, 4.68, 801.82},
	}, t)
	l1 := sum([]ripple{
		{628331966747, 0, 0}, {206059, 2.678235, 6283.075850}, {4303, 2.6351, 12566.1517},
		{425, 1.590, 3.523}, {119, 5.796, 26.298}, {109, 2.966, 1577.344},
		{93, 2.59, 18849.23}, {72, 1.14, 529.69}, {68, 1.87, 398.15}, {67, 4.41, 5507.55},
	}, t)
	l2 := sum([]ripple{{52919, 0, 0}, {8720, 1.0721, 6283.0758}, {309, 0.867, 12566.152}}, t)
	l3 := sum([]ripple{{289, 5.844, 6283.076}, {35, 0, 0}}, t)
	earth := (l0 + t*(l1+t*(l2+t*l3))) / 1e8 * 180 / math.Pi

	// From the true place seen from the Earth to the apparent one: the change of frame, the
	// nutation, and the time that light needs (in seconds of arc).
	c := t * 10 // centuries
	anomaly := 357.52911 + 35999.05029*c
	node := 125.04452 - 1934.136261*c
	sun, moon := 280.4665+36000.7698*c, 218.3165+481267.8813*c
	seconds := -0.09033 - 20.4898*(1+0.0167*cosine(anomaly)) -
		17.20*sine(node) - 1.32*sine(2*sun) - 0.23*sine(2*moon) + 0.21*sine(2*node)

	degrees := math.Mod(earth+180+seconds/3600, 360)
	if degrees < 0 {
		degrees += 360
	}
	return degrees
}

func sine(degrees float64) float64 { return math.Sin(degrees * math.Pi / 180) }

func cosine(degrees float64) float64 { return math.Cos(degrees * math.Pi / 180) }
