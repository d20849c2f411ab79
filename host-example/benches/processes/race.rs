//! The three programs, run in turn.

use std::process::Command;

use crate::image::Image;
use crate::keys::KeyPair;
use crate::lab::Lab;
use crate::measure::{Cost, measure};
use crate::tool::Tool;

/// A registry, and a key that cosign made.
pub struct Course {
    lab: Lab,
    key: KeyPair,
}

/// What a program's runs cost.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// Median of seconds.
    pub wall: f64,
    /// Median of seconds, user and system.
    pub cpu: f64,
    /// The greatest peak, in MiB.
    pub peak: f64,
}

impl Course {
    /// Starts the registry and makes the key.
    pub fn new() -> Self {
        let lab = Lab::new();
        let key = lab.generate(Tool::Cosign2);
        Self { lab, key }
    }

    /// Open the key and print its public key: no registry, scrypt alone.
    pub fn public_key(&self) -> [Summary; 3] {
        race("public-key", 15, |tool| {
            let mut command = self.lab.command(tool);
            command.args(["public-key", "--key", &self.key.private]);
            command
        })
    }

    /// Sign an image that nobody has signed.
    pub fn sign(&self) -> [Summary; 3] {
        race("sign", 15, |tool| self.signing(tool, 1))
    }

    /// Sign many such images in one process.
    pub fn sign_many(&self) -> [Summary; 3] {
        let what = format!("sign {MANY} images");
        race(&what, 3, |tool| self.signing(tool, MANY))
    }

    /// Verify an image that cosign 2 signed, by its digest.
    pub fn verify(&self) -> [Summary; 3] {
        let image = self.lab.image().reference();
        self.lab
            .sign(Tool::Cosign2, &self.key, &image, &[])
            .succeeds();
        race("verify", 25, |tool| {
            let mut command = self.lab.command(tool);
            command
                .args(["verify", "--key", &self.key.public])
                .args(tool.verify_flags())
                .arg(&image);
            command
        })
    }

    /// Sign an image that nobody has signed, in a bundle that refers to it.
    pub fn sign_bundle(&self) -> [Summary; 2] {
        race_of(BUNDLERS, "sign in a bundle", 15, |tool| {
            let image = self.lab.image().reference();
            let mut command = self.lab.command(tool);
            command
                .args(["sign", "--key", &self.key.private])
                .args(tool.bundle_flags())
                .arg(image);
            command
        })
    }

    /// Verify an image that cosign 3 signed in a bundle, by its digest.
    pub fn verify_bundle(&self) -> [Summary; 2] {
        let image = self.lab.image().reference();
        self.lab.sign_bundle(&self.key, &image, &[]).succeeds();
        race_of(BUNDLERS, "verify a bundle", 25, |tool| {
            let mut command = self.lab.command(tool);
            command
                .args(["verify", "--key", &self.key.public])
                .args(tool.verify_flags())
                .arg(&image);
            command
        })
    }

    /// The command that signs this many new images, by digest, in the `.sig` format.
    fn signing(&self, tool: Tool, images: usize) -> Command {
        let repository = self.lab.repository("team/app");
        let images: Vec<Image> = (0..images).map(|_| repository.push_image()).collect();
        let mut command = self.lab.command(tool);
        command
            .args(["sign", "--key", &self.key.private])
            .args(tool.sign_flags())
            .args(images.iter().map(Image::reference));
        command
    }
}

impl Summary {
    fn of(costs: &[Cost]) -> Self {
        let median = |part: fn(&Cost) -> f64| {
            let mut parts: Vec<f64> = costs.iter().map(part).collect();
            parts.sort_by(f64::total_cmp);
            parts[parts.len() / 2]
        };
        Self {
            wall: median(|cost| cost.wall),
            cpu: median(|cost| cost.cpu),
            peak: costs.iter().map(|cost| cost.peak).fold(0.0, f64::max),
        }
    }
}

fn race(what: &str, rounds: usize, command: impl Fn(Tool) -> Command) -> [Summary; 3] {
    race_of(Tool::ALL, what, rounds, command)
}

/// Runs the command of each tool in turn: once to warm up, then `rounds` times (an odd number).
fn race_of<const N: usize>(
    tools: [Tool; N],
    what: &str,
    rounds: usize,
    command: impl Fn(Tool) -> Command,
) -> [Summary; N] {
    eprintln!("{what}: {rounds} times each");
    let mut costs = tools.map(|_| Vec::new());
    for round in 0..=rounds {
        for (tool, costs) in tools.into_iter().zip(&mut costs) {
            let cost = measure(&command(tool));
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let summaries = costs.map(|costs| Summary::of(&costs));
    for (tool, summary) in tools.into_iter().zip(summaries) {
        eprintln!("  {tool:?}: {summary:?}");
    }
    summaries
}

/// Those that sign in bundles.
const BUNDLERS: [Tool; 2] = [Tool::Cosignet, Tool::Cosign3];
/// How many images are many.
pub const MANY: usize = 100;
