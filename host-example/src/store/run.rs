//! The run of a pipeline that something was done in.

use reqwest::Url;
use serde::{Deserialize, Serialize};

/// A run of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Run {
    /// What its pipeline calls it.
    pub id: Option<String>,
    /// Where it can be looked at.
    pub url: Option<String>,
}

impl Run {
    /// The run that the environment tells of: of the first pipeline in this table of which something is set.
    ///
    /// | pipeline | id | URL |
    /// |---|---|---|
    /// | Harness | `HARNESS_EXECUTION_ID`, `HARNESS_BUILD_ID` | `CI_BUILD_LINK`, `DRONE_BUILD_LINK` |
    /// | GitHub Actions | `GITHUB_RUN_ID` | made of `GITHUB_SERVER_URL`, `GITHUB_REPOSITORY` and the id |
    /// | Drone | `DRONE_BUILD_NUMBER` | `DRONE_BUILD_LINK` |
    /// | GitLab, Woodpecker | `CI_PIPELINE_ID`, `CI_PIPELINE_NUMBER` | `CI_PIPELINE_URL` |
    /// | Jenkins | `BUILD_TAG`, `BUILD_ID` | `BUILD_URL` |
    ///
    /// A URL that is none is left out: nobody typed it here.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let pipeline = PIPELINES
            .iter()
            .find(|pipeline| pipeline.ids.iter().any(|name| set(name).is_some()))?;
        let id = pipeline.ids.iter().find_map(set);
        let made = || match (set(&"GITHUB_SERVER_URL"), set(&"GITHUB_REPOSITORY"), &id) {
            (Some(server), Some(repository), Some(id)) => {
                Some(format!("{server}/{repository}/actions/runs/{id}"))
            }
            _ => None,
        };
        let url = match pipeline.urls {
            [] => made(),
            urls => urls.iter().find_map(set),
        };
        let url = url.and_then(|url| Self::link(&url).ok());
        Some(Self { id, url })
    }

    /// A URL that can be shown and followed: http or https, without user info.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn link(text: &str) -> Result<String, String> {
        let mut url = Url::parse(text).map_err(|error| error.to_string())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("expected http or https, found {}", url.scheme()));
        }
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return Err("it has no host".into());
        }
        Ok(url.into())
    }
}

struct Pipeline {
    ids: &'static [&'static str],
    urls: &'static [&'static str],
}

/// Harness sets what Drone sets too, and so comes first.
const PIPELINES: [Pipeline; 5] = [
    Pipeline {
        ids: &["HARNESS_EXECUTION_ID", "HARNESS_BUILD_ID"],
        urls: &["CI_BUILD_LINK", "DRONE_BUILD_LINK"],
    },
    Pipeline {
        ids: &["GITHUB_RUN_ID"],
        urls: &[],
    },
    Pipeline {
        ids: &["DRONE_BUILD_NUMBER"],
        urls: &["DRONE_BUILD_LINK"],
    },
    Pipeline {
        ids: &["CI_PIPELINE_ID", "CI_PIPELINE_NUMBER"],
        urls: &["CI_PIPELINE_URL"],
    },
    Pipeline {
        ids: &["BUILD_TAG", "BUILD_ID"],
        urls: &["BUILD_URL"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn run(variables: &[(&str, &str)]) -> Option<(Option<String>, Option<String>)> {
        let found = Run::of_environment(|name| {
            let mut set = variables.iter();
            Some(set.find(|(known, _)| *known == name)?.1.to_owned())
        });
        found.map(|run| (run.id, run.url))
    }

    #[test]
    fn pipelines_tell_of_their_runs() {
        let told = |id: &str, url: &str| Some((Some(id.to_owned()), Some(url.to_owned())));
        let harness = [
            ("DRONE_BUILD_NUMBER", "7"),
            ("HARNESS_EXECUTION_ID", "x1"),
            ("DRONE_BUILD_LINK", "https://app.harness.io/x1"),
        ];
        assert_eq!(run(&harness), told("x1", "https://app.harness.io/x1"));
        let github = [
            ("GITHUB_RUN_ID", "42"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "o/r"),
        ];
        let url = "https://github.com/o/r/actions/runs/42";
        assert_eq!(run(&github), told("42", url));
        let jenkins = [
            ("BUILD_ID", "9"),
            ("BUILD_URL", "https://u:p@ci.example/9/"),
        ];
        assert_eq!(run(&jenkins), told("9", "https://ci.example/9/"));
        let gitlab = [("CI_PIPELINE_ID", "1"), ("CI_PIPELINE_URL", "javascript:1")];
        assert_eq!(run(&gitlab), Some((Some("1".into()), None)));
        assert_eq!(run(&[("GITHUB_RUN_ID", "")]), None);
    }

    #[test]
    fn links_lead_somewhere_and_tell_no_secrets() {
        assert_eq!(
            Run::link("https://user:secret@h.example/a?b=c").unwrap(),
            "https://h.example/a?b=c"
        );
        for bad in ["", "ci/7", "javascript:alert(1)", "file:///etc", "https://"] {
            assert!(Run::link(bad).is_err(), "{bad}");
        }
    }
}
