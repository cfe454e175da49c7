// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package folder keeps directories that a pull wrote: it makes one out of a
// [Receipt] and the bytes of its files, in one step where the system can, and
// tells later what became of it.
//
// Start with [Open] and [Folder.Install] to write one, [Status] and [ReadReceipt]
// to ask what one is. What recap keeps in a folder stands under .recap: the receipt,
// and while a change is under way a lock, a journal and what is staged.
//
// A folder may have come from anywhere, its .recap included. So the receipt is a
// note, never evidence: nothing goes that isn't as it says, nothing outside is
// touched however it is worded, and links are not followed.
package folder
