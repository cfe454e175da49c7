// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Marshal returns the canonical JSON of v, which is encoded as encoding/json
// encodes it: no white space, keys in the order of their UTF-16 code units,
// numbers as ECMAScript prints them, no escape that isn't needed ([RFC 8785 §3.2]).
//
// It refuses strings that aren't UTF-8, integers that a float64 can't hold
// exactly, and everything that [Unmarshal] refuses.
//
// [RFC 8785 §3.2]: https://www.rfc-editor.org/rfc/rfc8785#section-3.2
func Marshal(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding JSON: %w", err)
	}
	// After json.Marshal, which refuses cycles and has replaced what isn't UTF-8.
	if err := checkStrings(reflect.ValueOf(v)); err != nil {
		return nil, err
	}
	if err := scan(text, nil); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("encoding JSON: %w", err)
	}
	return appendValue(make([]byte, 0, len(text)), tree)
}

func appendValue(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendString(dst, v), nil
	case json.Number:
		return appendNumber(dst, string(v))
	case []any:
		dst = append(dst, '[')
		var err error
		for i, elem := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendValue(dst, elem); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		dst = append(dst, '{')
		var err error
		for i, key := range slices.SortedFunc(maps.Keys(v), compareUTF16) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, key), ':')
			if dst, err = appendValue(dst, v[key]); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	default:
		return nil, fmt.Errorf("encoding JSON: unexpected %T", v)
	}
}

// compareUTF16 orders as RFC 8785 §3.2.3 does. It differs from the order of
// bytes where a character beyond U+FFFF meets one from U+E000 on.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			if c < ' ' {
				dst = fmt.Appendf(dst, `\u%04x`, c)
			} else {
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '"')
}

// appendNumber writes a number as ECMAScript's Number::toString does (RFC 8785
// §3.2.2.3): the shortest digits that read back as the same float64, in decimal
// notation from 1e-6 to below 1e21.
func appendNumber(dst []byte, text string) ([]byte, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("encoding JSON: number %.40s is out of range", text)
	}
	if f == 0 {
		return append(dst, '0'), nil // -0 too
	}
	start := len(dst)
	if abs := max(f, -f); abs >= 1e-6 && abs < 1e21 {
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	} else {
		dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
		// Go writes at least two digits of exponent.
		if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
			dst = append(dst[:n-2], dst[n-1])
		}
	}
	if !strings.ContainsAny(text, ".eE") && string(dst[start:]) != text {
		return nil, fmt.Errorf("encoding JSON: integer %.40s can't be written exactly", text)
	}
	return dst, nil
}

// checkStrings looks for strings that aren't UTF-8, which encoding/json would
// replace without a word. Values that encode themselves are their own business.
func checkStrings(v reflect.Value) error {
	if !v.IsValid() {
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) {
			return fmt.Errorf("encoding JSON: %.100q is not UTF-8", s)
		}
	case reflect.Pointer, reflect.Interface:
		return checkStrings(v.Elem())
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil
		}
		for i := range v.Len() {
			if err := checkStrings(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for iter := v.MapRange(); iter.Next(); {
			if err := checkStrings(iter.Key()); err != nil {
				return err
			}
			if err := checkStrings(iter.Value()); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); !f.IsExported() && !f.Anonymous {
				continue
			}
			if err := checkStrings(v.Field(i)); err != nil {
				return err
			}
		}
	default:
	}
	return nil
}
