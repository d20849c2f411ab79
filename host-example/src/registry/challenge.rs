//! What a registry asks for when it answers 401: `WWW-Authenticate`, RFC 9110 section 11.6.1.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// A demand that this client can meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User name and password with every request (RFC 7617).
    Basic,
    /// A token from somewhere else (distribution specification, token authentication).
    Bearer(BearerChallenge),
}

/// Where to get the token, and what to say there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BearerChallenge {
    /// The URL of the token service: the registry's word only, see `realm`.
    pub realm: String,
    pub service: Option<String>,
    pub scope: Option<String>,
}

/// The best of the challenges in an answer: Bearer, since its secret is short-lived and
/// narrow, before Basic.
pub(super) fn choose(headers: &HeaderMap) -> Option<Challenge> {
    let all: Vec<Challenge> = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(parse)
        .collect();
    let bearer = all
        .iter()
        .find(|challenge| matches!(challenge, Challenge::Bearer(_)));
    bearer.or(all.first()).cloned()
}

/// The scopes to ask for: the registry's own words, widened to `actions` where they name a
/// repository; `repository:PATH:ACTIONS` when it named none.
pub(super) fn scopes(challenge: &BearerChallenge, path: &str, actions: &[&str]) -> Vec<String> {
    let asked = challenge.scope.as_deref().unwrap_or_default();
    let scopes: Vec<String> = asked
        .split_ascii_whitespace()
        .take(MAX_SCOPES)
        .map(|scope| widen(scope, actions))
        .collect();
    match scopes.is_empty() {
        true => vec![format!("repository:{path}:{}", actions.join(","))],
        false => scopes,
    }
}

fn widen(scope: &str, actions: &[&str]) -> String {
    match scope.rsplit_once(':') {
        Some((resource, granted)) if resource.starts_with("repository") => {
            let mut all: Vec<&str> = granted.split(',').filter(|one| !one.is_empty()).collect();
            let missing = actions
                .iter()
                .filter(|action| !granted_has(granted, action));
            all.extend(missing);
            format!("{resource}:{}", all.join(","))
        }
        _ => scope.to_owned(),
    }
}

fn granted_has(granted: &str, action: &str) -> bool {
    granted.split(',').any(|one| one == action || one == "*")
}

fn parse(text: &str) -> Vec<Challenge> {
    let mut challenges: Vec<(String, BearerChallenge)> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = split_token(rest);
        if word.is_empty() {
            break;
        }
        rest = after.trim_start();
        match (rest.strip_prefix('='), challenges.last_mut()) {
            (Some(after), Some((_, parameters))) => {
                let (value, after) = split_value(after.trim_start());
                match word.to_ascii_lowercase().as_str() {
                    "realm" => parameters.realm = value,
                    "service" => parameters.service = Some(value),
                    "scope" => parameters.scope = Some(value),
                    _ => {}
                }
                // Padding of a token68, which belongs to a scheme that is unknown here.
                rest = after.trim_start_matches('=');
            }
            _ => challenges.push((word.to_ascii_lowercase(), BearerChallenge::default())),
        }
    }
    let known = |(scheme, parameters): (String, BearerChallenge)| match scheme.as_str() {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer(parameters)),
        _ => None,
    };
    challenges.into_iter().filter_map(known).collect()
}

/// A token of RFC 9110 section 5.6.2 and what follows it.
fn split_token(text: &str) -> (&str, &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let rest = text.trim_start_matches(is_token);
    (&text[..text.len() - rest.len()], rest)
}

/// A token or a quoted string, without its quotes and escapes, and what follows it.
fn split_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = split_token(text);
        return (token.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

/// A registry asks for one, or for two when a blob is mounted from elsewhere.
const MAX_SCOPES: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer(BearerChallenge {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        })
    }

    #[test]
    fn a_docker_hub_challenge() {
        let text = concat!(
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io","#,
            r#"scope="repository:a/b:pull""#
        );
        let expected = bearer(
            "https://auth.docker.io/token",
            Some("registry.docker.io"),
            Some("repository:a/b:pull"),
        );
        assert_eq!(parse(text), [expected]);
    }

    #[test]
    fn several_challenges_escapes_and_odd_spacing() {
        let text = r#"Negotiate abc==, BASIC realm = "a \"b\", c" , bearer  realm=x ,foo=bar"#;
        assert_eq!(parse(text), [Challenge::Basic, bearer("x", None, None)]);
    }

    #[test]
    fn bearer_before_basic_across_headers() {
        let mut headers = HeaderMap::new();
        headers.append(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"x\""),
        );
        headers.append(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"y\""),
        );
        assert_eq!(choose(&headers), Some(bearer("y", None, None)));
        assert_eq!(choose(&HeaderMap::new()), None);
    }

    #[test]
    fn scopes_are_widened_and_never_narrowed() {
        let ask = |scope: Option<&str>, actions: &[&str]| {
            let challenge = BearerChallenge {
                scope: scope.map(str::to_owned),
                ..BearerChallenge::default()
            };
            scopes(&challenge, "team/app", actions).join(" ")
        };
        let both = ["pull", "push"];
        assert_eq!(ask(None, &both), "repository:team/app:pull,push");
        let own_name = ask(Some("repository:x/team/app:pull"), &both);
        assert_eq!(own_name, "repository:x/team/app:pull,push");
        assert_eq!(ask(Some("repository:a:*"), &both), "repository:a:*");
        assert_eq!(
            ask(Some("repository:a:push,pull"), &["pull"]),
            "repository:a:push,pull"
        );
        assert_eq!(ask(Some("registry:catalog:*"), &both), "registry:catalog:*");
    }

    proptest! {
        #[test]
        fn any_text_parses_to_something(text in ".{0,200}") {
            parse(&text);
        }

        #[test]
        fn quoted_values_survive(value in "[^\\p{Cc}]{0,60}") {
            let quoted = value.replace('\\', r"\\").replace('"', "\\\"");
            let text = format!("Bearer scope=\"s\", realm=\"{quoted}\"");
            prop_assert_eq!(parse(&text), [bearer(&value, None, Some("s"))]);
        }
    }
}
