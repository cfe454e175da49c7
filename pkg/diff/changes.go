// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// Changes says what it takes to get from A to B. Its JSON is described by the
// schema "diff". Every text in it is somebody else's, cut where it is long.
type Changes struct {
	// Same is true when they say the same: nothing below differs. The digests
	// may differ all the same, when one content was packaged in two ways.
	Same bool `json:"same"`

	A Side `json:"a"`
	B Side `json:"b"`

	Signers *SignerChange `json:"signers,omitempty"`

	// Of two packs.
	License  *ValueChange   `json:"license,omitempty"`
	Metadata []FieldChange  `json:"metadata,omitempty"`
	Members  *MemberChanges `json:"members,omitempty"`

	// Of two recaps; nil where they have the same digest.
	Recap *RecapChange `json:"recap,omitempty"`
}

// Side is one of the two that are compared.
type Side struct {
	Reference string        `json:"reference,omitempty"` // for whoever knows it to set
	Kind      artifact.Kind `json:"kind"`
	Name      string        `json:"name"` // of a pack; the slug of a recap
	Title     string        `json:"title,omitempty"`
	Version   string        `json:"version,omitempty"`
	Digest    digest.Digest `json:"digest"`
	Verdict   trust.Verdict `json:"verdict"`           // on what was admitted
	Signers   []Signer      `json:"signers,omitempty"` // whose signatures were found good
}

// Change is what became of something.
type Change string

// The changes.
const (
	Added   Change = "added"   // it is in B alone
	Removed Change = "removed" // it is in A alone
	Changed Change = "changed" // it is in both, and says something else
	Renamed Change = "renamed" // what it says is the same under another name
	Moved   Change = "moved"   // it is the same at another place among the others
)

// ValueChange is one value that is another now; empty where there is none.
type ValueChange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// FieldChange is one field of something that has another value now, written as
// people write values. It is empty where the field is absent.
type FieldChange struct {
	Field   string `json:"field"`             // its name, dotted where it lies within others
	Pointer string `json:"pointer,omitempty"` // JSON Pointer into the config of B, of A where B hasn't it
	From    string `json:"from"`
	To      string `json:"to"`
}

// MemberChanges are the changes to the recaps of a pack, each list in reading
// order: of B, and of A for those that B hasn't.
type MemberChanges struct {
	Added     []recap.PackMember `json:"added"`
	Removed   []recap.PackMember `json:"removed"`
	Changed   []RecapChange      `json:"changed"`
	Moved     []recap.PackMember `json:"moved,omitempty"` // read before or after others now
	Unchanged int                `json:"unchanged"`       // those with the same digest
}

// RecapChange is what changed within a recap. Nothing but From and To is set
// where one content was packaged in two ways.
type RecapChange struct {
	Slug  string        `json:"slug"`
	Title string        `json:"title"`
	From  digest.Digest `json:"from"` // of the bundle's manifest
	To    digest.Digest `json:"to"`

	License  *ValueChange    `json:"license,omitempty"`
	Metadata []FieldChange   `json:"metadata,omitempty"` // title, version, date, authors … and of its source
	Sections []SectionChange `json:"sections,omitempty"`
	Facts    []FactChange    `json:"facts,omitempty"`
	Files    []FileChange    `json:"files,omitempty"`

	// Unparsed says why the texts couldn't be compared section by section; that
	// they differ is in Files.
	Unparsed string `json:"unparsed,omitempty"`
}

// same reports whether nothing but the packaging changed.
func (c *RecapChange) same() bool {
	return c.License == nil && len(c.Metadata)+len(c.Sections)+len(c.Facts)+len(c.Files) == 0
}

func (m *MemberChanges) same() bool {
	for i := range m.Changed {
		if !m.Changed[i].same() {
			return false
		}
	}
	return len(m.Added)+len(m.Removed)+len(m.Moved) == 0
}
