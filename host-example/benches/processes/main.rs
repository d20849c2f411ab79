//! Whole programs side by side: Cosignet, cosign 2 and cosign 3 with one local registry, run by run
//! in turn so that noise meets all three; and the sizes of what is shipped. Of each program the
//! median of wall time and of processor time (user and system) counts, and the greatest peak of
//! memory.
//!
//! Prints one Markdown table, the README's, with the medians that the bench `crypto` left under
//! `target/criterion`; progress goes to standard error. `.ci/bench` builds and runs all of it.
//!
//! With the words `measure PROGRAM ARGUMENT…` this is the thin program around each run that
//! measures it.

mod measure;
mod medians;
mod race;
mod round_trips;
mod sizes;
mod table;

// The world of the interop tests: of each file more is there than is needed here.
#[allow(dead_code)]
#[path = "../../../tests/interop/image.rs"]
mod image;
#[allow(dead_code)]
#[path = "../../../tests/interop/keys.rs"]
mod keys;
#[allow(dead_code)]
#[path = "../../../tests/interop/lab.rs"]
mod lab;
#[path = "../../../tests/interop/listener.rs"]
mod listener;
#[allow(dead_code)]
#[path = "../../../tests/interop/outcome.rs"]
mod outcome;
#[path = "../../../tests/interop/peers.rs"]
mod peers;
#[allow(dead_code)]
#[path = "../../../tests/interop/registry.rs"]
mod registry;
#[allow(dead_code)]
#[path = "../../../tests/interop/site.rs"]
mod site;
#[allow(dead_code)]
#[path = "../../../tests/interop/token_service.rs"]
mod token_service;
#[allow(dead_code)]
#[path = "../../../tests/interop/tool.rs"]
mod tool;

use std::env;
use std::process::ExitCode;

use race::{Course, MANY, Summary};
use table::{Goal, Line};
use tool::Tool;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    if let Some((word, command)) = arguments.split_first()
        && word == "measure"
    {
        return measure::report(command);
    }
    let mut lines = in_process();
    lines.extend(sizes());
    lines.extend(whole_processes());
    let cosigns = Tool::COSIGNS.map(sizes::name);
    print!("{}", table::markdown(&cosigns, &lines));
    println!("\n{}", round_trips::markdown(&cosigns));
    ExitCode::SUCCESS
}

/// What criterion measured.
fn in_process() -> Vec<Line> {
    let beside_native = |what: &str, group: &str, id: &str, most: f64| {
        let ours = medians::median(group, id);
        let native = medians::median(group, "native");
        Line::new(what, time(ours))
            .native(time(native))
            .goal(Goal::times(most, ours, native, "native"))
    };
    let logged = |what: &str, group: &str, id: &str| {
        let ours = medians::median(group, id);
        let native = medians::median(group, "native");
        Line::new(what, time(ours)).native(time(native))
    };
    let start = |what: &str, id: &str| {
        let found = medians::median("start", id);
        Line::new(what, time(found)).goal(Goal::at_most("50 µs", found <= 50e-6))
    };
    vec![
        beside_native("open a key, scrypt N=2¹⁶", "open", "wasm", 1.0),
        beside_native("– in a session used before", "open", "wasm-again", 1.0),
        beside_native("– portable component", "open", "wasm-portable", 1.0),
        beside_native("sign a payload", "sign", "wasm", 1.1),
        beside_native("– portable component", "sign", "wasm-portable", 3.0),
        beside_native("verify a signature", "verify", "wasm", 1.1),
        beside_native("– portable component", "verify", "wasm-portable", 3.0),
        logged(
            "– and its signed entry timestamp",
            "verify-timestamp",
            "wasm",
        ),
        logged(
            "– – portable component",
            "verify-timestamp",
            "wasm-portable",
        ),
        logged("– and timestamp, proof, checkpoint", "verify-proof", "wasm"),
        logged("– – portable component", "verify-proof", "wasm-portable"),
        logged("sign a statement in a bundle", "sign-bundle", "wasm"),
        logged("– portable component", "sign-bundle", "wasm-portable"),
        logged("verify a bundle that a list names", "verify-bundle", "wasm"),
        logged("– portable component", "verify-bundle", "wasm-portable"),
        start("start and drop a session, signer", "signer"),
        start("– verifier", "verifier"),
        Line::new(
            "load the built-in signer",
            time(medians::median("start", "load")),
        ),
    ]
}

/// What is shipped.
fn sizes() -> Vec<Line> {
    let component = |name: &str| {
        let (size, zipped) = sizes::component(name);
        let (kb, zipped) = (size as f64 / 1e3, zipped as f64 / 1e3);
        let cell = format!("{kb:.0} KB, {zipped:.0} KB under gzip");
        (Line::new(&format!("`{name}`"), cell), kb)
    };
    let (signer, kb) = component("cosignet.wasm");
    let program = |tool| mebibytes(sizes::program(tool) as f64 / MIB);
    vec![
        signer.goal(Goal::at_most("600 KB (aim: 450)", kb <= 600.0)),
        component("cosignet-verifier.wasm").0,
        component("cosignet-offline.wasm").0,
        Line::new("the program", program(Tool::Cosignet)).cosigns(Tool::COSIGNS.map(program)),
    ]
}

/// The three programs.
fn whole_processes() -> Vec<Line> {
    let course = Course::new();
    let mut lines = Vec::new();
    lines.extend(three("`public-key` (scrypt alone)", &course.public_key()));

    let sign = course.sign();
    let [wall, cpu, peak] = three("`sign` an image", &sign);
    let [ours, cosign2, _] = sign.map(|summary| summary.peak);
    lines.push(wall.goal(of_cosign2(0.5, &sign, |summary| summary.wall)));
    lines.push(cpu.goal(of_cosign2(0.5, &sign, |summary| summary.cpu)));
    lines.push(peak.goal(Goal::below(20.0, ours, cosign2, COSIGN2)));

    let verify = course.verify();
    let [wall, cpu, peak] = three("`verify` an image", &verify);
    lines.push(wall.goal(of_cosign2(0.5, &verify, |summary| summary.wall)));
    lines.push(cpu.goal(of_cosign2(0.5, &verify, |summary| summary.cpu)));
    lines.push(peak);

    let many = course.sign_many();
    let [wall, cpu, peak] = three(&format!("`sign` {MANY} images, one process"), &many);
    lines.push(wall.goal(of_cosign2(0.3, &many, |summary| summary.wall)));
    lines.extend([cpu, peak]);
    lines.extend(two("`sign` an image in a bundle", &course.sign_bundle()));
    lines.extend(two("`verify` a bundle", &course.verify_bundle()));
    lines
}

/// The three figures of each program that signs in bundles.
fn two(what: &str, &[ours, cosign3]: &[Summary; 2]) -> [Line; 3] {
    let line = |what: &str, cell: fn(Summary) -> String| {
        Line::new(what, cell(ours)).cosigns([String::new(), cell(cosign3)])
    };
    figures(what, line)
}

/// The three figures of each program.
fn three(what: &str, summaries: &[Summary; 3]) -> [Line; 3] {
    let line = |what: &str, cell: fn(Summary) -> String| {
        let [ours, cosign2, cosign3] = summaries.map(cell);
        Line::new(what, ours).cosigns([cosign2, cosign3])
    };
    figures(what, line)
}

fn figures(what: &str, line: impl Fn(&str, fn(Summary) -> String) -> Line) -> [Line; 3] {
    [
        line(what, |summary| time(summary.wall)),
        line("– processor time", |summary| time(summary.cpu)),
        line("– peak memory", |summary| mebibytes(summary.peak)),
    ]
}

fn of_cosign2(most: f64, summaries: &[Summary; 3], figure: fn(Summary) -> f64) -> Goal {
    let [ours, cosign2, _] = summaries.map(figure);
    Goal::times(most, ours, cosign2, COSIGN2)
}

/// Three digits that mean something.
fn time(seconds: f64) -> String {
    match seconds {
        ..1e-3 => format!("{} µs", three_digits(seconds * 1e6)),
        ..1.0 => format!("{} ms", three_digits(seconds * 1e3)),
        _ => format!("{} s", three_digits(seconds)),
    }
}

fn mebibytes(number: f64) -> String {
    format!("{} MiB", three_digits(number))
}

fn three_digits(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

const COSIGN2: &str = "cosign 2";
const MIB: f64 = 1024.0 * 1024.0;
