// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import "github.com/recap-oci/recap/pkg/recap"

// The codes that are reported of a recap's texts and files.
const (
	Encoding    = "R001"
	FrontMatter = "R002"
	Duplicate   = "R003"
	Ambiguous   = "R004"
	Value       = "R005"
	Unknown     = "R006"
	TwoSources  = "R007"
	EmptyBody   = "R008"
	Costly      = "R009"
	More        = "R010"

	Path         = "R101"
	MissingFile  = "R102"
	Unreferenced = "R103"
	Magic        = "R104"
	Limit        = "R105"
	Reserved     = "R106"
	Original     = "R107"
	Special      = "R108"
	Secret       = "R109"
	Nested       = "R110"

	Copied = "R404"

	Control   = "R603"
	Shortcode = "R604"
	Invisible = "R605"

	OriginalDigest = "R704"
)

// The codes that are reported of a pack.
const (
	Member        = "R901"
	PackCheck     = "R902"
	Contradiction = "R903"
	Nothing       = "R904"
)

// aboutFiles returns the rules about texts, files and packs, which pkg/source and
// pkg/pack apply.
func aboutFiles() []Rule {
	const e, w = recap.SeverityError, recap.SeverityWarning
	const valid, complete = LevelValid, LevelComplete
	return []Rule{
		{Code: Encoding, Severity: e, Level: valid, Title: "text is not plain UTF-8",
			Why:  "Another encoding, a byte order mark or lone carriage returns are read differently by every tool.",
			Mend: "save the file as UTF-8 without a byte order mark, with LF or CRLF line ends"},
		{Code: FrontMatter, Severity: e, Level: valid, Title: "front matter is missing or not readable",
			Why:  "Title and facts stand there.",
			Mend: "begin the file with ---, then title: and recap:, then --- again"},
		{Code: Duplicate, Severity: e, Level: valid, Title: "a key is there twice",
			Why:  "One reader takes the first, another the last.",
			Mend: "keep one of them"},
		{Code: Ambiguous, Severity: e, Level: valid, Title: "anchor, alias, merge key, tag or second document",
			Why:  "Some readers follow them and some don't, and a few lines of them can mean gigabytes.",
			Mend: "write the value out where it is used"},
		{Code: Value, Severity: e, Level: valid, Title: "a value does not fit its field, or a required one is missing",
			Why:  "What a machine asks must have one form.",
			Mend: "write what the schema says; recap schema recap prints it"},
		{Code: Unknown, Severity: e, Level: valid, Title: "unknown field below recap",
			Why:  "A misspelt field would be lost without a word.",
			Mend: "use the field's name, or begin your own with x-"},
		{Code: TwoSources, Severity: e, Level: valid, Title: "facts both in index.md and in recap.yaml",
			Why:  "There is no telling which of them is meant.",
			Mend: "keep one of them"},
		{Code: EmptyBody, Severity: e, Level: valid, Title: "no text below the front matter",
			Why:  "A recap is something to read.",
			Mend: "write it"},
		{Code: Costly, Severity: e, Level: valid, Title: "Markdown that takes too long to render",
			Why:  "A hundred kilobytes can keep a reader's renderer busy for minutes.",
			Mend: "split or simplify it"},
		{Code: More, Severity: w, Level: complete, Title: "more warnings than are listed",
			Why:  "Nobody reads a thousand.",
			Mend: "mend the ones that are, and check again"},

		{Code: Path, Severity: e, Level: valid, Title: "a file name that isn't the same file everywhere, or a link",
			Why:  "Names that differ only in case or normalisation are one file on another system, and a symbolic link can pack what you didn't mean to publish.",
			Mend: "rename the file, or copy it in place of the link"},
		{Code: MissingFile, Severity: e, Level: valid, Title: "a file that is referred to is missing",
			Why:  "Readers would find a gap.",
			Mend: "add the file or mend the reference"},
		{Code: Unreferenced, Severity: w, Level: complete, Title: "a file that nothing refers to",
			Why:  "It is packed, and readers don't learn of it.",
			Mend: "refer to it, describe it under media, or remove it"},
		{Code: Magic, Severity: e, Level: valid, Title: "content that isn't what the extension says",
			Why:  "Readers go by the declared type; a page called .png is how one gets into a browser.",
			Mend: "give it the right extension, or convert it"},
		{Code: Limit, Severity: e, Level: valid, Title: "too large or too many",
			Why:  "Nobody would accept the artifact.",
			Mend: "shrink it, link to it, or split the recap"},
		{Code: Reserved, Severity: e, Level: valid, Title: "a file name that decides whom to trust",
			Why:  "A policy or lock file inside a recap would decide for its reader.",
			Mend: "move it out of the recap"},
		{Code: Original, Severity: e, Level: valid, Title: "the original lies inside the recap",
			Why:  "It would be published with it, and so would a site generator publish it: somebody else's article.",
			Mend: "move it out, and name it in source.path relative to pack.yaml"},
		{Code: Special, Severity: e, Level: valid, Title: "a device, FIFO or socket",
			Why:  "Reading it may never end.",
			Mend: "remove it"},
		{Code: Secret, Severity: e, Level: valid, Title: "a private key",
			Why:  "It would be published.",
			Mend: "move it out of the recap, and replace the key if it was ever pushed"},
		{Code: Nested, Severity: e, Level: valid, Title: "a recap inside a recap",
			Why:  "It would be packed as attachments of the outer one.",
			Mend: "move it beside the other recap"},

		{Code: Copied, Severity: w, Level: complete, Title: "twelve words in a row that stand in the original",
			Why:  "derivation says rewritten.",
			Mend: "say it in your own words, or quote it under quotations"},

		{Code: Control, Severity: e, Level: valid, Title: "a control, bidirectional or tag character",
			Why:  "It changes what a terminal or a person sees, or speaks to an agent behind a reader's back.",
			Mend: "delete it"},
		{Code: Shortcode, Severity: w, Level: complete, Title: "a site generator's shortcode",
			Why:  "Outside its site it is shown as typed.",
			Mend: "write it in Markdown"},
		{Code: Invisible, Severity: w, Level: complete, Title: "an invisible character",
			Why:  "Searches and quotes that look right don't match.",
			Mend: "delete it"},

		{Code: OriginalDigest, Severity: w, Level: complete, Title: "the original isn't the one that was read",
			Why:  "sourceLines and quotes may be off.",
			Mend: "read it again, and write its digest under source.digest"},

		{Code: Member, Severity: e, Level: valid, Title: "a member that a pack can't have",
			Why:  "What isn't there, isn't a recap, or is a pack itself can't be handed out as one of many.",
			Mend: "mend the entry under members, or take it out"},
		{Code: PackCheck, Severity: e, Level: valid, Title: "a member without what its pack demands",
			Why:  "pack.yaml says under checks that every member has it.",
			Mend: "add it, or relax checks in pack.yaml"},
		{Code: Contradiction, Severity: w, Level: complete, Title: "members that contradict each other",
			Why:  "Who asks the pack for the figure gets several, which can't all be so.",
			Mend: "mend one of them, or list the conflict under conflicts.accepted of pack.yaml"},
		{Code: Nothing, Severity: w, Level: complete, Title: "an entry of pack.yaml about nothing",
			Why:  "It was meant for something that it misses, or that is gone.",
			Mend: "mend or remove it"},
	}
}
