//! How often each program asks the registry, counted by the registry: authentication aside, what a
//! registry on the other side of the world makes one wait for.

use crate::keys::KeyPair;
use crate::lab::Lab;
use crate::tool::Tool;

/// A table in Markdown.
pub fn markdown([cosign2, cosign3]: &[String; 2]) -> String {
    let mut table =
        format!("| requests | Cosignet | {cosign2} | {cosign3} |\n| --- | --- | --- | --- |\n");
    for lists in [true, false] {
        let lab = Lab::with_embedded(lists);
        let key = lab.generate(Tool::Cosign2);
        let place = match lists {
            true => "the registry lists referrers",
            false => "clients keep the list",
        };
        for (what, counts) in rows(&lab, &key) {
            let cells = counts.map(|count| count.map_or(String::new(), |count| count.to_string()));
            table += &format!("| {what}, {place} | {} |\n", cells.join(" | "));
        }
    }
    table
}

type Row = (&'static str, [Option<usize>; 3]);

fn rows(lab: &Lab, key: &KeyPair) -> Vec<Row> {
    let simple = |tool: Tool| Some(tool.sign_flags());
    let bundle = |tool: Tool| (tool != Tool::Cosign2).then(|| tool.bundle_flags());
    let mut rows = Vec::new();
    for (sign, verify, restricted, flags) in [
        (
            "`sign`, `.sig`",
            "`verify`, `.sig`",
            ("`verify --format simple`", "simple"),
            &simple as &dyn Fn(Tool) -> Option<&'static [&'static str]>,
        ),
        (
            "`sign` in a bundle",
            "`verify` a bundle",
            ("`verify --format bundle`", "bundle"),
            &bundle,
        ),
    ] {
        // What each made is verified by it.
        let images = Tool::ALL.map(|_| lab.image().reference());
        let of = |command: &dyn Fn(Tool, &str) -> Option<Vec<String>>| {
            let mut images = images.iter();
            Tool::ALL.map(|tool| count(lab, tool, command(tool, images.next()?)?))
        };
        rows.push((
            sign,
            of(&|tool, image| {
                let sign = ["sign", "--key", &key.private];
                Some(words(&[&sign, flags(tool)?, &[image]]))
            }),
        ));
        let check = ["verify", "--key", &key.public];
        rows.push((
            verify,
            of(&|tool, image| {
                flags(tool)?;
                Some(words(&[&check, tool.verify_flags(), &[image]]))
            }),
        ));
        let (what, format) = restricted;
        rows.push((
            what,
            of(&|tool, image| {
                let ours = tool == Tool::Cosignet;
                ours.then(|| words(&[&check, &["--format", format, image]]))
            }),
        ));
    }
    rows
}

fn count(lab: &Lab, tool: Tool, command: Vec<String>) -> Option<usize> {
    let requests = || lab.requests().len();
    requests();
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    lab.run(tool, &command).succeeds();
    Some(requests())
}

fn words(parts: &[&[&str]]) -> Vec<String> {
    parts.concat().into_iter().map(String::from).collect()
}
