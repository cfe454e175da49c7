// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"testing"
	"testing/synctest"
	"time"
)

// How long a timer was left alone is counted while somebody looks: what passes while
// the whole process has no turn is no silence of a registry.
func TestFireIfWhileTheProcessStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(0)
		fired := 0
		timer := c.AfterFunc(time.Hour, func() { fired++ })
		look := func(every time.Duration, times int) {
			for range times {
				time.Sleep(every) // in no time
				c.FireIf(func(_, alone time.Duration) bool { return alone > 20*time.Millisecond })
			}
		}
		look(time.Minute, 10)
		if fired != 0 {
			t.Error("it was due after ten looks at it, a minute apart")
		}
		timer.Reset(time.Hour)
		look(time.Millisecond, 20)
		if fired != 0 {
			t.Error("it was due in 20 ms, though set again before")
		}
		look(time.Millisecond, 1)
		if fired != 1 {
			t.Error("21 ms of silence were not enough")
		}
		if c.Armed(time.Hour) != 0 {
			t.Error("what was fired is armed")
		}
	})
}
