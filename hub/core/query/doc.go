// Package query is the language in which alerts are searched: the parameter "query" of
// lists in Opsgenie's API, such as
//
//	status: open AND (priority: P1 OR tag: disk) AND createdAt > now-2h
//
// [Parse] reads a query in the terms of a [Vocabulary], the fields that there are:
// [Alerts], [Users]. [Query.String] prints it in canonical form, a [Matcher] checks
// subjects, and a [Planner] finds the indexes that need to be read for it. The package
// knows neither how subjects are stored nor what an index is made of: a [Subject] gives
// the values of its fields, an [Index] describes itself.
//
// # Grammar
//
//	query      = [ or ] .
//	or         = and { "OR" and } .
//	and        = not { [ "AND" ] not } .
//	not        = "NOT" not | term .
//	term       = "(" or ")" | comparison | value .
//	comparison = field ( ":" | "=" ) ( value | list )
//	           | field ( "<" | "<=" | ">" | ">=" ) value .
//	list       = "(" listOr ")" .
//	listOr     = listAnd { "OR" listAnd } .
//	listAnd    = listNot { "AND" listNot } .
//	listNot    = "NOT" listNot | list | value .
//	value      = "*" | [ "*" ] text { "*" text } [ "*" ] .
//	text       = word | phrase .
//	phrase     = `"` { character | `\"` | `\\` } `"` .
//
// NOT binds tightest, then AND, then OR; terms side by side are joined by AND. The three
// words may be in small letters, and so may the names of fields. A word ends at white
// space, a parenthesis or a double quote; a free text (a value without a field) ends
// at a colon, "=", "<" and ">", too. Whatever is to be taken literally stands in double
// quotes. Between the values of a list one of the words must stand, since what no word
// at all means there differs between languages.
//
// Limits: [RunesMax], [TermsMax], [NestingMax], and 8 stars in a value.
//
// # How values are compared
//
// It depends on the kind of the field:
//
//   - [Text] (message, description, source, entity, details.value): the value stands in
//     the text as whole words. "message: disk" finds "Disk-full on web-01", but not
//     "diskette"; "message: disk*" finds both. Scripts without spaces between words (Han,
//     Thai …) are found anywhere.
//   - [Name] (tag, teams, owner, details.key …): the value is the whole text.
//   - [Identifier] (alias, alertId): the same, to the letter. Two open alerts may bear
//     aliases that differ in case alone, and must be told apart.
//   - [Choice], [Flag]: one of a few words, in any case.
//   - [Number], [Time]: compared as numbers.
//
// Text and Name fold case and diacritics, as [Fold] does: people who are paged at night
// type "su co" and mean "SỰ CỐ". Names do so, too: who looks for the team "truc ca" must
// not find nothing, and no two names that differ in marks alone are worth telling apart
// in a search. A free text is looked for as words in every field marked Free, whatever
// its kind, and in tinyId as the whole number, as "#12" too.
//
// A star stands for any characters, none and spaces too; "field: *" asks for any value,
// "NOT field: *" for none. A field with several values matches if one of them does, so
// "NOT tag: disk" is "no tag is disk". A missing value matches no comparison. A lone star
// matches everything.
//
// # Times
//
// A time is a number of Unix milliseconds (Opsgenie's), or, as kindnesses of ours, of
// these forms: 2026-01-31T08:00:00+07:00 (RFC 3339; seconds may be left out), 2026-01-31
// and 2026-01-31T08:00 (by the clocks of [Options.Zone]; "2026-01-31 08:00" in quotes, too),
// and now, now-2h, now+1d with the units s, m, h, d and w, if [Options.Now] is given. A day,
// a minute, and a second without a fraction, is a span: "createdAt: 2026-01-31" is that whole
// day, "createdAt > 2026-01-31" begins behind it.
//
// # The alias
//
// Opsgenie's alias "finds only the open alert". So "alias: x" means "alias: x AND
// status: open", and the canonical form says so, unless the query speaks of the status
// itself: "alias: x AND status: closed" and "alias: x AND status: *" find more.
//
// # What is ours
//
// Verified of Opsgenie are the fields, the colon, AND, OR and the star at the end of a
// value; comparisons, NOT, parentheses and free text are known by hearsay. Ours are: "=",
// lists with AND and NOT, small letters for the three words, stars elsewhere than at the
// end, "field: *", the forms of time above, other spellings of fields (see [Alerts]),
// and how words, case and diacritics are compared.
package query
