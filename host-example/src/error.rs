use crate::api::keys::KeyError;
use crate::api::policy::PolicyError;

/// Why the component could not be run, or a session could not be set up. What the component
/// itself answers has types of its own in [`crate::api`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// It is no component, or not one that this host can link.
    #[error("the component cannot be loaded: {0}")]
    Component(String),
    /// The component does not export the interface: it was built for another world.
    #[error("the component does not export {0}: it was built for another world")]
    NotExported(&'static str),
    /// The component trapped, or ran into a limit of its session. The session is over; a trap is
    /// never a result.
    #[error("the component was stopped: {0}")]
    Trap(String),
    /// The private key was not opened, made or read.
    #[error("{}", words(.0))]
    Key(KeyError),
    /// The rules are no policy.
    #[error("{}", policy_words(.0))]
    Policy(PolicyError),
}

impl HostError {
    pub(crate) fn component(error: wasmtime::Error) -> Self {
        Self::Component(format!("{error:#}"))
    }

    pub(crate) fn trap(error: wasmtime::Error) -> Self {
        Self::Trap(format!("{error:#}"))
    }
}

fn words(error: &KeyError) -> String {
    match error {
        KeyError::WrongPassword => {
            "wrong password, or the key file was altered; check the password first".into()
        }
        KeyError::Malformed(words)
        | KeyError::Unsupported(words)
        | KeyError::TooLarge(words)
        | KeyError::Other(words) => words.clone(),
    }
}

fn policy_words(error: &PolicyError) -> String {
    match error {
        PolicyError::NoKeys => "a policy needs at least one trusted key".into(),
        PolicyError::UnusableKey((place, words)) => format!("key {}: {words}", place + 1),
        PolicyError::ImpossibleThreshold(words)
        | PolicyError::ImpossibleLimit(words)
        | PolicyError::UnusableLog(words)
        | PolicyError::InvalidIdentity(words)
        | PolicyError::Other(words) => words.clone(),
    }
}
