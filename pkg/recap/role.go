// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// MediaTypeOf returns the media type of a file by its extension.
func MediaTypeOf(path string) string { return "application/octet-stream" }

// RoleOf returns the role of a file that no media entry describes.
func RoleOf(path, mediaType string) Role { return RoleAttachment }
