//! How much of untrusted input is looked at. What is larger is refused unread.

/// Bytes of one entry in any of its forms. A RSA-4096 entry has 5 KB; a server may add an
/// attestation of 100 KiB to its answer.
pub const MAX_ENTRY_SIZE: usize = 256 * 1024;
/// Entries that one bundle may list, as in sigstore-go.
pub const MAX_ENTRIES: usize = 32;
/// Bytes of the list of a bundle's entries.
pub const MAX_ENTRIES_SIZE: usize = 1024 * 1024;
/// Bytes of 256 entries that are fetched as one; a DSSE envelope is not among them.
pub const MAX_ENTRY_BUNDLE_SIZE: usize = 4 * 1024 * 1024;
/// Hashes of a proof: enough for a tree of 2⁶³ leaves.
pub const MAX_PROOF_HASHES: usize = 63;
/// Bytes of a checkpoint with its signatures.
pub const MAX_NOTE_SIZE: usize = 64 * 1024;
/// Lines of a checkpoint above its signatures: three, and what a log adds.
pub const MAX_NOTE_LINES: usize = 32;
/// Signatures of a checkpoint; C2SP asks for 16 at least.
pub const MAX_NOTE_SIGNATURES: usize = 64;
/// Bytes of a `trusted_root.json`; that of the public good has 7 KB.
pub const MAX_TRUSTED_ROOT_SIZE: usize = 1024 * 1024;
/// Logs that are trusted at once.
pub const MAX_LOGS: usize = 64;
/// Witnesses that are trusted at once.
pub const MAX_WITNESSES: usize = 64;
/// Depth of JSON that is canonicalized: as deep as any JSON that is read.
pub const MAX_JSON_DEPTH: usize = crate::json::MAX_DEPTH;
/// The largest integer that RFC 8785 keeps exact. Two entries with larger numbers could share
/// one signed entry timestamp, so larger indices and times are refused.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;
