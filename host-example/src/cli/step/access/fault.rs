use cosignet_host::registry::source::SourceKind;

use super::Item;

/// Why items open nothing. What stands in them is a secret, and in no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessFault {
    /// One means nothing without the other.
    Missing {
        item: Item,
        beside: Item,
    },
    /// Registries of this kind take no such item.
    OfOtherSource {
        item: Item,
        kind: SourceKind,
    },
    /// One of the two is too many.
    Conflict(Item, Item),
    NoText(Item),
    Malformed {
        item: Item,
        expected: &'static str,
    },
}

impl AccessFault {
    /// The item that is to be changed.
    pub fn item(&self) -> Item {
        match self {
            Self::Missing { item, .. }
            | Self::OfOtherSource { item, .. }
            | Self::Conflict(item, _)
            | Self::NoText(item)
            | Self::Malformed { item, .. } => *item,
        }
    }

    /// What is wrong with that item, with the names that a front end has for items.
    pub fn in_words(&self, name: impl Fn(Item) -> String) -> String {
        match self {
            Self::Missing { beside, .. } => {
                format!("missing: {} means nothing without it", name(*beside))
            }
            Self::OfOtherSource { item, kind } => format!(
                "registries of source {kind} do not take it: expected source {}",
                super::way::sources(*item)
            ),
            Self::Conflict(_, other) => {
                format!("{} contradicts it: leave one out", name(*other))
            }
            Self::NoText(_) => "not text".to_owned(),
            Self::Malformed { expected, .. } => format!("expected {expected}"),
        }
    }
}
