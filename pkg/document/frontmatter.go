// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

// Format is the language of a front matter.
type Format string

// The formats. A text without front matter has FormatNone.
const (
	FormatNone Format = ""
	FormatYAML Format = "yaml" // between lines of ---
	FormatTOML Format = "toml" // between lines of +++
	FormatJSON Format = "json" // an object that begins with { on the first line
)

// FrontMatter is where the metadata of a text stands in it.
type FrontMatter struct {
	Format Format
	Block  Range // fences and the line end after the last one included
	Data   Range // what a decoder is given: without fences; a JSON object with its braces
	Line   int   // the line on which Data begins; 0 without front matter
}

// Split finds the front matter of text and leaves the body alone.
func Split(text []byte) (FrontMatter, error) {
	return FrontMatter{}, nil
}
