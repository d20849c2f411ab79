//! Where images are kept, said in fields instead of in front of each image's name.

use clap::Args;

use cosignet_host::registry::source::{Field, Fields, Source, SourceError, SourceKind};

use super::failure::Failure;

/// The registry of the images, by its kind.
#[derive(Args, Default)]
pub struct SourceOptions {
    /// The kind of registry that holds the images, which may then be named without their host:
    /// dockerhub, docker (any other), ecr, gcr, gar, acr, har (Harness), jfrog, ghcr, quay, harbor.
    #[arg(long, value_name = "KIND")]
    source: Option<SourceKind>,
    /// The region of an ECR registry.
    #[arg(long, value_name = "REGION", requires = "source")]
    region: Option<String>,
    /// The account of an ECR registry: twelve digits.
    #[arg(long, value_name = "ID", requires = "source")]
    account_id: Option<String>,
    /// The host of the registry, which gcr and gar need; others if neither the kind nor the image says it.
    #[arg(long, value_name = "HOST", requires = "source")]
    registry_host: Option<String>,
    /// The project of a Google registry.
    #[arg(long, value_name = "ID", requires = "source")]
    project_id: Option<String>,
    /// The Azure subscription of an ACR registry; no registry asks for it.
    #[arg(long, value_name = "ID", requires = "source")]
    subscription_id: Option<String>,
    /// The digest of the image, if it is not in its name.
    #[arg(long, value_name = "DIGEST")]
    digest: Option<String>,
}

impl SourceOptions {
    /// The source, if one was named.
    pub fn source(&self) -> Result<Option<Source>, Failure> {
        // A digest may be said of any image.
        let kind = match (self.source, &self.digest) {
            (Some(kind), _) => kind,
            (None, Some(_)) => SourceKind::Docker,
            (None, None) => return Ok(None),
        };
        let fields = Fields {
            region: self.region.clone(),
            account_id: self.account_id.clone(),
            host: self.registry_host.clone(),
            project_id: self.project_id.clone(),
            subscription_id: self.subscription_id.clone(),
            digest: self.digest.clone(),
        };
        Source::from_fields(kind, fields).map(Some).map_err(failure)
    }

    /// An image with all that the source says of it; without a source as it is.
    pub fn reference(&self, image: &str) -> Result<String, Failure> {
        match self.source()? {
            None => Ok(image.to_owned()),
            Some(source) => source.name(image).map_err(failure),
        }
    }

    /// The images with all that the source says of them; without a source as they are.
    pub fn references(&self, images: &[String]) -> Result<Vec<String>, Failure> {
        if self.digest.is_some() && images.len() > 1 {
            return Err(Failure::other(format!(
                "--digest is of one image, and there are {}: write each as IMAGE@DIGEST",
                images.len()
            )));
        }
        images.iter().map(|image| self.reference(image)).collect()
    }
}

/// The flag that says a field.
pub fn flag(field: Field) -> &'static str {
    match field {
        Field::Region => "--region",
        Field::AccountId => "--account-id",
        Field::Host => "--registry-host",
        Field::ProjectId => "--project-id",
        Field::SubscriptionId => "--subscription-id",
        Field::Digest => "--digest",
        Field::Image => "the image",
    }
}

fn failure(error: SourceError) -> Failure {
    Failure::other(error.in_words(flag))
}
