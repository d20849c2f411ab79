//! Files that are not what they are said to be.

use std::fs;

use super::*;

fn refusal(place: &Place) -> String {
    Store::open(&place.path()).err().unwrap().to_string()
}

#[test]
fn other_files_are_refused_and_left_as_they_are() {
    let place = Place::new();
    fs::write(
        place.path(),
        "no database, but long enough to look like one".repeat(100),
    )
    .unwrap();
    let before = fs::read(place.path()).unwrap();
    assert!(
        refusal(&place).contains("no database"),
        "{}",
        refusal(&place)
    );
    assert_eq!(fs::read(place.path()).unwrap(), before);

    let place = Place::new();
    place.meddle("CREATE TABLE other (x)");
    assert!(
        refusal(&place).contains("another program's"),
        "{}",
        refusal(&place)
    );
}

#[test]
fn a_newer_store_is_refused_with_words() {
    let place = Place::new();
    drop(place.store());
    place.meddle("PRAGMA user_version = 2");
    let words = refusal(&place);
    assert!(
        words.contains("its version is 2, and this program knows 1"),
        "{words}"
    );
}

#[test]
fn nothing_runs_that_no_store_has() {
    let place = Place::new();
    drop(place.store());
    place.meddle("CREATE TRIGGER extra AFTER INSERT ON events BEGIN DELETE FROM signatures; END");
    let words = refusal(&place);
    assert!(
        words.contains("\"extra\" in it, which no store has"),
        "{words}"
    );
    let place = Place::new();
    drop(place.store());
    place.meddle("DROP TABLE signatures");
    assert!(
        refusal(&place).contains("without \"signatures\""),
        "{}",
        refusal(&place)
    );
}

#[test]
fn a_damaged_file_is_an_error_and_no_panic() {
    let place = Place::new();
    let mut store = place.store();
    for key in 0..20 {
        store.record(signing(&key.to_string(), "p")).unwrap();
    }
    drop(store);
    let whole = fs::read(place.path()).unwrap();
    for at in (100..whole.len()).step_by(997) {
        let mut damaged = whole.clone();
        let end = (at + 40).min(damaged.len());
        damaged[at..end].fill(0xff);
        fs::write(place.path(), &damaged).unwrap();
        // Whatever comes of it comes as a value.
        if let Ok(store) = Store::open(&place.path()) {
            let _audited = store.audit(None);
            let _shown = store.overview(&WHICH);
            let _kept = store.kept(DIGEST);
        }
    }
    fs::write(place.path(), &whole[..whole.len() / 2]).unwrap();
    let cut = Store::open(&place.path()).and_then(|store| store.audit(None));
    assert!(cut.is_err_and(|error| error.to_string().contains("malformed")));
}

#[test]
fn who_only_reads_makes_no_store() {
    let place = Place::new();
    let missing = Store::open_existing(&place.path()).err().unwrap();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    assert!(!place.path().exists());
}

#[test]
fn what_cannot_be_written_is_known_before() {
    let place = Place::new();
    place.store().check_writable().unwrap();
    let nowhere = place.0.path().join("no/where");
    assert!(Store::open(&nowhere).is_err());
    // A process that was killed left its journal: it is undone by the next one.
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 1, "one file");
}
