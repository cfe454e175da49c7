// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/recap-oci/recap/pkg/recap"
)

// MaxText is how many bytes of a shard are read, decompressed; it stops a few bytes
// from becoming an endless text.
const MaxText = 128 << 20

// The frozen setting: part of the format, since digests depend on it. Level
// better costs a third of the time and half of the memory of best for 8 % more
// bytes; 8 MiB is the largest window that every decoder must take (RFC 8878
// §3.1.1.1.2).
const (
	level      = zstd.SpeedBetterCompression
	windowSize = 8 << 20
)

// Compress returns one frame. Each has an encoder of its own, so that nothing can
// depend on what was compressed before.
func Compress(raw []byte) ([]byte, error) {
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(level), zstd.WithWindowSize(windowSize), zstd.WithEncoderCRC(true), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderPadding(1), zstd.WithZeroFrames(true), zstd.WithSingleSegment(false), zstd.WithLowerEncoderMem(true),
		zstd.WithNoEntropyCompression(false), zstd.WithAllLitEntropyCompression(true),
	)
	if err != nil {
		return nil, err
	}
	return enc.EncodeAll(raw, nil), enc.Close()
}

// Decompress returns a reader of what compressed holds, at most MaxText
// bytes of it. The window that a frame asks for is bounded, so that a few bytes can't ask
// for gigabytes. Who reads no further calls the function returned.
func Decompress(compressed []byte) (io.Reader, func(), error) {
	dec, err := zstd.NewReader(bytes.NewReader(compressed),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(windowSize))
	if err != nil {
		return nil, nil, err
	}
	return &limited{dec, MaxText}, dec.Close, nil
}

// limited reads no more than left bytes, and says so.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, recap.Errorf(recap.Unsafe, "too-large", "more than %d bytes, decompressed", MaxText)
	}
	return n, err
}
