// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/reader"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/trust"
)

func newShowCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		trusted  trustFlags
		build    buildFlags
	)
	cmd := &cobra.Command{
		Use:        "show REF|PATH [NAME] [FILE]",
		Short:      "Read a recap in the terminal, or what a pack holds",
		SuggestFor: []string{"cat", "read", "view"},
		Long: `Show the document of a recap that lies in a registry or layout, once it is verified,
or in a directory of yours; a pulled pack is what it was when it was pulled. With FILE, write that file of it to standard output.

Of a pack show what it holds and, with NAME, one of its recaps; nothing else of the
pack is fetched.

--format markdown gives the document as it is, of a pack its overview; json the
normalised recap, of a pack what it says of itself.`,
		Example: `  recap show registry.example.com/team/recaps:v1
  recap show ./my-recap
  recap show registry.example.com/team/recaps:v1 data/figures.csv --key recap.pub > figures.csv
  recap show registry.example.com/team/pack:1.2.0 kubecon-eu-2024`,
		Args: args(1, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			r, done, err := e.read(ctx, args[0], "show", &registry, &trusted, &build)
			if err != nil {
				return err
			}
			defer done()
			within := args[1:]
			if len(within) == 2 || len(within) == 1 && r.Pack() != nil {
				member, err := r.Member(ctx, within[0])
				if err != nil {
					return noMember(err, r.Reader, args)
				}
				r.Reader, within = member, within[1:]
			}
			switch {
			case len(within) == 1:
				err := e.showFile(ctx, r.Reader, within[0])
				if isSource(args[0]) {
					err = rehintedCode(err, "not-found", "name it by its path in the directory of the recap")
				}
				return err
			case r.Pack() != nil:
				return e.showPack(ctx, r.Reader, &out)
			}
			return e.showRecap(ctx, r.Reader, &out)
		},
	}
	flags := cmd.Flags()
	trusted.register(flags)
	build.register(flags)
	registry.register(flags, "")
	out.register(flags, "markdown")
	return cmd
}

// noMember says what to type instead where args name no recap of what r reads.
func noMember(err error, r *reader.Reader, args []string) error {
	const code = "no-such-recap"
	typed := shellWord(args[0])
	if r.Pack() == nil {
		return rehintedCode(err, code, "it is no pack: recap show %s %s", typed, shellWord(args[2]))
	}
	slug, file, nested := strings.Cut(args[1], "/")
	is := func(m recap.PackMember) bool { return m.Slug == slug }
	switch {
	case len(args) == 2 && nested && file != "" && slices.ContainsFunc(r.Contents(), is):
		return rehintedCode(err, code, "a file of a recap is a word of its own: recap show %s %s %s", typed, slug, shellWord(file))
	case isSource(args[0]): // of which nobody lists what it holds, but this
		var known *recap.Error
		if errors.As(err, &known) && strings.Contains(known.Hint, " REF ") {
			return rehintedCode(err, code, "recap show %s shows what it holds", typed)
		}
	}
	return err
}

// opened is what there is to read, by the name under which it was found.
type opened struct {
	*reader.Reader
	name string // of what a reference names, with its digest
}

// read opens a recap or a pack to be read: of one of the user's own directories,
// or what a reference names once somebody vouches for it. The caller calls done.
func (e *env) read(ctx context.Context, arg, verb string, registry *registryFlags, trusted *trustFlags, build *buildFlags) (r opened, done func(), err error) {
	if _, ok := pulledPack(arg); ok {
		if arg, err = pulledReference(ctx, arg); err != nil {
			return r, nil, err
		}
	}
	if isSource(arg) {
		if err := layoutMeant(arg); err != nil {
			return r, nil, err
		}
		build.draft, build.policy = true, trusted.policy // reading sends nothing anywhere
		made, err := build.product(ctx, e, arg, registry)
		if err != nil {
			return r, nil, err
		}
		r.name = arg
		if r.Reader, err = reader.Open(ctx, made.graph, trust.OwnSource(made.graph.Root)); err != nil {
			made.close()
			return r, nil, err
		}
		return r, made.close, nil
	}
	if _, err := parseReference(arg); err != nil && arg != "" && !strings.ContainsAny(arg, ":@") {
		return r, nil, alternatively(err, "check the path: there is no "+shellWord(arg)+" here")
	}
	p, err := trusted.pin(ctx, e, arg, registry)
	if err != nil {
		return r, nil, err
	}
	r.name = p.exact()
	admitted, err := trusted.admit(ctx, e, p, verb)
	if err == nil {
		r.Reader, err = reader.Open(ctx, p, admitted)
	}
	if err != nil {
		p.close()
		return r, nil, err
	}
	return r, p.close, nil
}

// showRecap writes the document of a recap and the facts behind it.
func (e *env) showRecap(ctx context.Context, r *reader.Reader, out *output) error {
	doc, err := r.Parse(ctx)
	if err != nil {
		return err
	}
	if out.format == "markdown" {
		return e.write(bytes.NewReader(doc.Text))
	}
	return out.print(e.stdout, json.RawMessage(r.Config()), func(w io.Writer) { e.printDocument(w, r, doc) })
}

// showPack writes what a pack holds.
func (e *env) showPack(ctx context.Context, r *reader.Reader, out *output) error {
	if out.format == "markdown" {
		overview, err := r.Overview(ctx)
		if err != nil {
			return err
		}
		return e.write(bytes.NewReader(overview))
	}
	return out.print(e.stdout, json.RawMessage(r.Config()), func(w io.Writer) {
		p := r.Pack()
		fmt.Fprintf(w, "%s\n%s\n", safe(either(p.Title, p.Name)), safe(packByline(p)))
		fmt.Fprintf(w, "%s\n\n", voucher(r.Admitted().Report()))
		if p.Description != "" {
			fmt.Fprintf(w, "%s\n\n", safe(p.Description))
		}
		for _, m := range r.Contents() {
			printMember(w, m.Slug, m.Title, m.Version, m.Event)
		}
	})
}

// packByline says in one line which version a pack is, who put it together and
// under what licence.
func packByline(p *recap.Pack) string {
	parts := []string{p.Name + " " + p.Version, count(len(p.Members), "recap")}
	for _, a := range p.Authors {
		parts = append(parts, a.Name)
	}
	if p.License != "" {
		parts = append(parts, p.License)
	}
	return strings.Join(parts, " · ")
}

// printMember writes what is said of a recap of a pack in a line.
func printMember(w io.Writer, said ...string) {
	fmt.Fprintln(w, safe(join("  ", said...)))
}

// isSource reports whether arg is a path to a source. A name that is both a
// directory and a reference is written ./name.
func isSource(arg string) bool {
	if strings.HasPrefix(arg, target.LayoutScheme) {
		return false
	}
	if target.LooksLikePath(arg) {
		return true
	}
	_, err := os.Lstat(arg)
	return err == nil
}

// showFile writes one file. Bytes that are no text don't go to a terminal.
func (e *env) showFile(ctx context.Context, r *reader.Reader, path string) error {
	rc, file, err := r.File(ctx, path)
	if err != nil {
		return err
	}
	defer rc.Close()
	if e.ttyOut && !isText(file.MediaType) {
		return recap.Errorf(recap.Usage, "binary", "%s is %s, which would garble the terminal", path, file.MediaType).
			WithHint("redirect it: recap show … %s > FILE", path)
	}
	return e.write(rc)
}

// isText reports whether a file of this type is made of lines.
func isText(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "json") || strings.HasSuffix(mediaType, "yaml")
}

// write copies r to stdout: as it is into a pipe or file, escaped to a
// terminal.
func (e *env) write(r io.Reader) error {
	if !e.ttyOut {
		_, err := io.Copy(e.stdout, r)
		return err
	}
	data, err := io.ReadAll(io.LimitReader(r, recap.MaxDocumentSize+1))
	if err != nil {
		return err
	}
	if len(data) > recap.MaxDocumentSize {
		return recap.Errorf(recap.Usage, "too-long", "more than %s of text would be poured into the terminal", size(recap.MaxDocumentSize)).
			WithHint("redirect it into a file")
	}
	_, err = io.WriteString(e.stdout, safeText(string(data)))
	return err
}

// printDocument draws a recap for the terminal: what it is, who vouches for it,
// its text, and the facts behind it.
func (e *env) printDocument(w io.Writer, r *reader.Reader, doc *document.Document) {
	about := r.Recap()
	fmt.Fprintf(w, "%s\n%s\n", safe(about.Title), safe(byline(about)))
	fmt.Fprintf(w, "%s\n\n", voucher(r.Admitted().Report()))
	body := strings.ReplaceAll(string(doc.Text[doc.Body.Start:doc.Body.End]), "\r\n", "\n")
	rendered := renderMarkdown(safeText(body), e.width(), e.colours())
	fmt.Fprintln(w, strings.TrimRight(rendered, "\n"))
	sheet := &factSheet{w: w, names: about.Resolver(), columns: e.width(), colours: e.colours()}
	sheet.draw(about.Facts)
}

// byline says in one line which event a recap is about, who wrote it and when.
func byline(r *recap.Recap) string {
	parts := []string{r.Facts.Event.Name}
	for _, a := range r.Authors {
		parts = append(parts, a.Name)
	}
	if r.Date != "" {
		parts = append(parts, string(r.Date))
	}
	if r.Facts.License != "" {
		parts = append(parts, r.Facts.License)
	}
	return strings.Join(parts, " · ")
}

// colours reports whether the answer goes to a terminal that shows them.
func (e *env) colours() bool {
	return e.ttyOut && e.get("NO_COLOR") == "" && e.get("TERM") != "dumb"
}

// width returns how wide text may be.
func (e *env) width() int {
	const widest = 100
	if out, ok := e.stdout.w.(*screen); ok {
		if w, _, err := term.GetSize(int(out.Fd())); err == nil && w < widest {
			return max(w, 20)
		}
	}
	return widest
}
