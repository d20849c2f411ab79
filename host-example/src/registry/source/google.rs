//! The names of Google's registries and projects.

/// `gcr.io` and its regions, `eu.gcr.io`.
pub(in crate::registry) fn is_container_registry(host: &str) -> bool {
    host == "gcr.io" || host.strip_suffix(".gcr.io").is_some_and(is_label)
}

/// `LOCATION-docker.pkg.dev`.
pub(in crate::registry) fn is_artifact_registry(host: &str) -> bool {
    host.strip_suffix("-docker.pkg.dev").is_some_and(is_label)
}

/// The part of an image's path that is the project: of one that belongs to a domain,
/// `example.com:app`, two parts.
pub(super) fn project_path(project: &str) -> Option<String> {
    let (domain, name) = match project.split_once(':') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, project),
    };
    let is_domain = |domain: &str| domain.contains('.') && domain.split('.').all(is_label);
    let is_project = (6..=30).contains(&name.len())
        && is_label(name)
        && name.starts_with(|first: char| first.is_ascii_lowercase());
    (is_project && domain.is_none_or(is_domain)).then(|| project.replacen(':', "/", 1))
}

fn is_label(text: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_good) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in ["gcr.io", "eu.gcr.io", "asia.gcr.io"] {
            assert!(is_container_registry(host), "{host}");
        }
        for host in [
            "evilgcr.io",
            "gcr.io.evil.test",
            "a.b.gcr.io",
            ".gcr.io",
            "pkg.dev",
        ] {
            assert!(!is_container_registry(host), "{host}");
        }
        for host in ["europe-west3-docker.pkg.dev", "us-docker.pkg.dev"] {
            assert!(is_artifact_registry(host), "{host}");
        }
        for host in [
            "us-docker.pkg.dev.evil.test",
            "-docker.pkg.dev",
            "a.b-docker.pkg.dev",
            "us-npm.pkg.dev",
        ] {
            assert!(!is_artifact_registry(host), "{host}");
        }
    }

    #[test]
    fn projects() {
        assert_eq!(
            project_path("my-project-1").as_deref(),
            Some("my-project-1")
        );
        assert_eq!(
            project_path("example.com:my-project").as_deref(),
            Some("example.com/my-project")
        );
        for project in [
            "",
            "short",
            "My-Project",
            "1project",
            "project-",
            "a/b-project",
            "x:my-project",
        ] {
            assert_eq!(project_path(project), None, "{project}");
        }
    }
}
