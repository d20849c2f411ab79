use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::failure::Failure;
use super::{Arguments, keys};

#[derive(Args)]
pub struct Completion {
    /// The shell.
    shell: Shell,
}

impl Completion {
    pub fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            "cosignet",
            &mut script,
        );
        keys::print_bytes(&script)
    }
}
