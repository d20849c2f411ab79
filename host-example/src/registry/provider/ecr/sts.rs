//! AWS STS: keys for a role, for the bearer of a token or of other keys.

use aws_credential_types::Credentials;
use roxmltree::Document;

use super::{Ecr, Question, keys, signing};
use crate::registry::{RegistryError, login::AmazonRole, source::EcrRegistry};

impl Ecr {
    /// `AssumeRoleWithWebIdentity`: the token is proof enough, and nothing is signed.
    pub(super) async fn assume_role_with_web_identity(
        &self,
        registry: &EcrRegistry,
        role: &str,
        token: &str,
    ) -> Result<Credentials, RegistryError> {
        let name = self.environment.get("AWS_ROLE_SESSION_NAME");
        let name = name.as_ref().map_or(SESSION, |name| name.as_str());
        let question = self.question(
            registry,
            &[
                ("Action", "AssumeRoleWithWebIdentity"),
                ("RoleArn", role),
                ("RoleSessionName", name),
                ("WebIdentityToken", token),
            ],
        )?;
        self.assumed(&question).await
    }

    /// `AssumeRole`, by these keys.
    pub(super) async fn assume_role(
        &self,
        registry: &EcrRegistry,
        keys: &Credentials,
        role: &AmazonRole,
    ) -> Result<Credentials, RegistryError> {
        let mut form = vec![
            ("Action", "AssumeRole"),
            ("RoleArn", role.arn.as_str()),
            ("RoleSessionName", SESSION),
        ];
        let external_id = role.external_id.as_deref();
        form.extend(external_id.map(|id| ("ExternalId", id)));
        let question = self.question(registry, &form)?;
        let question = signing::signed(question, keys, &registry.region, "sts")?;
        self.assumed(&question).await
    }

    fn question(
        &self,
        registry: &EcrRegistry,
        form: &[(&str, &str)],
    ) -> Result<Question, RegistryError> {
        let url = self.endpoint("AWS_ENDPOINT_URL_STS", "sts", registry)?;
        let form = [form, &[("Version", "2011-06-15")]].concat();
        let what = format!("credentials for {registry}: STS");
        Ok(Question::form(what, url, &form))
    }

    async fn assumed(&self, question: &Question) -> Result<Credentials, RegistryError> {
        let body = self.services.ask(question).await?;
        read(&body).ok_or_else(|| {
            let what = &question.what;
            RegistryError::Invalid(format!("{what}: expected XML with one <Credentials>"))
        })
    }
}

/// The keys in an answer.
fn read(body: &[u8]) -> Option<Credentials> {
    let document = Document::parse(str::from_utf8(body).ok()?).ok()?;
    let mut all = document
        .descendants()
        .filter(|node| node.tag_name().name() == "Credentials");
    let (credentials, None) = (all.next()?, all.next()) else {
        return None;
    };
    let text = |name: &str| {
        let node = credentials
            .children()
            .find(|node| node.tag_name().name() == name)?;
        node.text().map(str::trim).filter(|text| !text.is_empty())
    };
    let (id, secret) = (text("AccessKeyId")?, text("SecretAccessKey")?);
    Some(keys::keys(id, secret, text("SessionToken")))
}

const SESSION: &str = "cosignet";

#[cfg(test)]
mod tests {
    use super::*;

    /// The form that AWS documents, shortened.
    const ANSWER: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleResult><Credentials>
          <AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s/e&amp;c</SecretAccessKey>
          <SessionToken> token </SessionToken><Expiration>2026-11-28T12:00:00Z</Expiration>
        </Credentials></AssumeRoleResult></AssumeRoleResponse>"#;

    #[test]
    fn the_keys_of_an_answer() {
        let keys = read(ANSWER.as_bytes()).unwrap();
        assert_eq!(keys.access_key_id(), "ASIA");
        assert_eq!(keys.secret_access_key(), "s/e&c");
        assert_eq!(keys.session_token(), Some("token"));
    }

    #[test]
    fn odd_answers() {
        let twice = ANSWER.replace("<AssumeRoleResult>", "<AssumeRoleResult><Credentials/>");
        let nameless = ANSWER.replace("AccessKeyId", "Other");
        let entity = format!("<!DOCTYPE a [<!ENTITY x \"y\">]>{ANSWER}");
        for answer in ["", "{}", "<a/>", &twice, &nameless, &entity] {
            assert!(read(answer.as_bytes()).is_none(), "{answer}");
        }
    }
}
