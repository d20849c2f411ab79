//! What one run of a program costs.
//!
//! The run has a process of ours around it, `processes measure …`, whose only child it is: what
//! that one's children used, this run used. A large process would also leave its own size behind
//! as the child's peak.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds from before its start to after its end.
    pub wall: f64,
    /// Seconds of processor time, user and system.
    pub cpu: f64,
    /// The most memory that it had at a time, in MiB.
    pub peak: f64,
}

/// Runs `command`, which must succeed, and measures it.
pub fn measure(command: &Command) -> Cost {
    let output = wrapped(command)
        .output()
        .unwrap_or_else(|error| panic!("cannot start this program again: {error}"));
    assert!(
        output.status.success(),
        "{} failed:\n{}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let report = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = report
        .split_whitespace()
        .map(|number| number.parse().expect("a number"))
        .collect();
    match numbers[..] {
        [wall, cpu, peak] => Cost { wall, cpu, peak },
        _ => panic!("expected three numbers, found {report:?}"),
    }
}

/// Runs a command with no standard input or output and prints what it cost: the other side of
/// [`measure`].
pub fn report(command: &[OsString]) -> ExitCode {
    let Some((program, arguments)) = command.split_first() else {
        eprintln!("usage: processes measure PROGRAM ARGUMENT…");
        return ExitCode::FAILURE;
    };
    let begin = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    let wall = begin.elapsed().as_secs_f64();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => {
            eprintln!("{status}");
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("Linux counts");
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6;
    let peak = usage.max_rss() as f64 / 1024.0;
    println!("{wall} {cpu} {peak}");
    ExitCode::SUCCESS
}

/// The same command in the same environment, with `report` around it.
fn wrapped(command: &Command) -> Command {
    let this = env::current_exe().expect("a running program knows its own path");
    let mut wrapped = Command::new(this);
    wrapped
        .arg("measure")
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    for (name, value) in command.get_envs() {
        wrapped.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped
}
