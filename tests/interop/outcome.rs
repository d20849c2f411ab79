//! What a finished program said, with assertions that quote it when they fail.

use std::process::{Command, Stdio};

/// The end of one program run.
pub struct Outcome {
    command: String,
    /// The exit code.
    pub code: i32,
    /// Standard output, as it came.
    pub stdout: String,
    /// Standard error, as it came.
    pub stderr: String,
}

impl Outcome {
    /// Runs `command` to its end, with no standard input.
    pub fn of(command: &mut Command) -> Self {
        let output = command
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self {
            command: shown(command),
            code: output.status.code().expect("no signal ended the program"),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Insists on exit code 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits_with(0)
    }

    /// Insists on an exit code that says that something failed, and not what.
    #[track_caller]
    pub fn fails(self) -> Self {
        self.exits_with(1)
    }

    /// Insists on this very exit code.
    #[track_caller]
    pub fn exits_with(self, code: i32) -> Self {
        assert!(
            self.code == code,
            "expected exit code {code}, found {}\n$ {}\n{}{}",
            self.code,
            self.command,
            self.stdout,
            self.stderr
        );
        self
    }
}

/// The command without its environment, which holds a password.
fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
