//! Other programs: run without a shell, in bounded time, and what they say read into bounded memory.

use std::ffi::OsStr;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use zeroize::Zeroizing;

/// How long a program may take, and how much it may say.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From its start to its end.
    pub time: Duration,
    /// Bytes of its standard output.
    pub output: usize,
}

/// What became of a program that ended.
pub struct Ran {
    /// Whether it says that it succeeded.
    pub succeeded: bool,
    /// Its standard output, which may be a secret.
    pub output: Zeroizing<Vec<u8>>,
}

/// Why a program did not end by itself. Says nothing of its arguments, which may be secret.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is none of this name.
    #[error("{0} is not there: neither a path of a program, nor the name of one in PATH")]
    NotFound(String),
    /// The system does not run it.
    #[error("{program} cannot be run: {error}")]
    NotRun {
        /// Its name.
        program: String,
        /// What the system says.
        error: io::Error,
    },
    /// It was ended, since it took too long.
    #[error("{program} did not end within {} s", limit.as_secs())]
    TooSlow {
        /// Its name.
        program: String,
        /// The time that it had.
        limit: Duration,
    },
    /// It was ended, since it said too much.
    #[error("{program} wrote more than {limit} bytes")]
    TooLong {
        /// Its name.
        program: String,
        /// The bytes that it may write.
        limit: usize,
    },
}

/// A program to be run, with the environment of this one.
pub struct Call {
    program: String,
    command: Command,
    input: Zeroizing<Vec<u8>>,
}

impl Call {
    /// One with these arguments, nothing on its standard input, and this process's standard error.
    pub fn new<A: AsRef<OsStr>>(
        program: impl Into<String>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let program = program.into();
        let mut command = Command::new(&program);
        command.args(arguments);
        Self {
            program,
            command,
            input: Zeroizing::default(),
        }
    }

    /// With this on its standard input. A program that ends without reading it is no failure.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Zeroizing::new(input.into());
        self
    }

    /// Looked up in this instead of `PATH`.
    pub fn search_path(mut self, path: impl AsRef<OsStr>) -> Self {
        self.command.env("PATH", path);
        self
    }

    /// Without standard error.
    pub fn silent(mut self) -> Self {
        self.command.stderr(Stdio::null());
        self
    }

    /// Runs it. It is ended when the future is dropped.
    ///
    /// # Errors
    /// [`ProcessError`] where it does not end by itself.
    pub async fn run(mut self, bounds: Bounds) -> Result<Ran, ProcessError> {
        let ran = tokio::time::timeout(bounds.time, self.read(bounds.output)).await;
        let program = self.program;
        match ran {
            Err(_) => Err(ProcessError::TooSlow {
                program,
                limit: bounds.time,
            }),
            Ok(Ok(Some(ran))) => Ok(ran),
            Ok(Ok(None)) => Err(ProcessError::TooLong {
                program,
                limit: bounds.output,
            }),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
                Err(ProcessError::NotFound(program))
            }
            Ok(Err(error)) => Err(ProcessError::NotRun { program, error }),
        }
    }

    /// `None` of one that writes more.
    async fn read(&mut self, limit: usize) -> io::Result<Option<Ran>> {
        let stdin = match self.input.is_empty() {
            true => Stdio::null(),
            false => Stdio::piped(),
        };
        self.command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = self.command.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let write = async {
            if let Some(mut pipe) = stdin {
                let _ = pipe.write_all(&self.input).await;
            }
        };
        // At its full size from the start: what grows leaves copies behind.
        let mut output = Zeroizing::new(Vec::with_capacity(limit + 1));
        let read = async {
            if let Some(pipe) = stdout {
                let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
                pipe.take(most).read_to_end(&mut output).await?;
            }
            io::Result::Ok(())
        };
        // Side by side: it may answer before it has read everything.
        tokio::join!(write, read).1?;
        if output.len() > limit {
            return Ok(None);
        }
        let succeeded = child.wait().await?.success();
        Ok(Some(Ran { succeeded, output }))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        time: Duration::from_secs(20),
        output: 8,
    };

    async fn run(
        program: &str,
        arguments: impl IntoIterator<Item = &str>,
        bounds: Bounds,
    ) -> Result<Ran, ProcessError> {
        Call::new(program, arguments).run(bounds).await
    }

    #[tokio::test]
    async fn says_what_a_program_said() {
        let ran = run("printf", ["12345678"], BOUNDS).await.unwrap();
        assert!(ran.succeeded);
        assert_eq!(*ran.output, b"12345678");
        let ran = run("false", [""; 0], BOUNDS).await.unwrap();
        assert!(!ran.succeeded && ran.output.is_empty());
    }

    #[tokio::test]
    async fn hands_over_what_is_to_be_read() {
        let long = vec![b'x'; 1 << 20];
        let bounds = Bounds {
            output: long.len(),
            ..BOUNDS
        };
        let none: [&str; 0] = [];
        let ran = Call::new("cat", none).input(long.clone()).run(bounds).await;
        assert!(*ran.unwrap().output == long);
        let deaf = Call::new("true", none).input(long).run(bounds).await;
        assert!(deaf.unwrap().succeeded);
        let nowhere = Call::new("cat", none).search_path("/nowhere");
        assert!(matches!(
            nowhere.run(bounds).await,
            Err(ProcessError::NotFound(_))
        ));
    }

    #[tokio::test]
    async fn its_arguments_are_not_for_a_shell() {
        let ran = run("printf", ["%s", "$(ls);"], BOUNDS).await.unwrap();
        assert_eq!(*ran.output, b"$(ls);");
    }

    #[tokio::test]
    async fn nothing_is_without_bounds() {
        let long = run("yes", [""; 0], BOUNDS).await.err().unwrap();
        assert!(matches!(long, ProcessError::TooLong { limit: 8, .. }));
        let short = Bounds {
            time: Duration::from_millis(20),
            ..BOUNDS
        };
        let slow = run("sleep", ["60"], short).await.err().unwrap();
        assert!(matches!(slow, ProcessError::TooSlow { .. }));
        let none = run("no-such-program", ["secret"], BOUNDS).await.err();
        let none = none.unwrap().to_string();
        assert!(none.contains("no-such-program is not there"), "{none}");
        assert!(!none.contains("secret"));
    }
}
