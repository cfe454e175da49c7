// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"slices"

	"github.com/recap-oci/recap/pkg/recap"
)

// The codes that this package reports. Those that a recap alone can break are
// described in pkg/recap; [Rules] is both.
const (
	ruleEncoding    = "R001"
	ruleFrontMatter = "R002"
	ruleDuplicate   = "R003"
	ruleAmbiguous   = "R004"
	ruleValue       = "R005"
	ruleUnknown     = "R006"
	ruleTwoSources  = "R007"
	ruleEmptyBody   = "R008"
	ruleCostly      = "R009"
	ruleMore        = "R010"

	rulePath         = "R101"
	ruleMissingFile  = "R102"
	ruleUnreferenced = "R103"
	ruleMagic        = "R104"
	ruleLimit        = "R105"
	ruleReserved     = "R106"
	ruleOriginal     = "R107"
	ruleSpecial      = "R108"
	ruleSecret       = "R109"
	ruleNested       = "R110"

	ruleCopied = "R404"

	ruleLink      = "R601"
	ruleScheme    = "R602"
	ruleControl   = "R603"
	ruleShortcode = "R604"
	ruleInvisible = "R605"

	ruleAlt            = "R701"
	ruleOriginalDigest = "R704"
)

// The codes that pkg/pack reports beside those of recaps. They are described
// here, so that a report knows every rule.
const (
	RuleMember        = "R901"
	RulePackCheck     = "R902"
	RuleContradiction = "R903"
	RuleNothing       = "R904"
)

func ownRules() []recap.Rule {
	const e, w = recap.SeverityError, recap.SeverityWarning
	const valid, complete = recap.LevelValid, recap.LevelComplete
	return []recap.Rule{
		{Code: ruleEncoding, Severity: e, Level: valid, Title: "text is not plain UTF-8",
			Why:  "Another encoding, a byte order mark or lone carriage returns are read differently by every tool.",
			Mend: "save the file as UTF-8 without a byte order mark, with LF or CRLF line ends"},
		{Code: ruleFrontMatter, Severity: e, Level: valid, Title: "front matter is missing or not readable",
			Why:  "Title and facts stand there.",
			Mend: "begin the file with ---, then title: and recap:, then --- again"},
		{Code: ruleDuplicate, Severity: e, Level: valid, Title: "a key is there twice",
			Why:  "One reader takes the first, another the last.",
			Mend: "keep one of them"},
		{Code: ruleAmbiguous, Severity: e, Level: valid, Title: "anchor, alias, merge key, tag or second document",
			Why:  "Some readers follow them and some don't, and a few lines of them can mean gigabytes.",
			Mend: "write the value out where it is used"},
		{Code: ruleValue, Severity: e, Level: valid, Title: "a value does not fit its field, or a required one is missing",
			Why:  "What a machine asks must have one form.",
			Mend: "write what the schema says; recap schema recap prints it"},
		{Code: ruleUnknown, Severity: e, Level: valid, Title: "unknown field below recap",
			Why:  "A misspelt field would be lost without a word.",
			Mend: "use the field's name, or begin your own with x-"},
		{Code: ruleTwoSources, Severity: e, Level: valid, Title: "facts both in index.md and in recap.yaml",
			Why:  "There is no telling which of them is meant.",
			Mend: "keep one of them"},
		{Code: ruleEmptyBody, Severity: e, Level: valid, Title: "no text below the front matter",
			Why:  "A recap is something to read.",
			Mend: "write it"},
		{Code: ruleCostly, Severity: e, Level: valid, Title: "Markdown that takes too long to render",
			Why:  "A hundred kilobytes can keep a reader's renderer busy for minutes.",
			Mend: "split or simplify it"},
		{Code: ruleMore, Severity: w, Level: complete, Title: "more warnings than are listed",
			Why:  "Nobody reads a thousand.",
			Mend: "mend the ones that are, and check again"},

		{Code: rulePath, Severity: e, Level: valid, Title: "a file name that isn't the same file everywhere, or a link",
			Why:  "Names that differ only in case or normalisation are one file on another system, and a symbolic link can pack what you didn't mean to publish.",
			Mend: "rename the file, or copy it in place of the link"},
		{Code: ruleMissingFile, Severity: e, Level: valid, Title: "a file that is referred to is missing",
			Why:  "Readers would find a gap.",
			Mend: "add the file or mend the reference"},
		{Code: ruleUnreferenced, Severity: w, Level: complete, Title: "a file that nothing refers to",
			Why:  "It is packed, and readers don't learn of it.",
			Mend: "refer to it, describe it under media, or remove it"},
		{Code: ruleMagic, Severity: e, Level: valid, Title: "content that isn't what the extension says",
			Why:  "Readers go by the declared type; a page called .png is how one gets into a browser.",
			Mend: "give it the right extension, or convert it"},
		{Code: ruleLimit, Severity: e, Level: valid, Title: "too large or too many",
			Why:  "Nobody would accept the artifact.",
			Mend: "shrink it, link to it, or split the recap"},
		{Code: ruleReserved, Severity: e, Level: valid, Title: "a file name that decides whom to trust",
			Why:  "A policy or lock file inside a recap would decide for its reader.",
			Mend: "move it out of the recap"},
		{Code: ruleOriginal, Severity: e, Level: valid, Title: "the original lies inside the recap",
			Why:  "It would be published with it, and so would a site generator publish it: somebody else's article.",
			Mend: "move it out, and name it in source.path relative to pack.yaml"},
		{Code: ruleSpecial, Severity: e, Level: valid, Title: "a device, FIFO or socket",
			Why:  "Reading it may never end.",
			Mend: "remove it"},
		{Code: ruleSecret, Severity: e, Level: valid, Title: "a private key",
			Why:  "It would be published.",
			Mend: "move it out of the recap, and replace the key if it was ever pushed"},
		{Code: ruleNested, Severity: e, Level: valid, Title: "a recap inside a recap",
			Why:  "It would be packed as attachments of the outer one.",
			Mend: "move it beside the other recap"},

		{Code: ruleCopied, Severity: w, Level: complete, Title: "twelve words in a row that stand in the original",
			Why:  "derivation says rewritten.",
			Mend: "say it in your own words, or quote it under quotations"},

		{Code: ruleControl, Severity: e, Level: valid, Title: "a control, bidirectional or tag character",
			Why:  "It changes what a terminal or a person sees, or speaks to an agent behind a reader's back.",
			Mend: "delete it"},
		{Code: ruleShortcode, Severity: w, Level: complete, Title: "a site generator's shortcode",
			Why:  "Outside its site it is shown as typed.",
			Mend: "write it in Markdown"},
		{Code: ruleInvisible, Severity: w, Level: complete, Title: "an invisible character",
			Why:  "Searches and quotes that look right don't match.",
			Mend: "delete it"},

		{Code: ruleOriginalDigest, Severity: w, Level: complete, Title: "the original isn't the one that was read",
			Why:  "sourceLines and quotes may be off.",
			Mend: "read it again, and write its digest under source.digest"},

		{Code: RuleMember, Severity: e, Level: valid, Title: "a member that a pack can't have",
			Why:  "What isn't there, isn't a recap, or is a pack itself can't be handed out as one of many.",
			Mend: "mend the entry under members, or take it out"},
		{Code: RulePackCheck, Severity: e, Level: valid, Title: "a member without what its pack demands",
			Why:  "pack.yaml says under checks that every member has it.",
			Mend: "add it, or relax checks in pack.yaml"},
		{Code: RuleContradiction, Severity: w, Level: complete, Title: "members that contradict each other",
			Why:  "Who asks the pack for the figure gets several, which can't all be so.",
			Mend: "mend one of them, or list the conflict under conflicts.accepted of pack.yaml"},
		{Code: RuleNothing, Severity: w, Level: complete, Title: "an entry of pack.yaml about nothing",
			Why:  "It was meant for something that it misses, or that is gone.",
			Mend: "mend or remove it"},
	}
}

// Rules returns every rule that a check applies, by code: the ones of
// [recap.Rules] and the ones about texts and files.
func Rules() []recap.Rule {
	rules := recap.Rules()
	for _, own := range ownRules() {
		if !slices.ContainsFunc(rules, func(r recap.Rule) bool { return r.Code == own.Code }) {
			rules = append(rules, own)
		}
	}
	slices.SortFunc(rules, func(a, b recap.Rule) int { return cmp.Compare(a.Code, b.Code) })
	return rules
}

// rulesByCode returns the rules of [Rules] by their code.
func rulesByCode() map[string]recap.Rule {
	byCode := map[string]recap.Rule{}
	for _, r := range Rules() {
		byCode[r.Code] = r
	}
	return byCode
}

// rank orders the levels.
func rank(l recap.Level) int {
	return slices.Index([]recap.Level{recap.LevelValid, recap.LevelComplete, recap.LevelPublishable}, l)
}

// Counted returns the problems that stop a check at level, in the order given:
// those of a rule whose own level it includes. Every level includes the ones
// before it.
func Counted(problems []recap.Problem, level recap.Level) []recap.Problem {
	byCode := rulesByCode()
	var counted []recap.Problem
	for _, p := range problems {
		if counts(byCode, p, level) {
			counted = append(counted, p)
		}
	}
	return counted
}

func counts(byCode map[string]recap.Rule, p recap.Problem, level recap.Level) bool {
	from := recap.LevelValid
	if rule, ok := byCode[p.Rule]; ok {
		from = rule.Level
	} else if p.Severity == recap.SeverityWarning {
		from = recap.LevelComplete
	}
	return rank(from) <= rank(level)
}

// ParseLevel returns the level of that name. The error is recap.Usage.
func ParseLevel(s string) (recap.Level, error) {
	if rank(recap.Level(s)) < 0 {
		return "", recap.Errorf(recap.Usage, "bad-level", "there is no level %q", s).
			WithHint("use --level valid, complete or publishable")
	}
	return recap.Level(s), nil
}
