// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/recap-oci/recap/pkg/sigstore/internal/der"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/trust"
)

// entity shows the library a signature with some of its log entries. content is
// whom it was signed by.
type entity struct {
	*Signed
	signer  verify.VerificationContent
	entries []*tlog.Entry
}

var _ verify.SignedEntity = entity{}

func (e entity) HasInclusionPromise() bool                                { return e.promised }
func (e entity) HasInclusionProof() bool                                  { return !e.promised }
func (e entity) SignatureContent() (verify.SignatureContent, error)       { return e.content, nil }
func (e entity) Timestamps() ([][]byte, error)                            { return e.timestamps, nil }
func (e entity) TlogEntries() ([]*tlog.Entry, error)                      { return e.entries, nil }
func (e entity) VerificationContent() (verify.VerificationContent, error) { return e.signer, nil }
func (e entity) Version() (string, error)                                 { return e.version, nil }

// witness is a log or an authority that attested a time.
type witness struct{ kind, id string }

// witnesses verifies log entries and timestamps: whether the signature is known
// to logs, and when it was made. It reports whether to go on.
func (f *Findings) witnesses(s *Signed, signer verify.VerificationContent, trusted root.TrustedMaterial, now time.Time) bool {
	seen := make(map[witness]bool)
	logs, ok := f.logEntries(s, signer, trusted, seen)
	if !ok {
		return false
	}
	f.timestamps(s, trusted, seen)
	return f.logWindows(logs, now)
}

// loggedIn is a log that has an entry.
type loggedIn struct {
	log   *root.TransparencyLog
	name  string
	timed bool // the entry's own time was held against the log's validity
}

func (f *Findings) logEntries(s *Signed, signer verify.VerificationContent, trusted root.TrustedMaterial, seen map[witness]bool) ([]loggedIn, bool) {
	var missing []string
	var details []string
	var logs []loggedIn
	known := trusted.RekorLogs()
	distinct := make(map[string]bool)
	places := make(map[string]bool)
	for i, entry := range s.entries {
		id := hex.EncodeToString([]byte(entry.LogKeyID()))
		log := known[id]
		if log == nil {
			missing = append(missing, fmt.Sprintf("it has an entry in log %s, which the trusted root doesn't name", id))
			continue
		}
		name := logName(log)
		place := fmt.Sprintf("%s %d", id, entry.LogIndex())
		if places[place] {
			f.fail(checkTLog, trust.BadSignature, "it has entry %d of log %s twice", entry.LogIndex(), name)
			return nil, false
		}
		places[place] = true
		if reason := unfitEntry(s, entry); reason != "" {
			f.fail(checkTLog, trust.BadSignature, "log entry %d, in %s: %s", i+1, name, reason)
			return nil, false
		}
		times, err := verify.VerifyTlogEntry(entity{s, signer, []*tlog.Entry{entry}}, trusted, 1, true)
		if err != nil {
			f.fail(checkTLog, trust.BadSignature, "log entry %d, in %s: %s", i+1, name, logReason(entry, err))
			return nil, false
		}
		if err := ownBody(entry, log); err != nil {
			f.fail(checkTLog, trust.BadSignature, "log entry %d, in %s: the entry shown is not the one that the log has", i+1, name)
			return nil, false
		}
		distinct[id] = true
		f.evidence.LogEntries = append(f.evidence.LogEntries, trust.LogEntry{Log: name, Index: indexOf(entry)})
		details = append(details, fmt.Sprintf("entry %d of %s", indexOf(entry), name))
		logs = append(logs, loggedIn{log: log, name: name, timed: len(times) > 0})
		for _, t := range times {
			f.witness(seen, witness{"log", id}, t.Time, name)
		}
	}
	f.steps = append(f.steps, step{
		name: checkTLog, counts: true, count: len(distinct),
		detail: strings.Join(details, ", "), missing: strings.Join(missing, "; "),
	})
	return logs, true
}

// unfitEntry returns what makes an entry unacceptable whatever it proves.
func unfitEntry(s *Signed, entry *tlog.Entry) string {
	switch {
	case s.promised && !entry.HasInclusionPromise():
		return "it carries no promise of the log"
	case !s.promised && !entry.HasInclusionProof():
		return "it carries no proof that the log has it, at most a promise"
	case entry.IsRekorV2() && treeOrigin(entry):
		// The library would take the second version's body for one of the
		// first, whose checkpoints end in the number of a tree, and compare
		// neither of them with the signature.
		return "its form and its checkpoint are of different versions of the log"
	}
	return ""
}

// ownBody holds the body of a verified entry against the log too. The library
// doesn't look at the body of version 2: it makes the one that there has to be.
// Nothing here believes what it says, but who reads the bundle elsewhere might.
func ownBody(entry *tlog.Entry, log *root.TransparencyLog) error {
	if !entry.IsRekorV2() {
		return nil
	}
	verifier, err := signature.LoadVerifier(log.PublicKey, log.SignatureHashFunc)
	if err != nil {
		return err
	}
	address, err := url.Parse(log.BaseURL)
	if err != nil {
		return err
	}
	return tlog.VerifyCheckpointAndInclusion(entry, verifier, address.Hostname())
}

// treeOrigin reports whether a checkpoint is by version 1 of the log: its first
// line ends in " - " and a number.
func treeOrigin(entry *tlog.Entry) bool {
	line, _, _ := strings.Cut(entry.TransparencyLogEntry().GetInclusionProof().GetCheckpoint().GetEnvelope(), "\n")
	i := strings.LastIndex(line, " - ")
	return i >= 0 && i+3 < len(line) && strings.Trim(line[i+3:], "0123456789") == ""
}

// indexOf returns the place of a verified entry: what the log signed.
func indexOf(entry *tlog.Entry) int64 {
	if !entry.IsRekorV2() && !entry.HasInclusionPromise() {
		return entry.TransparencyLogEntry().GetInclusionProof().GetLogIndex()
	}
	return entry.LogIndex()
}

// logReason says why an entry doesn't verify.
func logReason(entry *tlog.Entry, err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "signature does not match"), strings.Contains(text, "certificate does not match"), strings.Contains(text, "payload hash"), strings.Contains(text, "does not match artifact"):
		return "it is the entry of another signature"
	case strings.Contains(text, "outside certificate validity"):
		return fmt.Sprintf("it was made at %s, when the certificate wasn't valid", phrase.Moment(entry.IntegratedTime()))
	case strings.Contains(text, "not enough verified log entries"):
		return "its promise is not signed by the log, or not at a time when the log is trusted"
	case strings.Contains(text, "checkpoint"), strings.Contains(text, "verifiable signatures"):
		return "its checkpoint is not signed by the log"
	case strings.Contains(text, "inclusion"), strings.Contains(text, "root"):
		return "the log has no such entry for this signature: its proof doesn't add up"
	}
	return phrase.Plain(err)
}

func (f *Findings) timestamps(s *Signed, trusted root.TrustedMaterial, seen map[witness]bool) {
	var missing []string
	for i, raw := range s.timestamps {
		id, t, reason := timestamped(raw, s.content.Signature(), trusted.TimestampingAuthorities())
		if t == nil {
			missing = append(missing, fmt.Sprintf("timestamp %d %s", i+1, reason))
			continue
		}
		f.witness(seen, witness{"authority", id}, t.Time, t.URI)
	}
	var details []string
	for _, t := range f.evidence.Timestamps {
		details = append(details, fmt.Sprintf("signed at %s, says %s", phrase.Moment(t.Time), t.Source))
	}
	f.steps = append(f.steps, step{
		name: checkTimestamps, counts: true, count: len(f.evidence.Timestamps),
		detail: strings.Join(details, ", "), missing: strings.Join(missing, "; "),
	})
}

// witness notes a verified time, the first of each witness.
func (f *Findings) witness(seen map[witness]bool, w witness, t time.Time, source string) {
	if !seen[w] {
		seen[w] = true
		f.evidence.Timestamps = append(f.evidence.Timestamps, trust.Timestamp{Time: t.UTC(), Source: source})
	}
}

// timestamped returns which authority stamped a signature, and when.
func timestamped(raw, sig []byte, authorities []root.TimestampingAuthority) (id string, t *root.Timestamp, reason string) {
	if der.Check(raw) != nil {
		return "", nil, "is not in DER, or too large"
	}
	reason = "is by no authority of the trusted root"
	for _, a := range authorities {
		t, err := a.Verify(raw, sig)
		if err == nil {
			id, t.URI = authorityName(a, t.URI)
			return id, t, ""
		}
		if text := timestampReason(err); text != "" {
			reason = text
		}
	}
	return "", nil, reason
}

// timestampReason says why a timestamp of a known authority doesn't count, or
// nothing if it is another authority's.
func timestampReason(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "hashed messages don't match"):
		return "is of something else"
	case strings.Contains(text, "validity period"):
		return "was made when the trusted root didn't trust its authority"
	case strings.Contains(text, "parse"), strings.Contains(text, "asn1"):
		return "is none"
	}
	return ""
}

// authorityName returns what tells a timestamp authority apart, and its name.
func authorityName(a root.TimestampingAuthority, uri string) (id, name string) {
	if uri != "" {
		return uri, uri
	}
	if tsa, ok := a.(*root.SigstoreTimestampingAuthority); ok {
		certificate := tsa.Root
		if tsa.Leaf != nil {
			certificate = tsa.Leaf
		}
		sum := sha256.Sum256(certificate.Raw)
		return hex.EncodeToString(sum[:]), certificate.Subject.String()
	}
	return "", "a timestamp authority"
}

// logWindows refuses entries in a log that wasn't trusted when they can have
// been made. Entries of version 1 say when, signed; for others the time of
// signing has to do, and where there is none, that the log isn't given up.
func (f *Findings) logWindows(logs []loggedIn, now time.Time) bool {
	for _, l := range logs {
		if l.timed {
			continue
		}
		from, until := l.log.ValidityPeriodStart, l.log.ValidityPeriodEnd
		for _, t := range f.evidence.Timestamps {
			if t.Time.Before(from) || !until.IsZero() && t.Time.After(until) {
				f.fail(checkTLog, trust.BadSignature, "signed at %s, says %s, when the trusted root didn't trust log %s", phrase.Moment(t.Time), t.Source, l.name)
				return false
			}
		}
		if len(f.evidence.Timestamps) == 0 && !until.IsZero() && now.After(until) {
			f.fail(checkTLog, trust.BadSignature, "log %s was given up at %s, and nothing attests that the entry is older", l.name, phrase.Moment(until))
			return false
		}
	}
	return true
}

// logName returns the name of a log for reports: its host, or its id.
func logName(log *root.TransparencyLog) string {
	if u, err := url.Parse(log.BaseURL); err == nil && u.Host != "" {
		return log.BaseURL
	}
	return hex.EncodeToString(log.ID)
}
