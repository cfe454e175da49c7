// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/recap"
)

// output is the --format flag of a verb: text for people, or one JSON document
// of the same struct, whose schema "recap schema" prints.
type output struct {
	format  string
	allowed []string
}

// register adds --format. More formats than text, json and go-template are the
// verb's own.
func (o *output) register(flags *pflag.FlagSet, more ...string) {
	o.allowed = append([]string{"text", "json", "go-template=TEMPLATE"}, more...)
	flags.StringVar(&o.format, "format", "text", "output: "+strings.Join(o.allowed, ", "))
}

// check refuses an unknown format before anything is done.
func (o *output) check() error {
	if tmpl, ok := strings.CutPrefix(o.format, "go-template="); ok {
		if _, err := template.New("format").Parse(tmpl); err != nil {
			return recap.Errorf(recap.Usage, "bad-format", "--format: %w", err)
		}
		return nil
	}
	for _, a := range o.allowed {
		if o.format == a {
			return nil
		}
	}
	return recap.Errorf(recap.Usage, "bad-format", "--format %q is unknown here", o.format).WithHint("one of %s", strings.Join(o.allowed, ", "))
}

// print writes result to w in the chosen format; text writes it for people.
func (o *output) print(w io.Writer, result any, text func(io.Writer)) error {
	if o.format == "text" {
		text(w)
		return nil
	}
	data, err := encode(result)
	if err != nil {
		return err
	}
	tmpl, ok := strings.CutPrefix(o.format, "go-template=")
	if !ok {
		_, err := w.Write(data)
		return err
	}
	var fields any
	if err := json.Unmarshal(data, &fields); err != nil {
		return fmt.Errorf("reading the answer back for the template: %w", err)
	}
	t, err := template.New("format").Parse(tmpl)
	if err != nil {
		return recap.Errorf(recap.Usage, "bad-format", "--format: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, fields); err != nil {
		return recap.Errorf(recap.Usage, "bad-format", "--format: %w", err)
	}
	_, err = fmt.Fprintln(w, safeText(b.String()))
	return err
}

// answerVersion is the version of every answer's schema.
const answerVersion = 1

// encode returns result, a struct, as the one document of --format json, and
// the version of its schema in front. An artifact's own JSON, a
// json.RawMessage, states its own. Characters that act on a terminal are
// escaped, which changes no value.
func encode(result any) ([]byte, error) {
	var fields bytes.Buffer
	enc := json.NewEncoder(&fields)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(result); err != nil {
		return nil, fmt.Errorf("encoding the answer: %w", err)
	}
	text := fields.Bytes()
	if _, own := result.(json.RawMessage); !own && !bytes.HasPrefix(text, []byte(`{"schemaVersion"`)) {
		text = append(fmt.Appendf(nil, `{"schemaVersion":%d,`, answerVersion), text[1:]...)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return nil, fmt.Errorf("encoding the answer: %w", err)
	}
	return recap.PrintableJSON(b.Bytes()), nil
}
