//! Where an answer may send a request on to: a redirect, an upload's `Location`, a realm.

use reqwest::Url;

use super::endpoint::AllowHttp;
use crate::http::{Reach, display, reach};

/// Checks the step from one URL to the next. The error says what is wrong with it.
///
/// Only http and https; plain HTTP only to hosts that may be spoken to so, and from https only
/// when the user named that host; to this machine only from this machine, to link-local
/// addresses only from the same one (a registry must not reach what its client can).
pub(super) fn check(from: &Url, to: &Url, allow_http: &AllowHttp) -> Result<(), String> {
    let shown = display(to);
    let (from_reach, to_reach) = (reach_of(from), reach_of(to));
    match to.scheme() {
        "https" => {}
        "http" => {
            let allowed = allow_http.permits(to);
            if from.scheme() == "https" && !allowed {
                return Err(format!("{shown} is plain HTTP, coming from https"));
            }
            if to_reach != Reach::Loopback && !allowed {
                return Err(format!(
                    "{shown} is plain HTTP, which is not allowed for it"
                ));
            }
        }
        _ => return Err(format!("{shown} is neither http nor https")),
    }
    let stays_local = match to_reach {
        Reach::Network => true,
        Reach::Loopback => from_reach == Reach::Loopback,
        Reach::LinkLocal => from.host_str() == to.host_str(),
    };
    match stays_local {
        true => Ok(()),
        false => Err(format!(
            "{shown} is local to this machine, and {} is not",
            display(from)
        )),
    }
}

fn reach_of(url: &Url) -> Reach {
    reach(url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(from: &str, to: &str, allow_http: &AllowHttp) -> Result<(), String> {
        check(
            &Url::parse(from).unwrap(),
            &Url::parse(to).unwrap(),
            allow_http,
        )
    }

    #[test]
    fn steps_that_are_taken() {
        for (from, to) in [
            (
                "https://ghcr.io/v2",
                "https://storage.example.com/blob?sig=1",
            ),
            ("https://reg.corp", "https://10.0.0.7:9000/blob"),
            ("http://127.0.0.1:5000", "http://[::1]:9000/blob"),
            ("http://localhost:5000", "https://storage.example.com/blob"),
        ] {
            assert_eq!(
                check_text(from, to, &AllowHttp::Never),
                Ok(()),
                "{from} {to}"
            );
        }
        let named = AllowHttp::hosts(["minio.lan"]).unwrap();
        assert_eq!(
            check_text("https://reg.corp", "http://minio.lan:9000/b", &named),
            Ok(())
        );
        let all = AllowHttp::All;
        assert_eq!(
            check_text("https://reg.corp", "http://other.lan/b", &all),
            Ok(())
        );
    }

    #[test]
    fn steps_that_are_not() {
        for (from, to) in [
            ("https://ghcr.io", "http://ghcr.io/blob"),
            ("https://ghcr.io", "ftp://ghcr.io/blob"),
            ("https://ghcr.io", "file:///etc/passwd"),
            ("https://ghcr.io", "https://127.0.0.1/blob"),
            ("https://ghcr.io", "https://2130706433/blob"),
            ("https://ghcr.io", "https://[::ffff:127.0.0.1]/blob"),
            ("https://ghcr.io", "https://localhost./blob"),
            (
                "https://ghcr.io",
                "https://169.254.169.254/latest/meta-data",
            ),
            (
                "http://127.0.0.1:5000",
                "http://169.254.169.254/latest/meta-data",
            ),
            ("http://127.0.0.1:5000", "http://storage.example.com/blob"),
            ("https://127.0.0.1:5000", "http://127.0.0.1:5000/blob"),
        ] {
            assert!(
                check_text(from, to, &AllowHttp::Never).is_err(),
                "{from} {to}"
            );
        }
        // Allowing plain HTTP does not open this machine.
        let all = AllowHttp::All;
        assert!(check_text("http://reg.lan", "http://127.0.0.1/x", &all).is_err());
        assert!(check_text("http://reg.lan", "http://169.254.169.254/x", &all).is_err());
    }
}
