use super::chain::Hash;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no file.
    #[error("store {path}: there is no such file; signing and verifying with --store make it")]
    Missing {
        /// The file.
        path: String,
    },
    /// The file is something else.
    #[error("store {path}: expected a store of cosignet, found {found}")]
    Foreign {
        /// The file.
        path: String,
        /// What it is.
        found: String,
    },
    /// The file was written by a newer program.
    #[error(
        "store {path}: its version is {found}, and this program knows {known}: use a newer cosignet"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// Another process has been writing for too long.
    #[error("store {path}: another process kept it locked for {seconds} s; try again")]
    Busy {
        /// The file.
        path: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It cannot be written, or read.
    #[error("store {path}: {doing}: {why}")]
    Failed {
        /// The file.
        path: String,
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        why: String,
    },
    /// An event is not what it was when it was written.
    #[error(
        "store {path}: event {number} was altered: {why}; `cosignet custody verify` looks at all of \
         them"
    )]
    Altered {
        /// The file.
        path: String,
        /// Which event.
        number: u64,
        /// What is wrong with it.
        why: String,
    },
    /// What is kept of a signature cannot be read.
    #[error("store {path}: a signature of {digest} is malformed: {why}")]
    Malformed {
        /// The file.
        path: String,
        /// Of which artifact.
        digest: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is more than is read or written.
    #[error("store {path}: {what}, and at most {limit} are taken")]
    TooMuch {
        /// The file.
        path: String,
        /// What there is.
        what: String,
        /// The limit.
        limit: u64,
    },
}

/// What an event should have been, in words.
pub(super) fn other_hash(expected: &Hash, found: &Hash) -> String {
    format!("its content has the hash {found}, and it was written with {expected}")
}
