use cosignet_host::registry::source::SourceKind;

use super::fault::{Fault, Problem};
use super::fields::Value;
use crate::cli::lent::{Access, Secret};
use crate::cli::step::access::{self, AccessFault, Given, Item};
use crate::cli::step::source::host_of;
use crate::cli::step::variables::{Kind, Variables};

/// What a connector is to a registry: who opens it, and its host.
#[derive(Default)]
pub struct Connector {
    pub host: Option<String>,
    pub access: Access,
}

/// Reads what a connector stands for, of a registry of this kind.
pub fn read(
    kind: SourceKind,
    value: &Value<'_>,
    variables: &Variables<'_>,
) -> Result<Connector, Fault> {
    let named = Named {
        name: value.text(variables)?,
        variables,
    };
    let access = access::read(kind, &named);
    let access = access.map_err(|fault| value.fault(named.problem(&fault)))?;
    let host = match named.value("url") {
        None => None,
        Some(url) => match url.text() {
            Some(url) => Some(host_of(url).to_owned()),
            None => return Err(value.fault(Problem::NoText(named.name))),
        },
    };
    Ok(Connector { host, access })
}

/// The values of a connector.
struct Named<'a> {
    name: String,
    variables: &'a Variables<'a>,
}

impl Named<'_> {
    fn value(&self, field: &str) -> Option<Secret> {
        let name = format!("{}.{field}", self.name);
        self.variables.find(Kind::Connector, &name)
    }

    fn problem(&self, fault: &AccessFault) -> Problem {
        let connector = self.name.clone();
        match fault {
            AccessFault::Missing { item, beside } => Problem::HalfConnector {
                connector,
                there: beside.name(),
                missing: item.name(),
            },
            fault => Problem::Connector {
                connector,
                item: fault.item().name(),
                why: fault.in_words(|item| item.name().to_owned()),
            },
        }
    }
}

impl Given for Named<'_> {
    fn own(&self, item: Item) -> Option<Secret> {
        self.value(item.name())
    }

    fn find(&self, item: Item) -> Option<Secret> {
        self.own(item)
    }
}
