// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// Finding is what a rule says about one place of a [Recap]. Who knows the file
// that the recap was read from turns it into a [Problem] by its pointer.
type Finding struct {
	Pointer  string   // JSON Pointer (RFC 6901) into the normalised recap; a field that is missing points at where it would be
	Severity Severity // that of the rule
	Rule     string   // code of one of [Rules]
	Message  string   // what is wrong, about which field
	Mend     string   // how to mend it, in the imperative
}

// Level is how much a check demands.
type Level string

// The levels, each demanding what the one before it does, and more.
const (
	LevelValid       Level = "valid"       // can be built and read: errors only
	LevelComplete    Level = "complete"    // a reader finds what they expect: warnings too
	LevelPublishable Level = "publishable" // may be given to others
)

// Rule is one thing that a check looks at.
type Rule struct {
	Code     string   // stable, such as R501
	Severity Severity // of every finding of this rule
	Level    Level    // the lowest level at which a finding stops the check
	Title    string   // a few words
	Why      string   // what goes wrong for whom when it is broken
	Mend     string   // how to mend it, in the imperative
}

// Rules returns every rule, in the order of their codes.
func Rules() []Rule { return nil }

// LookupRule returns the rule with the given code.
func LookupRule(code string) (Rule, bool) { return Rule{}, false }

// Check applies every rule that needs no file, in the order of the fields.
func (r *Recap) Check() []Finding { return nil }

// CheckQuotes applies R703. Each function counts how often a quote occurs in
// one text: in the body of the recap, and in the article that it retells, nil
// where that isn't at hand.
func (r *Recap) CheckQuotes(body, original func(quote string) int) []Finding { return nil }

// CheckSourceLines applies R702: lines is the number of lines of the original.
func (r *Recap) CheckSourceLines(lines int) []Finding { return nil }

// CheckLink applies R601 and R602 to the target of one link; where it breaks
// none, ok is true.
func CheckLink(dest string) (f Finding, ok bool) { return Finding{}, true }
