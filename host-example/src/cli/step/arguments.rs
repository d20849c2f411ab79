//! A step as a command line: the documented flags, and what is lent beside them. There is no other way to
//! sign or to verify.

use std::ffi::OsString;

use cosignet_host::registry::source::Field;

use super::kept::Files;
use super::model::{Artifact, File, Form, Image, Key, Log, Sign, Verify};
use super::source::Place;
use crate::cli::lent::{Lent, Secret};
use crate::cli::source;

/// A command line, and what it is lent.
pub struct Command {
    pub arguments: Vec<OsString>,
    pub lent: Lent,
}

impl Command {
    fn named(name: &str) -> Self {
        Self {
            arguments: vec![name.into()],
            lent: Lent::default(),
        }
    }

    /// A flag and its value, in one: the value may begin with a hyphen.
    fn flag(&mut self, name: &str, value: impl AsRef<str>) {
        self.arguments
            .push(format!("--{name}={}", value.as_ref()).into());
    }

    fn flags<'a>(&mut self, flags: impl IntoIterator<Item = (&'static str, Option<&'a String>)>) {
        for (name, value) in flags {
            if let Some(value) = value {
                self.flag(name, value);
            }
        }
    }

    fn switch(&mut self, name: &str) {
        self.arguments.push(format!("--{name}").into());
    }

    /// What the command is about, after all flags.
    fn subject(&mut self, subject: &str) {
        self.arguments.extend(["--".into(), subject.into()]);
    }

    fn key(&mut self, key: &Key) {
        let name = match key {
            Key::Named(name) => name.clone(),
            Key::Given(key) => self.lent.key(key.clone()),
        };
        self.flag("key", name);
    }

    fn annotations(&mut self, annotations: &[(String, String)]) {
        for (key, value) in annotations {
            // As a field of CSV: the value may have commas, and quotes.
            let field = format!("{key}={value}").replace('"', "\"\"");
            self.flag("annotations", format!("\"{field}\""));
        }
    }

    /// The log that is written to or asked.
    fn service(&mut self, log: &Log) {
        match &log.url {
            Some(url) if !log.air_gap => self.flag("rekor-url", url),
            _ if log.air_gap => self.switch("air-gap"),
            _ => {}
        }
    }

    /// The logs that are trusted.
    fn trust(&mut self, log: &Log) {
        self.flags([
            ("rekor-key", log.key.as_ref()),
            ("trusted-root", log.trusted_root.as_ref()),
        ]);
        if log.public_good {
            self.switch("rekor-public-good");
        }
    }

    /// Where the image is, and the image.
    fn image(&mut self, image: &Image) {
        self.lent.access.clone_from(&image.access);
        if image.allow_http {
            self.switch("allow-http-registry");
        }
        self.place(&image.place);
        self.subject(&image.name);
    }

    fn place(&mut self, Place { kind, fields }: &Place) {
        self.flag("source", kind.name());
        for field in Field::ALL {
            if let Some(text) = fields.get(field) {
                self.arguments
                    .push(format!("{}={text}", source::flag(field)).into());
            }
        }
    }

    /// What the file is, and the file.
    fn file(&mut self, file: &File, tells: bool) {
        if tells {
            self.flags([
                ("artifact-type", file.kind.as_ref()),
                ("artifact-name", file.name.as_ref()),
                ("artifact-version", file.version.as_ref()),
            ]);
        }
        self.subject(&file.path);
    }
}

/// `sign` or `sign-blob`, with all that is made written to files as well.
pub fn sign(artifact: &Artifact, sign: &Sign, files: &Files) -> Command {
    let mut command = match artifact {
        Artifact::Image(_) => Command::named("sign"),
        Artifact::File(_) => Command::named("sign-blob"),
    };
    command.key(&sign.key);
    command.lent.password = sign.password.clone().or_else(|| Some(Secret::new([])));
    command.service(&sign.log);
    command.trust(&sign.log);
    command.flag("output-signature", &files.signature);
    command.flag("bundle", &files.bundle);
    command.flags([("store", sign.keep.store.as_ref())]);
    match artifact {
        Artifact::Image(image) => {
            command.flag("format", form(sign).name());
            command.flag("upload", sign.attach.to_string());
            command.flag("output-payload", &files.payload);
            command.annotations(&sign.annotations);
            command.image(image);
        }
        // Nobody signs what a file is; a store keeps it.
        Artifact::File(file) => command.file(file, sign.keep.store.is_some()),
    }
    command
}

/// In which form to sign. What is kept in files is simple signing, as `verify --payload` takes nothing else.
fn form(sign: &Sign) -> Form {
    match sign.attach || sign.keep.store.is_some() {
        true => sign.form,
        false => Form::Simple,
    }
}

/// `verify` or `verify-blob`, by what is attached, in the store or, with `kept`, in files.
pub fn verify(artifact: &Artifact, verify: &Verify, kept: Option<&Files>, report: &str) -> Command {
    let mut command = match artifact {
        Artifact::Image(_) => Command::named("verify"),
        Artifact::File(_) => Command::named("verify-blob"),
    };
    for key in &verify.keys {
        command.key(key);
    }
    command.trust(&verify.log);
    command.flag("output-report", report);
    command.flags([("store", verify.keep.store.as_ref())]);
    if let Some(files) = kept {
        command.flag("bundle", &files.bundle);
    }
    match artifact {
        Artifact::Image(image) => {
            command.service(&verify.log);
            command.annotations(&verify.annotations);
            if let Some(files) = kept {
                command.flag("payload", &files.payload);
            }
            command.image(image);
        }
        // No log is asked for files.
        Artifact::File(file) => command.file(file, true),
    }
    command
}

#[cfg(test)]
mod tests;
