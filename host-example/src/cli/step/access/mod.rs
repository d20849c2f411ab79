//! Who opens a step's registry. A plugin's settings and a pipeline's connectors give the same items under
//! the same names.
//!
//! Items belong to one of several ways to be let in (`way`); `amazon`, `azure` and `google` read those that
//! their cloud is asked with, into a login that is lent in memory.

mod amazon;
mod azure;
mod fault;
mod google;
mod item;
mod way;

#[cfg(test)]
mod tests;

use cosignet_host::registry::Credential;
use cosignet_host::registry::login::CloudLogin;
use cosignet_host::registry::source::SourceKind;

pub use fault::AccessFault;
pub use item::Item;

use crate::cli::lent::{Access, Secret};
use way::Way;

/// What a step is given.
pub trait Given {
    /// An item that the step itself is given.
    fn own(&self, item: Item) -> Option<Secret>;

    /// The same, or what everything that runs there is given, which may be meant for others.
    fn find(&self, item: Item) -> Option<Secret>;
}

/// Reads who opens a registry of this kind. What the step itself is given says in which way.
pub fn read(kind: SourceKind, given: &impl Given) -> Result<Access, AccessFault> {
    let config = given.find(Item::Config);
    let access = Access {
        config,
        ..Access::default()
    };
    let reader = Reader { given };
    let Some(way) = way::chosen(kind, given)? else {
        return Ok(access);
    };
    Ok(match way {
        Way::Password => Access {
            credential: Some(reader.basic(Item::Username, Item::Password)?),
            ..access
        },
        Way::Amazon => Access {
            login: Some(CloudLogin::Amazon(amazon::login(&reader)?)),
            ..access
        },
        Way::Federation => Access {
            login: Some(CloudLogin::Google(google::federation(&reader)?)),
            ..access
        },
        Way::JsonKey => google::json_key(&reader)?.with(access),
        Way::Principal => azure::principal(kind, &reader)?.with(access),
    })
}

/// Either what the registry is told, or who asks its cloud.
enum Opener {
    Credential(Credential),
    Login(CloudLogin),
}

impl Opener {
    fn with(self, access: Access) -> Access {
        match self {
            Self::Credential(credential) => Access {
                credential: Some(credential),
                ..access
            },
            Self::Login(login) => Access {
                login: Some(login),
                ..access
            },
        }
    }
}

/// Reads items.
struct Reader<'a, G> {
    given: &'a G,
}

impl<G: Given> Reader<'_, G> {
    /// The text of an item, if it is there.
    fn text(&self, item: Item) -> Result<Option<String>, AccessFault> {
        let Some(secret) = self.given.find(item) else {
            return Ok(None);
        };
        match secret.text() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(AccessFault::NoText(item)),
        }
    }

    /// The text of an item that another means nothing without.
    fn beside(&self, other: Item, item: Item) -> Result<String, AccessFault> {
        let found = self.text(item)?;
        found.ok_or(AccessFault::Missing {
            item,
            beside: other,
        })
    }

    /// Two items that mean something only together.
    fn pair(&self, one: Item, other: Item) -> Result<Option<(String, String)>, AccessFault> {
        match (self.text(one)?, self.text(other)?) {
            (None, None) => Ok(None),
            (Some(first), Some(second)) => Ok(Some((first, second))),
            (Some(_), None) => Err(AccessFault::Missing {
                item: other,
                beside: one,
            }),
            (None, Some(_)) => Err(AccessFault::Missing {
                item: one,
                beside: other,
            }),
        }
    }

    fn basic(&self, name: Item, password: Item) -> Result<Credential, AccessFault> {
        let pair = self.pair(name, password)?;
        let (name, password) = pair.ok_or(AccessFault::Missing {
            item: name,
            beside: password,
        })?;
        Ok(Credential::basic(name, password))
    }

    /// Refuses an item that means nothing beside another.
    fn without(&self, item: Item, beside: Item) -> Result<(), AccessFault> {
        match self.given.find(item) {
            None => Ok(()),
            Some(_) => Err(AccessFault::Conflict(item, beside)),
        }
    }
}
