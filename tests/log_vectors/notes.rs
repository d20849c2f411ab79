//! Signed notes and checkpoints (C2SP), against the vectors of sigstore and transparency-dev.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::{
    key::PublicKey,
    log::{Checkpoint, LogError, NoteError, SignedNote, TrustedLog},
};
use serde_json::Value;

use super::{
    data::{PUBLIC_GOOD, REKOR, bytes, case_of, files, json, read, read_text, text},
    lab::{self, Lab, note_line},
};

/// The text of a checkpoint. Where they hold no signature they are given one, and roots of other
/// lengths than SHA-256's are replaced, after it was seen that nothing else is wrong with them.
#[test]
fn checkpoint_vectors() {
    let notes = json("public/notes/notes.json");
    let vectors = |name: &str| notes[name].as_array().unwrap().clone();
    let mut unsigned = vectors("unmarshal_checkpoint");
    unsigned.extend(vectors("transparency_dev_unmarshal"));
    assert_eq!(unsigned.len(), 24);
    for vector in unsigned {
        let text = text(&vector["text"]);
        let note = format!("{text}\n{}", note_line("name", &[0; 4], &[0; 64]));
        check(&note, &vector);
    }
    let signed = vectors("unmarshal_signed_checkpoint");
    assert_eq!(signed.len(), 8);
    for vector in signed {
        check(text(&vector["text"]), &vector);
    }
}

fn check(note: &str, vector: &Value) {
    let description = text(&vector["desc"]);
    let refused = vector["wantErr"] == true;
    match Checkpoint::parse(note) {
        Ok(_) => assert!(!refused, "{description}"),
        Err(error) if refused => assert_eq!(case_of(&error), "CheckpointMalformed"),
        Err(error) => {
            let words = error.to_string();
            assert!(
                words.contains("no base64 of 32 bytes"),
                "{description}: {words}"
            );
            let root = note.lines().nth(2).unwrap();
            assert_ne!(STANDARD.decode(root).unwrap().len(), 32, "{description}");
            let replaced = note.replacen(root, &STANDARD.encode([7; 32]), 1);
            Checkpoint::parse(&replaced).unwrap_or_else(|error| panic!("{description}: {error}"));
        }
    }
}

/// Signatures by ECDSA keys: two by logs, one under another name, one that is none.
#[test]
fn signature_vectors() {
    let notes = json("public/notes/notes.json");
    let vectors = notes["ecdsa_note_verify"].as_array().unwrap();
    assert_eq!(vectors.len(), 4);
    for vector in vectors {
        let mut parts = text(&vector["vkey"]).splitn(3, '+');
        let (name, id, key) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap(),
        );
        let id = u32::from_str_radix(id, 16).unwrap().to_be_bytes();
        let key = PublicKey::from_spki_der(&bytes(&key.into())[1..]).unwrap();
        assert_eq!(id, key.fingerprint()[..4]);
        let note = SignedNote::parse(text(&vector["note"])).unwrap();
        let verified = note.verify(name, id, &key);
        match text(&vector["name"]) {
            "sigstore works" | "pixel works" => assert_eq!(verified, Ok(())),
            _ => assert_eq!(verified, Err(NoteError::Unsigned)),
        }
        assert_eq!(verified.is_err(), vector["wantErr"] == true);
    }
}

/// A checkpoint of the public good, whole, cosigned by someone unknown, and damaged.
#[test]
fn checkpoints_of_sigstore_java() {
    let log = &PUBLIC_GOOD.logs()[0];
    let names = files("public/notes/java-checkpoints");
    assert_eq!(names.len(), 9);
    for name in names {
        let note = read_text(&name);
        let checkpoint = Checkpoint::parse(&note);
        if name.contains("/error_") {
            assert_eq!(
                case_of(&checkpoint.unwrap_err()),
                "CheckpointMalformed",
                "{name}"
            );
            continue;
        }
        let checkpoint = checkpoint.unwrap();
        assert_eq!(
            checkpoint.origin(),
            "rekor.sigstore.dev - 2605736670972794746"
        );
        assert_eq!(checkpoint.size(), 37_795_272);
        checkpoint.verify(log).unwrap();
        let altered = note.replacen("37795272", "37795273", 1);
        let altered = Checkpoint::parse(&altered).unwrap();
        let error = altered.verify(log).unwrap_err();
        assert_eq!(case_of(&error), "CheckpointSignature", "{name}");
    }
}

/// Signed tree heads as the servers give them.
#[test]
fn real_checkpoints_verify() {
    let note = read_text("rekor/v2/checkpoint.txt");
    let checkpoint = Checkpoint::parse(&note).unwrap();
    let log = &REKOR.logs()[1];
    checkpoint.verify(log).unwrap();
    assert_eq!(
        (checkpoint.origin(), checkpoint.size()),
        ("rekor-tiles.local.test", 309)
    );
    let other = &REKOR.logs()[0];
    let error = checkpoint.verify(other).unwrap_err();
    assert_eq!(case_of(&error), "UnknownOrigin");
    // By its key alone.
    let log = TrustedLog::from_pem(&read("rekor/v2/rekor-tiles.pub")).unwrap();
    checkpoint.verify(&log).unwrap();
    let other = TrustedLog::from_pem(&read("rekor/v1/rekor.pub")).unwrap();
    let error = checkpoint.verify(&other).unwrap_err();
    assert_eq!(case_of(&error), "CheckpointUnsigned");
}

#[test]
fn notes_are_read_strictly() {
    let lab = lab();
    let good = lab.checkpoint(3);
    let log = lab.trusted();
    Checkpoint::parse(&good).unwrap().verify(&log).unwrap();
    let line = note_line(
        &lab.name(),
        &lab.id()[..4],
        &lab.sign(lab.checkpoint_text(3).as_bytes()),
    );
    let root = STANDARD.encode(lab.root(3));
    for (what, note) in [
        ("nothing", String::new()),
        ("no signatures", lab.checkpoint_text(3)),
        ("blank line, no signatures", lab.checkpoint_text(3) + "\n"),
        ("no final newline", good.trim_end().to_owned()),
        ("a blank line after", good.clone() + "\n"),
        ("text after", good.clone() + "text\n"),
        ("carriage returns", good.replace('\n', "\r\n")),
        ("tab", good.replacen("log", "lo\tg", 1)),
        ("nul", good.replacen("log", "lo\0g", 1)),
        ("hyphen for the dash", good.replace('—', "-")),
        ("two spaces", good.replacen("— ", "—  ", 1)),
        (
            "no-break space in the name",
            good.replacen("— log", "— lo\u{a0}g", 1),
        ),
        ("plus in the name", good.replacen("— log", "— lo+g", 1)),
        ("no name", good.replacen("— log.test ", "—  ", 1)),
        (
            "space after the signature",
            good.replacen("\n— ", " \n— ", 1).trim_end().to_owned() + " \n",
        ),
        (
            "unpadded",
            good.trim_end().trim_end_matches('=').to_owned() + "=\n",
        ),
        (
            "short signature",
            format!("{}\n— log.test AAAAAA==\n", lab.checkpoint_text(3)),
        ),
        ("no origin", good.replacen("log.test\n", "\n", 1)),
        ("no size", good.replacen("\n3\n", "\n\n", 1)),
        ("size with a sign", good.replacen("\n3\n", "\n+3\n", 1)),
        ("size with a zero", good.replacen("\n3\n", "\n03\n", 1)),
        ("size in hexadecimal", good.replacen("\n3\n", "\n0x3\n", 1)),
        (
            "size of 2^63",
            good.replacen("\n3\n", "\n9223372036854775808\n", 1),
        ),
        (
            "short root",
            good.replacen(&root, &STANDARD.encode([0; 31]), 1),
        ),
        (
            "long root",
            good.replacen(&root, &STANDARD.encode([0; 33]), 1),
        ),
        ("two lines", format!("log.test\n3\n\n{line}")),
        (
            "65 signatures",
            format!("{}\n{}", lab.checkpoint_text(3), line.repeat(65)),
        ),
        (
            "33 lines",
            lab.signed_note(&(lab.checkpoint_text(3) + &"x\n".repeat(30))),
        ),
        (
            "larger than any",
            lab.signed_note(&(lab.checkpoint_text(3) + &"x".repeat(65_536) + "\n")),
        ),
    ] {
        match Checkpoint::parse(&note) {
            Ok(checkpoint) => panic!("{what}: {checkpoint:?}"),
            Err(LogError::CheckpointMalformed(_)) => {}
            Err(error) => panic!("{what}: {error}"),
        }
    }
    for (what, note) in [
        (
            "64 signatures",
            format!("{}\n{}", lab.checkpoint_text(3), line.repeat(64)),
        ),
        (
            "32 lines",
            lab.signed_note(&(lab.checkpoint_text(3) + &"x\n".repeat(29))),
        ),
        (
            "blank lines",
            lab.signed_note(&(lab.checkpoint_text(3) + "\n\nx\n")),
        ),
        (
            "others first",
            format!(
                "{}\n{}{line}",
                lab.checkpoint_text(3),
                note_line("other.test", &[1; 4], &[0; 9])
            ),
        ),
        (
            "others' key id",
            format!(
                "{}\n{}{line}",
                lab.checkpoint_text(3),
                note_line("other.test", &lab.id()[..4], &[0; 9])
            ),
        ),
        (
            "another key of the name",
            format!(
                "{}\n{}{line}",
                lab.checkpoint_text(3),
                note_line("log.test", &[1; 4], &[0; 9])
            ),
        ),
    ] {
        let checkpoint = Checkpoint::parse(&note).unwrap_or_else(|error| panic!("{what}: {error}"));
        let verified = checkpoint.verify(&log);
        verified.unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    // A second signature of the log that does not verify is not made up for by the first.
    let both = format!("{good}{}", note_line("log.test", &lab.id()[..4], &[0; 70]));
    let error = Checkpoint::parse(&both).unwrap().verify(&log).unwrap_err();
    assert_eq!(case_of(&error), "CheckpointSignature");
}

fn lab() -> Lab {
    let mut lab = Lab::p256("log.test");
    lab.leaves = vec![b"1".to_vec(), b"2".to_vec(), b"3".to_vec()];
    assert_eq!(lab.root(1), lab::leaf(b"1"));
    lab
}
