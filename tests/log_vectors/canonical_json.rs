//! RFC 8785 against the vectors of its author.

use cosignet::log::{LogEntry, MAX_JSON_DEPTH, canonicalize};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::data::{files, read, read_text, text};

#[test]
fn texts_become_canonical() {
    let inputs = files("public/jcs/input");
    assert_eq!(inputs.len(), 6);
    for input in inputs {
        let name = input.rsplit('/').next().unwrap();
        let canonical = canonicalize(&read_text(&input)).unwrap();
        assert_eq!(
            canonical,
            read_text(&format!("public/jcs/output/{name}")),
            "{name}"
        );
        let hex = read_text(&format!(
            "public/jcs/outhex/{}",
            name.replace(".json", ".txt")
        ));
        let bytes = hex
            .split_whitespace()
            .map(|digits| u8::from_str_radix(digits, 16).unwrap());
        assert!(canonical.bytes().eq(bytes), "{name}");
        assert_eq!(canonicalize(&canonical).unwrap(), canonical, "{name}");
    }
}

/// The first thousand of the published numbers: the bits of a double, and how it is printed.
#[test]
fn numbers_are_printed_as_by_ecmascript() {
    let vectors = read_text("public/jcs/es6numbers1k.txt");
    for line in vectors.lines() {
        let (bits, expected) = line.split_once(',').unwrap();
        let number = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        // Seventeen digits are enough for any double.
        let exact = format!("{number:.17e}");
        assert_eq!(canonicalize(&exact).unwrap(), expected, "{bits}: {exact}");
        assert_eq!(canonicalize(expected).unwrap(), expected, "{bits}");
    }
    assert_eq!(vectors.lines().count(), 1000);
    // Powers of two, whose neighbours are not equally far: the nearest of so few digits would be
    // the number below.
    for (exact, expected) in [
        ("618970019642690137449562112", "6.189700196426902e+26"),
        ("5.9604644775390625e-8", "5.960464477539063e-8"),
    ] {
        assert_eq!(canonicalize(exact).unwrap(), expected);
    }
}

#[test]
fn what_has_no_canonical_form_is_refused() {
    for text in [
        "",
        "{",
        "{} {}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":1}",
        "[1,{\"b\":[{\"a\":1,\"a\":1}]}]",
        "\"\\ud800\"",
        "{\"\\udc00\":1}",
        "1e400",
        "-1e400",
        "NaN",
        "01",
        "'a'",
        "[1,]",
    ] {
        assert!(canonicalize(text).is_err(), "{text}");
    }
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(canonicalize(&nested(MAX_JSON_DEPTH)).is_ok());
    assert!(canonicalize(&nested(MAX_JSON_DEPTH + 1)).is_err());
    assert!(canonicalize(&nested(100_000)).is_err());
}

/// What Rekor hashes is canonical: so are the bodies of real entries.
#[test]
fn bodies_of_rekor_are_canonical() {
    for index in 0..40 {
        let answer = read(&format!("rekor/v1/entries/{index:03}.json"));
        let entry = LogEntry::from_rekor_v1(&answer).unwrap();
        let body = std::str::from_utf8(entry.body()).unwrap();
        assert_eq!(canonicalize(body).unwrap(), body, "{index}");
    }
}

proptest! {
    #[test]
    fn any_double_keeps_its_value(bits: u64) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let canonical = canonicalize(&format!("{number:e}")).unwrap();
        prop_assert_eq!(canonical.parse::<f64>().unwrap(), number);
    }

    #[test]
    fn any_text_keeps_its_value(names in prop::collection::btree_map(".*", ".*", 0..8)) {
        let value = json!(names);
        let canonical = canonicalize(&value.to_string()).unwrap();
        let again: Value = serde_json::from_str(&canonical).unwrap();
        prop_assert_eq!(again, value);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,64}") {
        let _ = canonicalize(&text);
    }
}

#[test]
fn members_are_sorted_by_utf16() {
    // U+10000 is D800 DC00 in UTF-16, and so before U+FFFF; in UTF-8 it is after.
    let canonical = canonicalize("{\"\u{ffff}\":1,\"\u{10000}\":2}").unwrap();
    assert_eq!(text(&json!(canonical)), "{\"\u{10000}\":2,\"\u{ffff}\":1}");
}
