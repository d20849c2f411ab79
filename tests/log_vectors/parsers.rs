//! No input makes a parser panic, or pass for evidence.

use cosignet::log::{
    Checkpoint, LogEntry, LogError, SignedNote, TrustedLogs, VerifiedEntry, Witness,
};
use proptest::{prelude::*, sample::Index};

use super::data::{Bundle, REKOR, read, read_text};

/// A way to read an entry.
type Parser = fn(&[u8]) -> Result<LogEntry, LogError>;

const PARSERS: [Parser; 4] = [
    LogEntry::from_annotation,
    LogEntry::from_bundle,
    LogEntry::from_rekor_v1,
    LogEntry::from_rekor_v2,
];

fn verify(bundle: &Bundle, entry: &[u8]) -> Vec<VerifiedEntry> {
    let entries = PARSERS.iter().filter_map(|parse| parse(entry).ok());
    entries
        .filter_map(|entry| {
            let _ = (entry.to_annotation(), entry.to_bundle());
            entry.verify(&bundle.content.signed(), &REKOR).ok()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        for parse in PARSERS {
            prop_assert!(parse(&bytes).is_err());
        }
        prop_assert!(LogEntry::all_from_bundle(&bytes).is_err());
        prop_assert!(TrustedLogs::from_trusted_root(&bytes).is_err());
    }

    #[test]
    fn any_text(text in "(\\PC|\n|— |[+/=0-9]){0,64}") {
        let _ = SignedNote::parse(&text);
        let _ = Checkpoint::parse(&text);
        prop_assert!(Witness::from_vkey(&text).is_err());
    }

    /// Bytes of a real entry replaced, removed or doubled: what passes still says the same.
    #[test]
    fn altered_entries(v2: bool, edits in prop::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..4)) {
        let version = if v2 { "v2" } else { "v1" };
        let bundle = Bundle::read(&format!("rekor/{version}/blob/cosign3-p256.sigstore.json"));
        let entry = bundle.entry().to_string().into_bytes();
        let untouched = verify(&bundle, &entry);
        prop_assert!(!untouched.is_empty());
        for passed in verify(&bundle, &edit(entry, &edits)) {
            prop_assert!(says_no_more(&passed, &untouched[0]), "{passed:?}");
        }
    }

    #[test]
    fn altered_answers(edits in prop::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..4)) {
        let bundle = Bundle::read("rekor/v1/blob/cosign3-rsa2048.sigstore.json");
        let answer = read("rekor/v1/entries/003.json");
        let untouched = verify(&bundle, &answer);
        prop_assert_eq!(untouched.len(), 1);
        for passed in verify(&bundle, &edit(answer, &edits)) {
            prop_assert!(says_no_more(&passed, &untouched[0]), "{passed:?}");
        }
    }

    #[test]
    fn altered_checkpoints(edits in prop::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..4)) {
        let note = read_text("rekor/v2/checkpoint.txt");
        let log = &REKOR.logs()[1];
        let altered = edit(note.clone().into_bytes(), &edits);
        if let Ok(altered) = String::from_utf8(altered)
            && let Ok(checkpoint) = Checkpoint::parse(&altered)
            && checkpoint.verify(log).is_ok()
        {
            let untouched = Checkpoint::parse(&note).unwrap();
            prop_assert_eq!(checkpoint.root(), untouched.root());
            prop_assert_eq!(checkpoint.size(), untouched.size());
        }
    }

    #[test]
    fn altered_roots(edits in prop::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..4)) {
        let root = read("rekor/trusted-root.json");
        let _ = TrustedLogs::from_trusted_root(&edit(root, &edits));
    }
}

/// An answer may lose its timestamp, and is then as good as its proof.
fn says_no_more(passed: &VerifiedEntry, untouched: &VerifiedEntry) -> bool {
    let time = passed.integrated_time();
    passed.log_id() == untouched.log_id()
        && passed.log_index() == untouched.log_index()
        && (time.is_none() || time == untouched.integrated_time())
}

fn edit(mut bytes: Vec<u8>, edits: &[(Index, u8, u8)]) -> Vec<u8> {
    for (place, value, kind) in edits {
        let place = place.index(bytes.len());
        match kind {
            0 => bytes[place] = *value,
            1 => drop(bytes.remove(place)),
            _ => bytes.insert(place, *value),
        }
    }
    bytes
}
