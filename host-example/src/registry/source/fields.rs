//! What is said of a source, field by field, before it is known whether it fits together.

use std::fmt;

/// What users say of a source. [`Source::from_fields`](super::Source::from_fields) finds out
/// whether it is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The region of an ECR registry: `eu-west-1`.
    pub region: Option<String>,
    /// The account of an ECR registry: twelve digits.
    pub account_id: Option<String>,
    /// The registry's host, with its port if it has one of its own. Of an ECR registry it says region and
    /// account too.
    pub host: Option<String>,
    /// The project of a Google registry.
    pub project_id: Option<String>,
    /// The Azure subscription of an ACR registry. Registries do not ask for it; it is checked,
    /// so that a slip is found, and goes nowhere.
    pub subscription_id: Option<String>,
    /// The digest of the image: `sha256:…`.
    pub digest: Option<String>,
}

/// One of the [`Fields`], or the image itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// [`Fields::region`].
    Region,
    /// [`Fields::account_id`].
    AccountId,
    /// [`Fields::host`].
    Host,
    /// [`Fields::project_id`].
    ProjectId,
    /// [`Fields::subscription_id`].
    SubscriptionId,
    /// [`Fields::digest`].
    Digest,
    /// The name of the image.
    Image,
}

impl Field {
    /// All but the image.
    pub const ALL: [Self; 6] = [
        Self::Region,
        Self::AccountId,
        Self::Host,
        Self::ProjectId,
        Self::SubscriptionId,
        Self::Digest,
    ];
}

impl fmt::Display for Field {
    /// The library's own name; front ends say theirs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Region => "region",
            Self::AccountId => "account id",
            Self::Host => "host",
            Self::ProjectId => "project id",
            Self::SubscriptionId => "subscription id",
            Self::Digest => "digest",
            Self::Image => "image",
        })
    }
}

impl Fields {
    /// What is said in a field; an empty text says nothing, as pipelines write it.
    pub fn get(&self, field: Field) -> Option<&str> {
        let value = match field {
            Field::Region => &self.region,
            Field::AccountId => &self.account_id,
            Field::Host => &self.host,
            Field::ProjectId => &self.project_id,
            Field::SubscriptionId => &self.subscription_id,
            Field::Digest => &self.digest,
            Field::Image => &None,
        };
        value.as_deref().filter(|text| !text.is_empty())
    }

    /// Says something in a field. The image is in none.
    pub fn set(&mut self, field: Field, text: impl Into<String>) {
        let value = match field {
            Field::Region => &mut self.region,
            Field::AccountId => &mut self.account_id,
            Field::Host => &mut self.host,
            Field::ProjectId => &mut self.project_id,
            Field::SubscriptionId => &mut self.subscription_id,
            Field::Digest => &mut self.digest,
            Field::Image => return,
        };
        *value = Some(text.into());
    }
}
