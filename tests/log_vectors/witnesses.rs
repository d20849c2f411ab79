//! Cosignatures of witnesses (C2SP `tlog-cosignature`).

use cosignet::log::{TrustError, TrustedLogs, Witness};

use super::{
    data::{Bundle, bytes, case_of, key},
    lab::{Lab, LabWitness, note_line},
};

#[test]
fn trusted_witnesses_are_counted() {
    let bundle = Bundle::read("rekor/v2/blob/cosign3-p256.sigstore.json");
    let mut lab = Lab::ed25519("log.test");
    lab.leaves = vec![
        b"first".to_vec(),
        bytes(&bundle.entry()["canonicalizedBody"]),
    ];
    let (one, two, unknown) = (
        LabWitness::new("witness.test/1", 1),
        LabWitness::new("witness.test/2", 2),
        LabWitness::new("witness.test/3", 3),
    );
    let text = lab.checkpoint_text(2);
    let verify = |lines: &[String]| {
        let logs = TrustedLogs::new(vec![lab.trusted()]).unwrap();
        let witnesses = vec![
            Witness::new(&one.name, one.public_key()).unwrap(),
            Witness::from_vkey(&two.vkey()).unwrap(),
        ];
        let mut entry = lab.entry(1, 2, "0.0.2");
        let note = lab.checkpoint(2) + &lines.concat();
        entry["inclusionProof"]["checkpoint"]["envelope"] = note.into();
        bundle.verify_with(&entry, &logs.with_witnesses(witnesses).unwrap())
    };
    let count = |lines: &[String]| verify(lines).unwrap().witnesses();
    let refusal = |lines: &[String]| case_of(&verify(lines).unwrap_err());

    assert_eq!(count(&[]), 0);
    assert_eq!(count(&[one.cosign(&text, 5)]), 1);
    assert_eq!(
        count(&[two.cosign(&text, 0), one.cosign(&text, i64::MAX as u64)]),
        2
    );
    // One witness counts once, and others not at all.
    assert_eq!(count(&[one.cosign(&text, 5), one.cosign(&text, 6)]), 1);
    assert_eq!(count(&[unknown.cosign(&text, 5), one.cosign(&text, 5)]), 1);
    let renamed = one.cosign(&text, 5).replace("test/1", "test/9");
    assert_eq!(count(&[renamed]), 0);
    let without_type = note_line(&one.name, &[0; 4], &[0; 72]);
    assert_eq!(count(&[without_type]), 0);

    // What bears the name and key id of a trusted witness must be by it, and over this checkpoint.
    let other = lab.checkpoint_text(1);
    assert_eq!(refusal(&[one.cosign(&other, 5)]), "WitnessSignature");
    assert_eq!(refusal(&[one.cosign(&text, 1 << 63)]), "WitnessSignature");
    assert_eq!(
        refusal(&[two.cosign(&text, 5), one.cosign(&other, 5)]),
        "WitnessSignature"
    );
    for size in [1, 7, 8, 71, 73] {
        let line = note_line(&one.name, &one.key_id(), &vec![0; size]);
        assert_eq!(refusal(&[line]), "WitnessSignature");
    }
    // A time that was not signed.
    let line = one.cosign(&text, 5);
    let mut cosignature = bytes(&line.trim_end().rsplit(' ').next().unwrap().into());
    cosignature[11] += 1;
    let line = note_line(&one.name, &one.key_id(), &cosignature[4..]);
    assert_eq!(refusal(&[line]), "WitnessSignature");
}

/// The example of the specification, which is not signed by a key that is known; its form is.
#[test]
fn verifier_keys_are_read_strictly() {
    let witness = LabWitness::new("witness.test/1", 1);
    let vkey = witness.vkey();
    let read = Witness::from_vkey(&vkey).unwrap();
    assert_eq!(
        read,
        Witness::new("witness.test/1", witness.public_key()).unwrap()
    );
    assert_eq!(
        (read.name(), read.key()),
        ("witness.test/1", &witness.public_key())
    );
    let (rest, key_text) = vkey.rsplit_once('+').unwrap();
    let of_type = |kind: u8, size: usize| {
        let mut raw = bytes(&key_text.into());
        raw[0] = kind;
        raw.resize(size, 0);
        format!("{rest}+{}", super::data::text(&super::data::base64(raw)))
    };
    Witness::from_vkey(&of_type(4, 33)).unwrap();
    for bad in [
        String::new(),
        "witness.test/1".into(),
        rest.into(),
        vkey.replace("test/1", "test/2"),
        vkey.replace("witness", "wit ness"),
        vkey.replacen("witness.test/1", "", 1),
        of_type(1, 33),
        of_type(6, 33),
        of_type(4, 32),
        of_type(4, 34),
        of_type(4, 1),
        format!("{vkey}="),
        rest.to_uppercase() + "+" + key_text,
    ] {
        let error = Witness::from_vkey(&bad).unwrap_err();
        assert!(
            matches!(error, TrustError::UnusableWitness(_)),
            "{bad}: {error}"
        );
    }
    let p256 = key("rekor/keys/p256.pub");
    assert!(Witness::new("witness.test/1", p256).is_err());
    assert!(Witness::new("", witness.public_key()).is_err());
}

#[test]
fn a_witness_is_trusted_once() {
    let lab = Lab::p256("log.test");
    let logs = || TrustedLogs::new(vec![lab.trusted()]).unwrap();
    let witness =
        |name: &str, seed| Witness::new(name, LabWitness::new(name, seed).public_key()).unwrap();
    let trusted = logs()
        .with_witnesses(vec![witness("a", 1), witness("b", 2)])
        .unwrap();
    assert_eq!(trusted.witnesses().len(), 2);
    // A key under two names would count twice.
    assert!(
        logs()
            .with_witnesses(vec![witness("a", 1), witness("b", 1)])
            .is_err()
    );
    let many = (0..65).map(|seed| witness("a", seed)).collect();
    let error = logs().with_witnesses(many).unwrap_err();
    assert!(
        matches!(
            error,
            TrustError::TooLarge {
                limit: 64,
                found: 65,
                ..
            }
        ),
        "{error}"
    );
}
