//! The ways to be let in, and the one that a step is given.

use cosignet_host::registry::source::SourceKind;

use super::{AccessFault, Given, Item};

/// A way to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A user and a password.
    Password,
    /// Keys or a role of AWS's.
    Amazon,
    /// A key of a service account of Google's.
    JsonKey,
    /// A workload identity pool of Google's.
    Federation,
    /// A service principal of Azure's.
    Principal,
}

/// The way that the step itself is given; where it is given none, one that its environment has for
/// registries of this kind.
pub fn chosen(kind: SourceKind, given: &impl Given) -> Result<Option<Way>, AccessFault> {
    let mut chosen: Option<(Way, Item)> = None;
    for item in Item::ALL {
        if item == Item::Config || given.own(item).is_none() {
            continue;
        }
        let Some(way) = of(item, kind) else {
            return Err(AccessFault::OfOtherSource { item, kind });
        };
        match chosen {
            Some((other, before)) if other != way => {
                return Err(AccessFault::Conflict(item, before));
            }
            _ => chosen = Some((way, item)),
        }
    }
    let of_environment = || {
        let mut ways = Way::ALL.into_iter();
        ways.find(|way| {
            let mut items = Item::ALL.into_iter();
            way.is_for(kind)
                && items.any(|item| of(item, kind) == Some(*way) && given.find(item).is_some())
        })
    };
    Ok(chosen.map(|(way, _)| way).or_else(of_environment))
}

/// The way that an item belongs to, of a registry of this kind. Users and passwords of clouds are given to
/// any registry.
fn of(item: Item, kind: SourceKind) -> Option<Way> {
    let way = match item {
        Item::Config => return None,
        Item::Username | Item::Password => Way::Password,
        Item::AccessKey
        | Item::SecretKey
        | Item::SessionToken
        | Item::AssumeRole
        | Item::ExternalId => Way::Amazon,
        Item::OidcToken => match kind {
            SourceKind::Ecr => Way::Amazon,
            SourceKind::Acr => Way::Principal,
            _ => Way::Federation,
        },
        Item::JsonKey => return Some(Way::JsonKey),
        Item::WorkloadIdentity => Way::JsonKey,
        Item::ProjectNumber | Item::PoolId | Item::ProviderId | Item::ServiceAccount => {
            Way::Federation
        }
        Item::ClientId | Item::ClientSecret => return Some(Way::Principal),
        Item::TenantId | Item::ClientCertificate => Way::Principal,
    };
    way.is_for(kind).then_some(way)
}

/// The kinds that take an item, for who gave it to another one.
pub fn sources(item: Item) -> String {
    let kinds = SourceKind::ALL.into_iter();
    let kinds = kinds.filter(|kind| of(item, *kind).is_some());
    kinds.map(SourceKind::name).collect::<Vec<_>>().join(", ")
}

impl Way {
    /// All of them, those of clouds first: what an environment has of a user may be for another registry.
    const ALL: [Self; 5] = [
        Self::Amazon,
        Self::JsonKey,
        Self::Federation,
        Self::Principal,
        Self::Password,
    ];

    /// Whether registries of this kind know it.
    fn is_for(self, kind: SourceKind) -> bool {
        match self {
            Self::Password => true,
            Self::Amazon => kind == SourceKind::Ecr,
            Self::JsonKey | Self::Federation => matches!(kind, SourceKind::Gcr | SourceKind::Gar),
            Self::Principal => kind == SourceKind::Acr,
        }
    }
}
