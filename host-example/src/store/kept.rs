//! Reading signatures.

use super::{Format, Store, StoreError, StoredSignature};

/// A signature that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its form.
    pub format: Format,
    /// The repository that it names, or the type of the predicate.
    pub claim: Option<String>,
    /// The signature.
    pub signature: StoredSignature,
}

impl Store {
    /// The signatures that are kept of an artifact, whatever it was called when it was signed.
    pub fn kept(&self, digest: &str) -> Result<Vec<Kept>, StoreError> {
        let read = || {
            let mut query = self.connection.prepare(
                "SELECT format, claim, payload, signature, bundle, log_entry FROM signatures \
                 WHERE digest = ?1 ORDER BY event, place",
            )?;
            let mut rows = query.query([digest])?;
            let (mut found, mut size) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let (format, claim): (String, String) = (row.get(0)?, row.get(1)?);
                let signature = StoredSignature::read(row, 2)?;
                size += signature.payload.len() + signature.bundle.len();
                if found.len() == MOST_SIGNATURES || size > MOST_BYTES {
                    return Ok(None);
                }
                found.push((format, claim, signature));
            }
            Ok(Some(found))
        };
        let found = read().map_err(|error: rusqlite::Error| self.failed("read", error))?;
        let found = found.ok_or_else(|| {
            let what =
                format!("more signatures of {digest}, or more than {MOST_BYTES} bytes of them");
            self.too_much(what, MOST_SIGNATURES as u64)
        })?;
        let kept = found.into_iter().map(|(format, claim, signature)| {
            let known = Format::ALL.into_iter().find(|known| known.name() == format);
            Ok(Kept {
                format: known.ok_or_else(|| {
                    self.malformed(digest, format!("a form that nobody writes: {format:?}"))
                })?,
                claim: Some(claim).filter(|claim| !claim.is_empty()),
                signature,
            })
        });
        kept.collect()
    }
}

/// As many as the component looks at.
const MOST_SIGNATURES: usize = 1000;
/// Of an image with its attestations.
const MOST_BYTES: usize = 128 * 1024 * 1024;
