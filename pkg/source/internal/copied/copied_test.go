// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package copied_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/source/internal/copied"
)

func TestIn(t *testing.T) {
	const (
		months  = "They met in January, parted in February, wrote in March, and met again in April, in May and in June."
		numbers = "The halls 1 and 2 open at 9, hall 3 at 10, and both close at 17 or at 18."
	)
	const original = "We walked along the river until the lights of the old town came on, and nobody spoke of work. " +
		"Ada Example gave the talk How to Build a Small Registry in a Day on a rainy Tuesday morning in the smallest room " +
		"that the house had to give to anybody who came. " + months + " " + numbers
	for _, tt := range []struct {
		name, text string
		exempt     []string
		want       []copied.Passage
	}{
		{"its own words", "It rained, and the talk about registries was the best of them all, by far the best one.", nil, nil},
		{"twelve words", "Then: we walked along the river until the lights of the old town.", nil,
			[]copied.Passage{{6, "we walked along the river until the lights of the old town"}}},
		{"in another case, with other signs", "WE WALKED (along the river) until the lights -- of the old, town", nil,
			[]copied.Passage{{0, "we walked along the river until the lights of the old town"}}},
		{"eleven words", "We walked along the river until the lights of the old city.", nil, nil},
		{"more than twelve are one passage", original[:258], []string{"Ada Example"},
			[]copied.Passage{{0, "we walked along the river until the lights of the old town"}, {106, "gave the talk how to build a small registry in a day"}}},
		{"a title between", original[95:166], []string{"Ada Example", "How to Build a Small Registry in a Day"}, nil},
		{"a quotation", original[:93], []string{"the lights of the old town came on, and nobody spoke"}, nil},
		{"a list of months", months, nil, nil},
		{"a list of numbers", numbers, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, copied.Read([]byte(original), tt.exempt).In([]byte(tt.text), 0)); diff != "" {
				t.Errorf("passages (-want +got):\n%s", diff)
			}
		})
	}
	if got := copied.Read([]byte(original), nil).In([]byte(original[:93]), 1000); len(got) != 1 || got[0].Offset != 1000 {
		t.Errorf("from an offset: %+v", got)
	}
}
