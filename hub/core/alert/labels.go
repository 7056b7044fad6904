package alert

import (
	"maps"
	"slices"
)

// Tags and details are added and removed in the same way wherever there are any. None of
// these functions writes into what it is given.

// Named reports whether any of some tags says something.
func Named(tags []string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool { return tag != "" })
}

// WithTags returns tags with those of more that are not among them, in their order, each cut
// to [TagMax]; and which these are. Full says that some were left out, since they would have been more
// than [TagsMax].
func WithTags(tags, more []string) (all, added []string, full bool) {
	for _, tag := range more {
		tag = Cut(tag, TagMax)
		switch {
		case tag == "" || slices.Contains(tags, tag) || slices.Contains(added, tag):
		case len(tags)+len(added) >= TagsMax:
			full = true
		default:
			added = append(added, tag)
		}
	}
	return slices.Concat(tags, added), added, full
}

// WithoutTags returns those of some tags that are not named, and those that are, in full or
// as they were cut.
func WithoutTags(tags, named []string) (kept, removed []string) {
	for _, tag := range tags {
		if slices.Contains(named, tag) || slices.ContainsFunc(named, func(t string) bool { return Cut(t, TagMax) == tag }) {
			removed = append(removed, tag)
			continue
		}
		kept = append(kept, tag)
	}
	return kept, removed
}

// WithDetails returns details with more of them, a new value in the place of an old one, and
// the keys of those that are otherwise than before, in order. It reports whether all are within
// [DetailsMax].
func WithDetails(details, more map[string]string) (all map[string]string, keys []string, fit bool) {
	all = map[string]string{}
	maps.Copy(all, details)
	for _, key := range slices.Sorted(maps.Keys(more)) {
		if old, has := all[key]; !has || old != more[key] {
			keys = append(keys, key)
		}
		all[key] = more[key]
	}
	return all, keys, detailsSize(all) <= DetailsMax
}

// WithoutDetails returns details without those of some keys, and the keys that there were.
func WithoutDetails(details map[string]string, keys []string) (left map[string]string, removed []string) {
	left = maps.Clone(details)
	for _, key := range keys {
		if _, has := left[key]; has {
			delete(left, key)
			removed = append(removed, key)
		}
	}
	return left, removed
}
