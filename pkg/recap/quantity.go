// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/internal/words"
)

// Quantity is a figure as people write it, taken apart: a value, or bounds.
type Quantity struct {
	Value        *float64
	MinValue     *float64
	MaxValue     *float64
	ExclusiveMin bool
	ExclusiveMax bool
	Approximate  bool
	Unit         string // "percent" for %, otherwise the word after the number
}

// The unit that % stands for. Whether a percentage is a share of a whole or a
// change of something can't be seen from it: Observation.Share says so.
const unitPercent = "percent"

// ParseQuantity reads a figure as people write it:
//
//	12,000    12'000    1,234.5    -3             the value
//	200k      12.2M     3bn        1.5 million    thousands, millions, billions
//	>9,000    over 9,000    more than, above      the lower bound, itself excluded
//	>=9,000   13,000+       at least 9,000        the lower bound
//	<9,000    under 9,000   less than, fewer than, below
//	<=9,000   up to 9,000   at most 9,000
//	20k-30k   20k to 30k    between 20k and 30k   both bounds; a dash of any length
//	~200k     about 200k    around, roughly, nearly, almost, approximately, circa
//	58%       58 percent    250 vendors           a number and its unit, one word
//
// The words are English; who writes in another language uses the signs.
//
// numeric is false, and s is text, when s doesn't begin like a number (after one
// of the signs or words above). A text that does and can't be read is an error:
// numeric is true and err is an [Error] of kind [Usage] with code bad-quantity,
// whose hint tells what to write. So is what could be read in two ways: 12.000
// and 1,5 mean one thing in London and another in Berlin, and 20-30k may begin
// at 20; and a sum of money, whose place is an announcement's price or, here,
// the unit.
//
// The result is the decimal number that was written, never one beside it: at
// most 15 significant digits are taken, which a float64 gives back unchanged.
func ParseQuantity(s string) (q Quantity, numeric bool, err error) {
	p := quantityParser{whole: s, rest: strings.TrimSpace(s)}
	prefix := p.prefix()
	if !p.atNumber() {
		return Quantity{}, false, nil
	}
	q, e := p.quantity(prefix)
	if e != nil {
		return Quantity{}, true, e
	}
	return q, true, nil
}

// bound is what a sign or a word before a number says about it.
type bound int

const (
	exactly bound = iota
	above
	atLeast
	below
	atMost
	about
	between // the word between: "and" follows
	from    // the word from: "to" follows
)

// The signs and words before a number. Longer ones stand before their own
// beginnings.
var (
	signs = []struct {
		sign string
		bound
	}{
		{">=", atLeast}, {"≥", atLeast}, {">", above},
		{"<=", atMost}, {"≤", atMost}, {"<", below},
		{"~", about}, {"≈", about},
	}
	prefixes = []struct {
		word string
		bound
	}{
		{"more than", above}, {"over", above}, {"above", above},
		{"at least", atLeast},
		{"less than", below}, {"fewer than", below}, {"under", below}, {"below", below},
		{"at most", atMost}, {"up to", atMost},
		{"approximately", about}, {"about", about}, {"around", about}, {"roughly", about},
		{"nearly", about}, {"almost", about}, {"circa", about}, {"ca.", about}, {"approx.", about},
		{"between", between}, {"from", from},
	}
)

// quantityParser reads a figure from the left.
type quantityParser struct {
	whole string
	rest  string
}

// number is one number with what belongs to it.
type number struct {
	value      float64
	multiplied bool // k, M, million …
	percent    bool
}

// prefix takes the sign or word that says what the number is.
func (p *quantityParser) prefix() bound {
	for _, s := range signs {
		if rest, ok := strings.CutPrefix(p.rest, s.sign); ok {
			p.rest = strings.TrimLeft(rest, " ")
			return s.bound
		}
	}
	for _, w := range prefixes {
		if p.word(w.word) {
			return w.bound
		}
	}
	return exactly
}

// word takes an English word, in any case, and the space after it.
func (p *quantityParser) word(word string) bool {
	if len(p.rest) <= len(word) || !strings.EqualFold(p.rest[:len(word)], word) || p.rest[len(word)] != ' ' {
		return false
	}
	p.rest = strings.TrimLeft(p.rest[len(word):], " ")
	return true
}

// atNumber reports whether what is left begins like a number or an amount of
// money.
func (p *quantityParser) atNumber() bool {
	s := p.rest
	for i := 0; i < 2; i++ { // a sign and a currency, in either order
		r, size := utf8.DecodeRuneInString(s)
		if r == '+' || r == '-' || r == '−' || r == '.' || unicode.Is(unicode.Sc, r) {
			s = strings.TrimLeft(s[size:], " ")
		}
	}
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsDigit(r)
}

func (p *quantityParser) quantity(prefix bound) (Quantity, *Error) {
	low, err := p.number()
	if err != nil {
		return Quantity{}, err
	}
	if p.rangeSign(prefix) {
		high, err := p.number()
		if err != nil {
			return Quantity{}, err
		}
		return p.rangeOf(prefix, low, high)
	}
	if prefix == between || prefix == from {
		return Quantity{}, p.bad("a range has two ends", "write it as 20-30")
	}
	if rest, ok := strings.CutPrefix(p.rest, "+"); ok {
		if prefix != exactly && prefix != about {
			return Quantity{}, p.bad("the sign before the number and the + after it are two bounds", "keep one of them")
		}
		p.rest = rest
		return p.unit(Quantity{MinValue: &low.value, Approximate: prefix == about}, low)
	}
	var q Quantity
	switch prefix {
	case above, atLeast:
		q = Quantity{MinValue: &low.value, ExclusiveMin: prefix == above}
	case below, atMost:
		q = Quantity{MaxValue: &low.value, ExclusiveMax: prefix == below}
	default:
		q = Quantity{Value: &low.value, Approximate: prefix == about}
	}
	return p.unit(q, low)
}

func (p *quantityParser) rangeOf(prefix bound, low, high number) (Quantity, *Error) {
	switch {
	case prefix != exactly && prefix != about && prefix != between && prefix != from:
		return Quantity{}, p.bad("a range has bounds of its own", "drop what stands before it")
	case high.multiplied && !low.multiplied:
		return Quantity{}, p.bad("it is not clear whether both ends are multiplied", "write the k, M or bn at both ends")
	case low.percent && !high.percent:
		return Quantity{}, p.bad("one end is a percentage and the other is not", "write % at the second or at both ends")
	}
	q := Quantity{MinValue: &low.value, MaxValue: &high.value, Approximate: prefix == about}
	return p.unit(q, high)
}

// unit takes the word after the number; nothing may follow it.
func (p *quantityParser) unit(q Quantity, last number) (Quantity, *Error) {
	spaced := strings.HasPrefix(p.rest, " ")
	unit := strings.TrimSpace(p.rest)
	switch {
	case last.percent && unit == "":
		q.Unit = unitPercent
		return q, nil
	case last.percent:
		return q, p.bad("words follow the percentage", "write what it is a percentage of in another field")
	case unit == "":
		return q, nil
	case strings.EqualFold(unit, "percent") || strings.EqualFold(unit, "per cent"):
		q.Unit = unitPercent
		return q, nil
	}
	first, _ := utf8.DecodeRuneInString(unit)
	switch {
	case unicode.Is(unicode.Sc, first):
		return q, p.badMoney()
	case unit == "k" || unit == "K" || unit == "M" || unit == "B" || unit == "bn":
		return q, p.bad("a multiplier stands apart from its number", "write it without a space: 200k")
	case !spaced && unicode.IsLetter(first):
		return q, p.bad("letters follow the number", "use k, M or bn to multiply; put a space before a unit")
	case !spaced || !isUnit(unit):
		return q, p.bad("words follow the number", "write the number alone and the rest in unit or text")
	}
	q.Unit = unit
	return q, nil
}

// isUnit reports whether s can be the name of a unit: one word.
func isUnit(s string) bool {
	for i, r := range s {
		inside := i > 0 && (unicode.IsDigit(r) || strings.ContainsRune("-/²³", r))
		if !unicode.IsLetter(r) && r != '°' && !inside {
			return false
		}
	}
	return utf8.RuneCountInString(s) <= maxUnitLength
}

const maxUnitLength = 40

// rangeSign takes what stands between the two ends of a range.
func (p *quantityParser) rangeSign(prefix bound) bool {
	rest := strings.TrimLeft(p.rest, " ")
	for _, dash := range []string{"-", "–", "—", "‑", "−"} {
		if after, ok := strings.CutPrefix(rest, dash); ok {
			next := quantityParser{rest: strings.TrimLeft(after, " ")}
			if next.atNumber() {
				p.rest = next.rest
				return true
			}
			return false
		}
	}
	joint := "to"
	if prefix == between {
		joint = "and"
	}
	next := quantityParser{rest: rest}
	if next.word(joint) && next.atNumber() {
		p.rest = next.rest
		return true
	}
	return false
}

// number takes one number, its multiplier and its percent sign.
func (p *quantityParser) number() (number, *Error) {
	negative := false
	if r, size := utf8.DecodeRuneInString(p.rest); r == '+' || r == '-' || r == '−' {
		negative = r != '+'
		p.rest = p.rest[size:]
	}
	if r, _ := utf8.DecodeRuneInString(p.rest); unicode.Is(unicode.Sc, r) {
		return number{}, p.badMoney()
	}
	whole, grouped, err := p.wholePart()
	if err != nil {
		return number{}, err
	}
	fraction := ""
	if len(p.rest) > 1 && p.rest[0] == '.' && isDigit(p.rest[1]) {
		fraction = leadingDigits(p.rest[1:])
		p.rest = p.rest[1+len(fraction):]
		if len(p.rest) > 1 && p.rest[0] == '.' && isDigit(p.rest[1]) {
			return number{}, p.bad("two points in one number", "write thousands with commas: 1,234,567")
		}
	}
	exponent := p.multiplier()
	n := number{multiplied: exponent > 0}
	if rest, ok := strings.CutPrefix(strings.TrimLeft(p.rest, " "), "%"); ok {
		p.rest, n.percent = rest, true
	}
	if len(fraction) == 3 && whole[0] != '0' && len(whole) <= 3 && !grouped && !n.multiplied && !n.percent {
		return number{}, p.bad("the point may stand before thousands or before a fraction",
			"write "+whole+fraction+", or "+whole+"."+fraction+"0")
	}
	value, ok := exactDecimal(negative, whole, fraction, exponent)
	if !ok {
		return number{}, p.bad("more digits than can be kept exactly", "write at most 15 of them")
	}
	n.value = value
	return n, nil
}

// wholePart takes the digits before the point, without what groups them.
func (p *quantityParser) wholePart() (digits string, grouped bool, err *Error) {
	digits = leadingDigits(p.rest)
	p.rest = p.rest[len(digits):]
	if digits == "" {
		return "", false, p.bad("a number begins with one of the digits 0 to 9", "write 0.5 for .5")
	}
	first := len(digits)
	group, size := utf8.DecodeRuneInString(p.rest)
	if !isGroupSign(group) {
		return digits, false, nil
	}
	for {
		r, _ := utf8.DecodeRuneInString(p.rest)
		if r != group || len(p.rest) <= size || !isDigit(p.rest[size]) {
			break
		}
		next := leadingDigits(p.rest[size:])
		if len(next) != 3 || first > 3 {
			return "", false, p.bad("a comma stands before each three digits", "write 12,000 or 12000; a fraction has a point: 1.5")
		}
		digits += next
		p.rest = p.rest[size+3:]
		grouped = true
	}
	return digits, grouped, nil
}

// isGroupSign reports whether r groups the digits of a number in threes: a
// comma, an apostrophe, or a space that doesn't break.
func isGroupSign(r rune) bool {
	return strings.ContainsRune(",'’\u00a0\u2009\u202f", r)
}

// multiplier takes k, M, bn or a word for them and returns the power of ten.
func (p *quantityParser) multiplier() int {
	for _, m := range []struct {
		text     string
		exponent int
	}{
		{"bn", 9}, {"B", 9}, {"M", 6}, {"k", 3}, {"K", 3},
		{" thousand", 3}, {" million", 6}, {" billion", 9}, {" trillion", 12},
	} {
		rest, ok := strings.CutPrefix(p.rest, m.text)
		if next, _ := utf8.DecodeRuneInString(rest); ok && !unicode.IsLetter(next) && !unicode.IsDigit(next) {
			p.rest = rest
			return m.exponent
		}
	}
	return 0
}

// exactDecimal returns whole.fraction × 10^exponent; ok is false when a float64
// wouldn't print as it again.
func exactDecimal(negative bool, whole, fraction string, exponent int) (value float64, ok bool) {
	digits := strings.TrimLeft(whole+fraction, "0")
	if len(strings.TrimRight(digits, "0")) > 15 {
		return 0, false
	}
	if digits == "" {
		return 0, true
	}
	value, err := strconv.ParseFloat(digits+"e"+strconv.Itoa(exponent-len(fraction)), 64)
	if err != nil || math.IsInf(value, 0) || value < 1e-300 {
		return 0, false
	}
	if negative {
		value = -value
	}
	return value, true
}

func (p *quantityParser) bad(why, mend string) *Error {
	return Errorf(Usage, "bad-quantity", "value %q: %s", words.Clip(p.whole), why).WithHint("%s", mend)
}

func (p *quantityParser) badMoney() *Error {
	return p.bad("a currency sign belongs to several currencies, or to none here",
		`write the number alone and the currency's code in unit, such as USD, or use an announcement's price`)
}

func leadingDigits(s string) string {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Figure returns the value as it was written or, where that isn't known, in the
// grammar of [ParseQuantity].
func (o Observation) Figure() string {
	if o.AsWritten != "" {
		return words.Clip(o.AsWritten)
	}
	text := o.TextValue
	switch {
	case o.Value != nil:
		text = decimal(*o.Value)
	case o.MinValue != nil && o.MaxValue != nil:
		text = decimal(*o.MinValue) + "-" + decimal(*o.MaxValue)
	case o.MinValue != nil && o.ExclusiveMin:
		text = ">" + decimal(*o.MinValue)
	case o.MinValue != nil:
		text = ">=" + decimal(*o.MinValue)
	case o.MaxValue != nil && o.ExclusiveMax:
		text = "<" + decimal(*o.MaxValue)
	case o.MaxValue != nil:
		text = "<=" + decimal(*o.MaxValue)
	}
	if o.Approximate {
		text = "~" + text
	}
	return words.Clip(text)
}

// decimal writes v without an exponent, as people do.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
