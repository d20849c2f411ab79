//! Switches as Go's flags take them: `--switch=true` and `--switch=false` beside `--switch`. Scripts
//! for cosign are full of them.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::{ArgAction, Command};

/// Rewrites arguments so that a switch is there or not.
pub fn plain(
    command: &Command,
    arguments: impl Iterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    let mut switches = BTreeSet::new();
    collect(command, &mut switches);
    let mut is_over = false;
    arguments.filter_map(move |argument| {
        is_over |= argument == "--";
        let text = argument.to_str().filter(|_| !is_over);
        let Some((name, value)) = text.and_then(|text| text.split_once('=')) else {
            return Some(argument);
        };
        if !switches.contains(name) {
            return Some(argument);
        }
        match value {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(name.into()),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => None,
            // The parser says what is wrong with it.
            _ => Some(argument),
        }
    })
}

fn collect(command: &Command, switches: &mut BTreeSet<String>) {
    for argument in command.get_arguments() {
        if matches!(argument.get_action(), ArgAction::SetTrue) {
            let names = argument.get_long_and_visible_aliases().unwrap_or_default();
            switches.extend(names.into_iter().map(|name| format!("--{name}")));
            let short = argument.get_short();
            switches.extend(short.map(|name| format!("-{name}")));
        }
    }
    for subcommand in command.get_subcommands() {
        collect(subcommand, switches);
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Arguments;

    fn rewritten(arguments: &[&str]) -> Vec<String> {
        let arguments = arguments.iter().map(OsString::from);
        plain(&Arguments::command(), arguments)
            .map(|argument| argument.into_string().unwrap())
            .collect()
    }

    #[test]
    fn switches_have_values_and_other_arguments_keep_theirs() {
        assert_eq!(
            rewritten(&["verify", "--insecure-ignore-tlog=true", "--offline=1", "i"]),
            ["verify", "--insecure-ignore-tlog", "--offline", "i"]
        );
        assert_eq!(
            rewritten(&["sign", "-r=false", "--append=False", "i"]),
            ["sign", "i"]
        );
        let kept = [
            "sign",
            "--key=true",
            "--upload=false",
            "--append=maybe",
            "-a=b",
        ];
        assert_eq!(rewritten(&kept), kept);
        let after = ["sign", "--", "--append=true"];
        assert_eq!(rewritten(&after), after);
    }
}
