package picture

import (
	"hash/fnv"
	"maps"
	"slices"
)

// palette returns the colours of people: Paul Tol's "light" scheme without its grey, made for
// areas that bear dark text and told apart with any sort of colour-blindness.
func palette() []string {
	return []string{"#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#99ddff", "#44bb99", "#bbcc33", "#aaaa00"}
}

// colours gives each who is on call in the rows a colour. It follows from the id, so that a
// person has it in the next picture too; but of two people in one picture for whom it would be
// the same, the second by id has the next that is free, as long as one is.
func colours(rows []shelf) map[string]string {
	who := map[string]string{}
	for _, r := range rows {
		for _, b := range r.bars {
			if b.Who != "" {
				who[b.Who] = ""
			}
		}
	}
	all, taken := palette(), map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(who)) {
		h := fnv.New32a()
		h.Write([]byte(id))
		first := int(h.Sum32() % uint32(len(all)))
		colour := all[first]
		for i := range all {
			if next := all[(first+i)%len(all)]; !taken[next] {
				colour = next
				break
			}
		}
		who[id], taken[colour] = colour, true
	}
	return who
}
