// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks JSON text once, without building anything: hostile input costs
// no more memory than the keys of the objects that are open.
type scanner struct {
	data   []byte
	pos    int
	fields map[reflect.Type]*structFields
}

// scan checks data against the rules of [Unmarshal]. t is the type that data
// will be decoded into; nil where nothing is known about it.
func scan(data []byte, t reflect.Type) error {
	if i := invalidUTF8(data); i >= 0 {
		return fmt.Errorf("invalid JSON: byte %d is not UTF-8", i)
	}
	s := &scanner{data: data, fields: map[reflect.Type]*structFields{}}
	s.space()
	if err := s.value(t, 0, nullable(t)); err != nil {
		return err
	}
	s.space()
	if s.pos < len(s.data) {
		return s.errorf("data after the end of the value")
	}
	return nil
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("invalid JSON: at byte %d: %w", s.pos, fmt.Errorf(format, args...))
}

// peek returns the next byte, or 0 at the end; a NUL byte is no JSON either.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) value(t reflect.Type, depth int, canBeNull bool) error {
	t = concrete(t)
	switch c := s.peek(); {
	case c == '{', c == '[':
		if depth == MaxDepth {
			return s.errorf("nested deeper than %d", MaxDepth)
		}
		if c == '{' {
			return s.object(t, depth+1)
		}
		return s.array(t, depth+1)
	case c == '"':
		_, err := s.str(false)
		return err
	case c == '-', '0' <= c && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		if !canBeNull {
			return s.errorf("null where a value is needed")
		}
		return s.literal("null")
	case s.pos == len(s.data):
		return s.errorf("the text ends early")
	default:
		return s.errorf("unexpected %q", c)
	}
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return s.errorf("not a JSON value")
	}
	s.pos += len(word)
	return nil
}

func (s *scanner) array(t reflect.Type, depth int) error {
	elem := elemOf(t, reflect.Slice, reflect.Array)
	s.pos++ // [
	s.space()
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for {
		s.space()
		if err := s.value(elem, depth, nullable(elem)); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return nil
		default:
			return s.errorf("no comma or ] after an array element")
		}
	}
}

func (s *scanner) object(t reflect.Type, depth int) error {
	elem := elemOf(t, reflect.Map)
	fields := s.fieldsOf(t)
	seen := map[string]string{} // folded to spelled
	s.pos++                     // {
	s.space()
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		s.space()
		if s.peek() != '"' {
			return s.errorf("no key where one is needed")
		}
		key, err := s.str(true)
		if err != nil {
			return err
		}
		folded := fold(key)
		if other, ok := seen[folded]; ok {
			if other == key {
				return s.errorf("%w: key %.100q is given twice", ErrAmbiguous, key)
			}
			return s.errorf("%w: keys %.100q and %.100q differ only by case", ErrAmbiguous, other, key)
		}
		seen[folded] = key
		if fields != nil {
			if name, ok := fields.names[folded]; ok && name != key {
				return s.errorf("%w: key %.100q differs from %q only by case", ErrAmbiguous, key, name)
			}
			elem = fields.types[key]
		}
		s.space()
		if s.peek() != ':' {
			return s.errorf("no colon after key %.100q", key)
		}
		s.pos++
		s.space()
		if err := s.value(elem, depth, fields != nil || nullable(elem)); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return nil
		default:
			return s.errorf("no comma or } after the value of key %.100q", key)
		}
	}
}

// str scans a string and, where keep is set, returns what it spells.
func (s *scanner) str(keep bool) (string, error) {
	s.pos++ // the opening quote
	start := s.pos
	var spelled []byte // set once an escape makes it differ from the text
	escaped := false
	for {
		if s.pos == len(s.data) {
			return "", s.errorf("the text ends inside a string")
		}
		switch c := s.data[s.pos]; {
		case c == '"':
			text := s.data[start:s.pos]
			s.pos++
			switch {
			case !keep:
				return "", nil
			case escaped:
				return string(spelled), nil
			default:
				return string(text), nil
			}
		case c < ' ':
			return "", s.errorf("control character %q in a string", c)
		case c == '\\':
			if !escaped {
				escaped = true
				if keep {
					spelled = append(spelled, s.data[start:s.pos]...)
				}
			}
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			if keep {
				spelled = utf8.AppendRune(spelled, r)
			}
		default:
			if escaped && keep {
				spelled = append(spelled, c)
			}
			s.pos++
		}
	}
}

// escape scans one escape, or the two of a surrogate pair.
func (s *scanner) escape() (rune, error) {
	s.pos++ // the backslash
	c := s.peek()
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := bytes.IndexByte([]byte(from), c); i >= 0 && c != 0 {
		s.pos++
		return rune(to[i]), nil
	}
	if c != 'u' {
		return 0, s.errorf("no such escape")
	}
	s.pos++
	r, err := s.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if !bytes.HasPrefix(s.data[s.pos:], []byte(`\u`)) {
		return 0, s.errorf("half of a surrogate pair")
	}
	s.pos += 2
	low, err := s.hex4()
	if err != nil {
		return 0, err
	}
	pair := utf16.DecodeRune(r, low)
	if pair == utf8.RuneError {
		return 0, s.errorf("half of a surrogate pair")
	}
	return pair, nil
}

func (s *scanner) hex4() (rune, error) {
	if len(s.data)-s.pos < 4 {
		return 0, s.errorf("the text ends inside an escape")
	}
	n, err := strconv.ParseUint(string(s.data[s.pos:s.pos+4]), 16, 16)
	if err != nil {
		return 0, s.errorf("no such escape")
	}
	s.pos += 4
	return rune(n), nil
}

func (s *scanner) number() error {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return s.errorf("not a number")
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.errorf("not a number")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.errorf("not a number")
		}
	}
	if _, err := strconv.ParseFloat(string(s.data[start:s.pos]), 64); err != nil {
		return s.errorf("a number out of range")
	}
	return nil
}

// digits scans at least one digit.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}
