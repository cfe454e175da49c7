// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"io"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// EventKind says what an [Event] is about.
type EventKind string

// The kinds of events. Every descriptor that is announced with EventStarted is
// later EventDone, EventExists or EventMounted, unless the whole call fails.
const (
	EventPlanned  EventKind = "planned"  // Count objects of Bytes bytes are to be moved; may come again as more is learnt
	EventStarted  EventKind = "started"  // Descriptor begins to move
	EventProgress EventKind = "progress" // Bytes of Descriptor have moved so far; falls back when a try starts again
	EventDone     EventKind = "done"     // Descriptor has moved
	EventExists   EventKind = "exists"   // Descriptor was there already
	EventMounted  EventKind = "mounted"  // Descriptor was taken from another repository of the same registry
	EventSealing  EventKind = "sealing"  // the root is being signed
	EventTagged   EventKind = "tagged"   // Name, a tag, names Descriptor now
	EventWriting  EventKind = "writing"  // Name, a file, has been written to the staging directory
	EventInstall  EventKind = "install"  // Name, the destination directory, is about to change
)

// Event is one step of a transfer.
//
// Functions that receive events are called from several goroutines at once
// and must be safe for that. They are called while work waits: they should
// return at once.
type Event struct {
	Kind       EventKind
	Descriptor ocispec.Descriptor // zero where the event is about no object
	Name       string             // a tag, a file or a directory; otherwise the object's title, if it has one. Not safe to print as it is.
	Bytes      int64
	Count      int
}

// notifier receives events; nil is silent.
type notifier func(Event)

func (n notifier) emit(kind EventKind, desc ocispec.Descriptor) {
	if n != nil {
		n(Event{Kind: kind, Descriptor: desc, Name: desc.Annotations[ocispec.AnnotationTitle]})
	}
}

func (n notifier) named(kind EventKind, name string, desc ocispec.Descriptor) {
	if n != nil {
		n(Event{Kind: kind, Descriptor: desc, Name: name})
	}
}

func (n notifier) planned(descs []ocispec.Descriptor) {
	if n == nil {
		return
	}
	var size int64
	for _, desc := range descs {
		size += desc.Size
	}
	n(Event{Kind: EventPlanned, Count: len(descs), Bytes: size})
}

// progressStep is how many bytes pass between two EventProgress of one object.
const progressStep = 256 << 10

// reader wraps r so that what is read from it is reported. A reader that can
// seek stays one: targets replay it when a request has to be sent again.
func (n notifier) reader(r io.Reader, desc ocispec.Descriptor) io.Reader {
	if n == nil {
		return r
	}
	p := &progressReader{r: r, desc: desc, notify: n}
	if s, ok := r.(io.Seeker); ok {
		return &progressSeeker{progressReader: p, s: s}
	}
	return p
}

type progressReader struct {
	r      io.Reader
	desc   ocispec.Descriptor
	notify notifier

	mu       sync.Mutex // a transport may still read while the next try seeks
	read     int64
	reported int64
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.mu.Lock()
	p.read += int64(n)
	report := p.read-p.reported >= progressStep
	if report {
		p.reported = p.read
	}
	at := p.read
	p.mu.Unlock()
	if report {
		p.notify(Event{Kind: EventProgress, Descriptor: p.desc, Name: p.desc.Annotations[ocispec.AnnotationTitle], Bytes: at})
	}
	return n, err
}

type progressSeeker struct {
	*progressReader
	s io.Seeker
}

func (p *progressSeeker) Seek(offset int64, whence int) (int64, error) {
	at, err := p.s.Seek(offset, whence)
	if err == nil {
		p.mu.Lock()
		p.read, p.reported = at, at
		p.mu.Unlock()
	}
	return at, err
}
