use super::*;

/// Whoever can write the file can remove the triggers, and put them back.
const UNGUARD: &str = "DROP TRIGGER events_stay_as_they_are; DROP TRIGGER events_stay;";

/// Three events, and what happens to them behind the store's back.
fn findings(sql: &str) -> Vec<Finding> {
    let place = Place::new();
    let mut store = place.store();
    store.record(signing("a", "p")).unwrap();
    store.record(verification(Outcome::Failed)).unwrap();
    store.record(verification(Outcome::Passed)).unwrap();
    drop(store);
    place.meddle(&format!("{UNGUARD} {sql}; {}", guard()));
    place.store().audit(None).unwrap().findings
}

fn guard() -> String {
    let parts = super::super::schema::PARTS.iter();
    let triggers = parts.filter(|part| !part.is_required);
    triggers.map(|part| format!("{};", part.sql)).collect()
}

#[test]
fn a_chain_that_nobody_touched_has_nothing_to_find() {
    assert_eq!(findings("SELECT 1"), []);
}

#[test]
fn an_edit_is_found() {
    let edited =
        findings("UPDATE events SET body = replace(body, 'failed', 'passed') WHERE number = 2");
    assert!(
        matches!(&edited[..], [Finding::Altered { number: 2, .. }]),
        "{edited:?}"
    );
    let odd = findings("UPDATE events SET hash = x'00' WHERE number = 2");
    assert!(
        matches!(&odd[..], [Finding::Altered { number: 2, .. }, ..]),
        "{odd:?}"
    );
}

#[test]
fn a_gap_is_found() {
    let gone = findings("DELETE FROM events WHERE number = 2");
    let missing = Finding::Missing {
        first: 2,
        before: 3,
    };
    assert_eq!(gone, [missing]);
    // Moving up what comes after does not close it.
    let closed = findings(
        "DELETE FROM events WHERE number = 2; UPDATE events SET number = 2 WHERE number = 3",
    );
    let words: Vec<String> = closed.iter().map(Finding::to_string).collect();
    assert!(words[0].contains("event 2 does not follow"), "{words:?}");
    assert!(words[1].contains("event 2 was altered"), "{words:?}");
}

#[test]
fn another_order_is_found() {
    let swapped = findings(
        "UPDATE events SET number = 9 WHERE number = 2; UPDATE events SET number = 2 WHERE number \
         = 3; UPDATE events SET number = 3 WHERE number = 9",
    );
    assert!(
        swapped.contains(&Finding::Unchained { number: 2 }),
        "{swapped:?}"
    );
    assert!(
        swapped.contains(&Finding::Unchained { number: 3 }),
        "{swapped:?}"
    );
}

#[test]
fn signatures_are_those_that_were_made() {
    for altered in [
        "UPDATE signatures SET payload = x'00'",
        "UPDATE signatures SET key = 'b'",
        "UPDATE signatures SET event = 2",
    ] {
        let found = findings(altered);
        let altered = |found: &Finding| matches!(found, Finding::SignatureAltered { .. });
        assert!(found.iter().any(altered), "{found:?}");
    }
    let gone = findings("DELETE FROM signatures");
    assert_eq!(gone, [Finding::SignatureGone { number: 1 }]);
}

/// What a chain alone does not show, and a hash that is kept elsewhere does.
#[test]
fn a_head_that_was_kept_shows_that_the_end_is_gone() {
    let place = Place::new();
    let mut store = place.store();
    let first = store.record(signing("a", "p")).unwrap().hash;
    let head = store.record(verification(Outcome::Failed)).unwrap().hash;
    let audit = store.audit(Some(first)).unwrap();
    assert_eq!(
        (audit.count, audit.head, audit.asked),
        (2, Some(head), Some(1))
    );
    drop(store);
    place.meddle(&format!(
        "{UNGUARD} DELETE FROM events WHERE number = 2; {}",
        guard()
    ));
    let audit = place.store().audit(Some(head)).unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!(
        (audit.count, audit.head, audit.asked),
        (1, Some(first), None)
    );
}

#[test]
fn the_triggers_are_there_and_missed() {
    let place = Place::new();
    place.store().record(signing("a", "p")).unwrap();
    let database = rusqlite::Connection::open(place.path()).unwrap();
    for sql in ["UPDATE events SET body = '{}'", "DELETE FROM events"] {
        let refused = database.execute_batch(sql).unwrap_err().to_string();
        assert!(refused.contains("events are not"), "{refused}");
    }
    place.meddle("DROP TRIGGER events_stay");
    let found = place.store().audit(None).unwrap().findings;
    assert_eq!(found, [Finding::Unguarded("events_stay")]);
}

#[test]
fn an_altered_event_is_not_shown_as_if_nothing_was() {
    let place = Place::new();
    place.store().record(verification(Outcome::Failed)).unwrap();
    place.meddle(&format!(
        "{UNGUARD} UPDATE events SET body = replace(body, 'failed', 'passed'); {}",
        guard()
    ));
    let store = place.store();
    for refused in [
        store.overview(&WHICH).map(|_| ()),
        store.history(&WHICH).map(|_| ()),
    ] {
        let refused = refused.unwrap_err();
        assert!(
            matches!(refused, StoreError::Altered { number: 1, .. }),
            "{refused}"
        );
    }
}
