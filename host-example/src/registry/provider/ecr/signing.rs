//! AWS's signature version 4 of a question.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use reqwest::header::HeaderName;

use super::super::services::Question;
use crate::registry::RegistryError;

/// The question, signed with these keys for a region's service.
pub(super) fn signed(
    mut question: Question,
    keys: &Credentials,
    region: &str,
    service: &str,
) -> Result<Question, RegistryError> {
    let what = question.what.clone();
    let failed = |why: String| RegistryError::Invalid(format!("{what}: signing it: {why}"));
    let identity = keys.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(error.to_string()))?
        .into();
    let instructions = {
        let headers = question
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(question.body.as_deref().unwrap_or_default());
        let request = SignableRequest::new("POST", question.url.as_str(), headers, body);
        let request = request.map_err(|error| failed(error.to_string()))?;
        let output = sign(request, &params).map_err(|error| failed(error.to_string()))?;
        output.into_parts().0
    };
    for (name, value) in instructions.headers() {
        let name = HeaderName::try_from(name).map_err(|error| failed(error.to_string()))?;
        question = question.header(name, value)?;
    }
    Ok(question)
}
