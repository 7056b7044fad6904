package roster

import (
	"strings"
	"unicode"

	"keng/hub/core/query"
)

// People finds people by what a file calls them. The zero value knows nobody.
type People struct {
	usernames map[string]string   // ids, by names in lower case
	full      map[string][]string // ids, by full names in lower case
	plain     map[string][]string // ids, by full names without diacritics
}

// Add makes a person known.
func (p *People) Add(id, username, fullName string) {
	if p.usernames == nil {
		p.usernames, p.full, p.plain = map[string]string{}, map[string][]string{}, map[string][]string{}
	}
	p.usernames[strings.ToLower(username)] = id
	if name := tidy(fullName); name != "" {
		p.full[name] = append(p.full[name], id)
		p.plain[query.Fold(name)] = append(p.plain[query.Fold(name)], id)
	}
}

// tidy is a name in lower case with single spaces.
func tidy(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// Find returns the person whom the first of the names that is anybody's names. If there is none,
// words say what to do.
func (p *People) Find(names []string) (id, words string) {
	for _, name := range names {
		all := p.all(tidy(name))
		switch {
		case len(all) == 1:
			return all[0], ""
		case len(all) > 1:
			return "", "there are several people of the name " + quoted(name) + ": write the username"
		}
	}
	var tried []string
	for _, name := range names {
		tried = append(tried, quoted(name))
	}
	return "", "there is no person " + strings.Join(tried, ", ") + ": write a username, or a full name as the list of users has it"
}

// all returns all who have a name.
func (p *People) all(name string) []string {
	if id, ok := p.usernames[name]; ok {
		return []string{id}
	}
	if all := p.full[name]; len(all) > 0 {
		return all
	}
	// Without diacritics it may be anybody's; and with marks apart (NFD) it is written otherwise.
	if plain := query.Fold(name); plain == name || strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Mn, r) }) {
		return p.plain[plain]
	}
	return nil
}
