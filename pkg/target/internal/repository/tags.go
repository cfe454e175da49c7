// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// Bounds of a listing. Registries give 100 to 1,000 tags a page.
const (
	maxTagPages = 100
	tagsPerPage = "1000"
	maxPageSize = 4 << 20 // bytes
)

// Tags lists the tags page by page.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
func (r *Repository) Tags(ctx context.Context, last string, fn func([]string) error) error {
	what := "listing the tags of " + r.full()
	at := r.url("tags", "list")
	query := url.Values{"n": {tagsPerPage}}
	if last != "" {
		if err := CheckTag(last); err != nil {
			return err
		}
		query.Set("last", last)
	}
	at.RawQuery = query.Encode()
	seen := map[string]bool{}
	for page := 1; at != nil; page++ {
		if page > maxTagPages {
			return recap.Errorf(recap.Unsafe, "too-many-pages", "%s: there are more than %d pages", what, maxTagPages)
		}
		resp, err := r.host.Do(ctx, host.Operation{
			What: what, Method: http.MethodGet, URL: at, Scopes: r.scopes(),
			Accept: []int{http.StatusOK}, Limit: maxPageSize,
		})
		if err != nil {
			return err
		}
		var list struct {
			Tags []string `json:"tags"`
		}
		if err := canonical.Unmarshal(resp.Data, &list); err != nil {
			return recap.Errorf(recap.Unavailable, "bad-answer", "%s: the answer is not a list of tags: %w", what, err)
		}
		var fresh []string
		for _, tag := range list.Tags {
			if !recap.IsTag(tag) {
				return recap.Errorf(recap.Integrity, "bad-tag", "%s: it lists %s, which is not a tag", what, printable.Quote(tag))
			}
			if !seen[tag] {
				seen[tag] = true
				fresh = append(fresh, tag)
			}
		}
		if at, err = nextPage(what, at, resp.Header); err != nil {
			return err
		}
		if len(fresh) == 0 && at != nil {
			return recap.Errorf(recap.Unsafe, "too-many-pages", "%s: page %d holds nothing new and there is said to be another", what, page)
		}
		if len(fresh) > 0 {
			if err := fn(fresh); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextPage returns the address that the Link header names, nil when there is
// none. Only its query is taken, so the next request goes where the last one
// went; some registries behind a proxy don't know their own path.
func nextPage(what string, at *url.URL, header http.Header) (*url.URL, error) {
	for _, link := range header.Values("Link") {
		target, params, ok := strings.Cut(link, ">")
		target, open := strings.CutPrefix(strings.TrimSpace(target), "<")
		if !ok || !open || !isNext(params) {
			continue
		}
		ref, err := url.Parse(target)
		if err != nil {
			return nil, recap.Errorf(recap.Unavailable, "bad-answer", "%s: the next page is said to be at %s", what, printable.Quote(target))
		}
		next := at.ResolveReference(ref)
		if !strings.EqualFold(next.Hostname(), at.Hostname()) {
			return nil, recap.Errorf(recap.Unavailable, "link-rejected", "%s: the next page is said to be at %s, on another host", what, printable.Quote(target))
		}
		page := *at
		page.RawQuery = next.RawQuery
		return &page, nil
	}
	return nil, nil
}

// isNext reports whether a link's parameters say rel=next.
// https://www.rfc-editor.org/rfc/rfc8288.html#section-3
func isNext(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if strings.EqualFold(key, "rel") && strings.EqualFold(strings.Trim(value, `"`), "next") {
			return true
		}
	}
	return false
}
