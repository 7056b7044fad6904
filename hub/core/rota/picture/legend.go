package picture

import (
	"bytes"
	"fmt"

	"keng/hub/core/rota"
)

// A key is an entry of the legend: a colour, and what it means.
type key struct {
	fill, over, words string // over is a pattern laid over the colour
	arrow             bool
}

// keys are the entries of the legend: the people in the order in which they are met, then what
// patterns mean, as far as they occur.
func (d *drawing) keys(rows []shelf) []key {
	var people, signs []key
	seen, signed := map[string]bool{}, map[string]bool{}
	sign := func(is bool, k key) {
		if is && !signed[k.words] {
			signed[k.words], signs = true, append(signs, k)
		}
	}
	for _, r := range rows {
		for _, b := range r.bars {
			if b.Who != "" && !seen[b.Who] {
				seen[b.Who] = true
				people = append(people, key{fill: d.colours[b.Who], words: fit(clean(b.Name, NameMax), 200, textSize)})
			}
			sign(b.Kind == rota.ByOverride, key{fill: strong, over: "url(#kp-hatch)", words: d.words.override})
			sign(b.Kind == rota.ByForward, key{fill: nobody, arrow: true, words: d.words.forward})
			sign(b.gap, key{fill: "url(#kp-gap)", words: d.words.gap})
		}
	}
	if over := len(people) - LegendMax; over > 0 {
		people = append(people[:LegendMax], key{words: fmt.Sprintf(d.words.more, over)})
	}
	return append(people, signs...)
}

// legend draws the legend from y on and, below it, what was left out. It returns what is to be
// written, and where the picture ends.
func (d *drawing) legend(rows []shelf, y float64) (svg []byte, end float64) {
	whole := d.out
	d.out = new(bytes.Buffer)
	x := margin
	for _, k := range d.keys(rows) {
		swatch := 22.0
		if k.fill == "" {
			swatch = 0
		}
		wide := swatch + width(k.words, textSize) + 16
		if x > margin && x+wide > d.x1() {
			x, y = margin, y+24
		}
		d.swatch(k, x, y-11)
		d.text(x+swatch, y, "kp-ink", ink, "", k.words)
		x += wide
	}
	missing := ""
	switch {
	case d.Cut:
		missing = d.words.cut
	case d.left > 0:
		missing = fmt.Sprintf(d.words.left, d.left)
	}
	if missing != "" {
		if x > margin {
			y += 24
		}
		d.text(margin, y, "kp-warn", warning, ` font-weight="600"`, missing)
	}
	svg, d.out = d.out.Bytes(), whole
	return svg, y + margin
}

func (d *drawing) swatch(k key, x, y float64) {
	if k.fill == "" {
		return
	}
	for _, fill := range []string{k.fill, k.over} {
		if fill != "" {
			d.printf(`<rect x="%s" y="%s" width="16" height="14" rx="3" fill="%s"/>`, px(x), px(y), fill)
		}
	}
	if k.arrow {
		d.printf(`<path d="M%s %sl4 4l-4 4m4 -8l4 4l-4 4" fill="none" stroke="%s" stroke-width="1.4"/>`, px(x+4), px(y+3), ink)
	}
}
