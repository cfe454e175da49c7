// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// MaxDepth is how deep arrays and objects may be nested. It stops input from
// choosing the depth of our stack.
const MaxDepth = 64

// ErrAmbiguous is wrapped by the errors that are about two readings of one
// document: a key given twice, or a key that differs from another, or from a
// known one, only by case. Other errors of [Unmarshal] are about syntax or type.
var ErrAmbiguous = errors.New("ambiguous JSON")

// Unmarshal parses exactly one JSON value into v, a non-nil pointer.
//
// It refuses: bytes that aren't UTF-8, and a byte order mark; anything after the
// value; a key given twice in one object; two keys of one object that are equal
// but for case; a key that equals the name of the struct field it would go to
// but for case; escapes of half a surrogate pair; numbers beyond the range of a
// float64; nesting deeper than [MaxDepth]; null for an element, or for the whole,
// of a type that can't hold it. Null for a field of a struct is as good as its
// absence. Unknown keys are ignored, but what stands under them is held to the
// same rules.
//
// When it returns an error, v is unchanged. The caller bounds the size of data.
func Unmarshal(data []byte, v any) error {
	dst := reflect.ValueOf(v)
	if dst.Kind() != reflect.Pointer || dst.IsNil() {
		return fmt.Errorf("canonical: Unmarshal into %T", v)
	}
	if err := scan(data, dst.Type().Elem()); err != nil {
		return err
	}
	fresh := reflect.New(dst.Type().Elem())
	if err := json.Unmarshal(data, fresh.Interface()); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return fmt.Errorf("invalid JSON: %q is a %s, which doesn't fit", wrong.Field, wrong.Value)
		}
		return fmt.Errorf("invalid JSON: %w", err)
	}
	dst.Elem().Set(fresh.Elem())
	return nil
}
