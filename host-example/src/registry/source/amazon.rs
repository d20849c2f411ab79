//! The names of ECR's registries.

use std::fmt;

/// A private registry of Amazon ECR: each account has one in each region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::registry) struct EcrRegistry {
    pub account: String,
    pub region: String,
}

impl EcrRegistry {
    /// Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, and the names that it has in China and in
    /// the European sovereign cloud.
    pub fn of_host(host: &str) -> Option<Self> {
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        let (region, _) = rest.split_once('.')?;
        let registry = Self {
            account: account.to_owned(),
            region: region.to_owned(),
        };
        let is_one = is_account(account) && is_region(region) && registry.to_string() == host;
        is_one.then_some(registry)
    }

    /// The domain of all services in the region.
    pub fn domain(&self) -> &'static str {
        match self.region.split_once('-') {
            Some(("cn", _)) => "amazonaws.com.cn",
            Some(("eusc", _)) => "amazonaws.eu",
            _ => "amazonaws.com",
        }
    }
}

impl fmt::Display for EcrRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region } = self;
        write!(f, "{account}.dkr.ecr.{region}.{}", self.domain())
    }
}

/// Twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Words of letters and a number, joined by hyphens: `us-gov-west-1`.
pub(super) fn is_region(text: &str) -> bool {
    let is_word = |word: &str| {
        (2..=16).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let Some((words, number)) = text.rsplit_once('-') else {
        return false;
    };
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    is_number && words.contains('-') && words.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in [
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
        ] {
            assert_eq!(EcrRegistry::of_host(host).unwrap().to_string(), host);
        }
        for host in [
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.test",
            "123456789012.dkr.ecr.eu-west-1.evil.test",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
            "12345.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.evil.test/.amazonaws.com",
            "public.ecr.aws",
        ] {
            assert_eq!(EcrRegistry::of_host(host), None, "{host}");
        }
    }

    #[test]
    fn regions() {
        for region in [
            "us-east-1",
            "us-gov-west-1",
            "ap-southeast-4",
            "mx-central-1",
        ] {
            assert!(is_region(region), "{region}");
        }
        for region in [
            "",
            "us",
            "us-east",
            "us-east-1a",
            "us-1",
            "US-EAST-1",
            "us--east-1",
            "../x-1",
        ] {
            assert!(!is_region(region), "{region}");
        }
    }
}
