//! One test's world: a registry, a folder for files, and an environment in which programs can reach
//! neither the network nor the user's own keys and settings.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::image::{Image, Repository};
use crate::keys::{Algorithm, KeyPair};
use crate::outcome::Outcome;
use crate::peers;
use crate::registry::Registry;
use crate::site::Site;
use crate::tool::Tool;

/// The password of every key, unless a test says otherwise.
pub const PASSWORD: &str = "correct horse";

/// One test's world.
pub struct Lab {
    registry: Place,
    folder: TempDir,
    names: AtomicUsize,
}

/// Its registry.
enum Place {
    Cncf(Registry),
    Embedded(Site),
}

impl Lab {
    /// Starts it, with the CNCF registry, which keeps no lists of referrers.
    pub fn new() -> Self {
        Self::at(Place::Cncf(Registry::start()))
    }

    /// Starts it, with the embedded registry, which keeps lists of referrers.
    pub fn with_referrers_api() -> Self {
        Self::with_embedded(true)
    }

    /// Starts it, with the embedded registry, which keeps lists of referrers or leaves it to clients.
    pub fn with_embedded(keeps_lists: bool) -> Self {
        Self::at(Place::Embedded(Site::start(keeps_lists)))
    }

    /// The requests that reached the embedded registry since the last time.
    pub fn requests(&self) -> Vec<String> {
        match &self.registry {
            Place::Cncf(_) => panic!("the CNCF registry counts nothing"),
            Place::Embedded(site) => {
                let requests = site.registry.take_requests();
                requests.iter().map(ToString::to_string).collect()
            }
        }
    }

    fn at(registry: Place) -> Self {
        Self {
            registry,
            folder: TempDir::new().expect("a temporary folder"),
            names: AtomicUsize::new(0),
        }
    }

    /// A repository of this world's registry.
    pub fn repository(&self, name: &str) -> Repository {
        match &self.registry {
            Place::Cncf(registry) => Repository::new(&registry.host, name),
            Place::Embedded(site) => site.repository(name),
        }
    }

    /// A new image in the repository `team/app`.
    pub fn image(&self) -> Image {
        self.repository("team/app").push_image()
    }

    /// A path for a new file.
    pub fn path(&self) -> String {
        let name = self.names.fetch_add(1, Ordering::Relaxed).to_string();
        self.folder
            .path()
            .join(name)
            .to_str()
            .expect("the path is UTF-8")
            .to_owned()
    }

    /// A new file of this content.
    pub fn file(&self, content: &str) -> String {
        let path = self.path();
        fs::write(&path, content).expect("the file is written");
        path
    }

    /// A `trusted_root.json` with one log alone, as cosign 3 makes it.
    pub fn trusted_root(&self, url: &str, public_key: &str) -> String {
        let file = self.path();
        let rekor = format!("url={url},public-key={public_key},start-time=2020-01-01T00:00:00Z");
        let create = ["trusted-root", "create", "--rekor", &rekor, "--out", &file];
        self.run(Tool::Cosign3, &create).succeeds();
        file
    }

    /// A P-256 pair made by `tool`.
    pub fn generate(&self, tool: Tool) -> KeyPair {
        self.generate_with(tool, PASSWORD)
    }

    /// A P-256 pair made by `tool` and encrypted with `password`.
    pub fn generate_with(&self, tool: Tool, password: &str) -> KeyPair {
        let prefix = self.path();
        let args = ["generate-key-pair", "--output-key-prefix", &prefix];
        Outcome::of(
            self.command(tool)
                .env("COSIGN_PASSWORD", password)
                .args(args),
        )
        .succeeds();
        KeyPair::with_prefix(&prefix).exists()
    }

    /// A pair made by openssl and imported by `tool`.
    pub fn import(&self, tool: Tool, algorithm: Algorithm) -> KeyPair {
        let prefix = self.path();
        let plain = self.private_key(algorithm);
        let args = [
            "import-key-pair",
            "--key",
            &plain,
            "--output-key-prefix",
            &prefix,
        ];
        self.run(tool, &args).succeeds();
        KeyPair::with_prefix(&prefix).exists()
    }

    /// A private key as openssl writes it: PKCS#8, not encrypted.
    pub fn private_key(&self, algorithm: Algorithm) -> String {
        let path = self.path();
        let mut openssl = self.isolated(&peers::peer("openssl"));
        openssl
            .args(["genpkey", "-out", &path])
            .args(algorithm.openssl());
        Outcome::of(&mut openssl).succeeds();
        path
    }

    /// Signs `image`, in the `.sig` format and offline.
    pub fn sign(&self, tool: Tool, key: &KeyPair, image: &str, more: &[&str]) -> Outcome {
        let key = ["sign", "--key", &key.private];
        self.run(tool, &[&key, tool.sign_flags(), more, &[image]].concat())
    }

    /// Attests something of `image`, offline: 2 under a tag, 3 as a referrer.
    pub fn attest(&self, tool: Tool, key: &KeyPair, image: &str) {
        let predicate = self.file(r#"{"a": 1}"#);
        let attest = ["attest", "--yes", "--key", &key.private, "--type", "custom"];
        let flags: &[&str] = match tool {
            Tool::Cosign3 => &["--tlog-upload=false", "--use-signing-config=false"],
            _ => &["--tlog-upload=false"],
        };
        let rest = ["--predicate", &predicate, image];
        self.run(tool, &[&attest[..], flags, &rest].concat())
            .succeeds();
    }

    /// Insists that this cosign accepts the attestation of `image`.
    #[track_caller]
    pub fn attested(&self, tool: Tool, key: &KeyPair, image: &str) {
        let verify = ["verify-attestation", "--key", &key.public];
        let rest = ["--type", "custom", "--insecure-ignore-tlog", image];
        self.run(tool, &[&verify[..], &rest].concat()).succeeds();
    }

    /// Signs `image` as cosign 3 does by default, in a bundle that refers to it, and offline.
    pub fn sign_bundle(&self, key: &KeyPair, image: &str, more: &[&str]) -> Outcome {
        let sign = ["sign", "--key", &key.private];
        let flags = Tool::Cosign3.bundle_flags();
        self.run(Tool::Cosign3, &[&sign[..], flags, more, &[image]].concat())
    }

    /// Verifies `image`, offline.
    pub fn verify(&self, tool: Tool, key: &KeyPair, image: &str, more: &[&str]) -> Outcome {
        let key = ["verify", "--key", &key.public];
        self.run(tool, &[&key, tool.verify_flags(), more, &[image]].concat())
    }

    /// Insists that every tool accepts `image`.
    #[track_caller]
    pub fn verified_by_all(&self, key: &KeyPair, image: &str, more: &[&str]) {
        for tool in Tool::ALL {
            self.verify(tool, key, image, more).succeeds();
        }
    }

    /// Stores what `docker login` would, for all programs.
    pub fn login(&self, config: &str) {
        let folder = self.folder.path().join(".docker");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("config.json"), config).expect("the configuration is written");
    }

    /// Runs `tool` with these arguments.
    pub fn run(&self, tool: Tool, args: &[&str]) -> Outcome {
        Outcome::of(self.command(tool).args(args))
    }

    /// `tool` in this world's environment.
    pub fn command(&self, tool: Tool) -> Command {
        self.isolated(&tool.program())
    }

    /// Any other peer with these arguments.
    pub fn peer(&self, name: &str, args: &[&str]) -> Outcome {
        Outcome::of(self.isolated(&peers::peer(name)).args(args))
    }

    /// An empty environment but for what the programs need. A proxy where nothing listens turns any
    /// request that leaves the machine into an error.
    fn isolated(&self, program: &Path) -> Command {
        let home = self.folder.path();
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir(home)
            .env("HOME", home)
            .env("TUF_ROOT", home.join("tuf"))
            .env("COSIGN_PASSWORD", PASSWORD)
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .env("NO_PROXY", "127.0.0.1");
        command
    }
}
