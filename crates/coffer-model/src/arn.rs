//! Amazon Resource Names.

use std::fmt;
use std::str::FromStr;

use crate::{AccountId, Region};

/// An ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
///
/// Region and account may be absent, as in `arn:aws:iam::111122223333:root`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Arn {
    /// `aws`, `aws-cn`, `aws-us-gov`; coffer makes `aws` only.
    pub partition: String,
    /// The service's prefix, such as `ssm` or `secretsmanager`.
    pub service: String,
    /// The region, where the resource has one.
    pub region: Option<Region>,
    /// The owning account, where the resource has one.
    pub account: Option<AccountId>,
    /// All that follows the fifth colon.
    pub resource: String,
}

/// The text was not an ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidArn;

impl Arn {
    /// Makes the ARN of a resource of an account and region in partition `aws`.
    pub fn new(service: &str, region: &Region, account: AccountId, resource: &str) -> Self {
        Self {
            partition: PARTITION.to_owned(),
            service: service.to_owned(),
            region: Some(region.clone()),
            account: Some(account),
            resource: resource.to_owned(),
        }
    }

    /// Writes such an ARN at once, its resource given in pieces.
    pub fn text(service: &str, region: &Region, account: AccountId, resource: &[&str]) -> String {
        let pieces =
            ["arn:", PARTITION, ":", service, ":", region.as_str(), ":", account.as_str(), ":"];
        let bytes = pieces.iter().chain(resource).map(|piece| piece.len()).sum();
        let mut text = String::with_capacity(bytes);
        pieces.iter().chain(resource).for_each(|piece| text.push_str(piece));
        text
    }

    /// The account that an ARN's text names, without reading the rest of it.
    ///
    /// # Errors
    /// What is not an ARN.
    pub fn owner_of(text: &str) -> Result<Option<AccountId>, InvalidArn> {
        let mut parts = Parts(text);
        let (scheme, account) = (parts.next(), parts.nth(3));
        if scheme != Some("arn") || parts.0.is_empty() {
            return Err(InvalidArn);
        }
        optional(account.ok_or(InvalidArn)?)
    }

    /// The region that an ARN's text names, without reading the rest of it; nothing of what is not
    /// an ARN.
    pub fn region_of(text: &str) -> Option<&str> {
        let mut parts = Parts(text);
        parts.next().filter(|scheme| *scheme == "arn")?;
        parts.nth(2).filter(|region| !region.is_empty())
    }

    /// The ARN of an account's root, which is also the account's principal in policies.
    pub fn root(account: AccountId) -> Self {
        Self {
            partition: PARTITION.to_owned(),
            service: "iam".to_owned(),
            region: None,
            account: Some(account),
            resource: "root".to_owned(),
        }
    }
}

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        if text.len() > BYTES_MAX {
            return Err(InvalidArn);
        }
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or(InvalidArn);
        if next()? != "arn" {
            return Err(InvalidArn);
        }
        let (partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?);
        if partition.is_empty() || service.is_empty() || resource.is_empty() {
            return Err(InvalidArn);
        }
        Ok(Self {
            partition: partition.to_owned(),
            service: service.to_owned(),
            region: optional(region)?,
            account: optional(account)?,
            resource: resource.to_owned(),
        })
    }
}

/// The parts of a text before each of its colons. They are so short that looking at one byte after
/// the other finds them sooner than the search that `str::split` begins.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let colon = self.0.bytes().position(|byte| byte == b':')?;
        let part = self.0.get(..colon)?;
        self.0 = self.0.get(colon + 1..)?;
        Some(part)
    }
}

fn optional<T: FromStr>(text: &str) -> Result<Option<T>, InvalidArn> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| InvalidArn) }
}

impl fmt::Display for Arn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.region.as_ref().map_or("", Region::as_str);
        let account = self.account.as_ref().map_or("", AccountId::as_str);
        write!(out, "arn:{}:{}:{region}:{account}:{}", self.partition, self.service, self.resource)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Display for InvalidArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an ARN is arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE")
    }
}

impl std::error::Error for InvalidArn {}

const PARTITION: &str = "aws";
const BYTES_MAX: usize = 2048;

#[cfg(test)]
mod tests {
    use super::Arn;
    use crate::Region;

    #[test]
    fn an_arn_comes_back_as_it_was_written() {
        for text in [
            "arn:aws:ssm:eu-central-1:111122223333:parameter/a/b",
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf",
            "arn:aws:iam::111122223333:root",
        ] {
            let arn = text.parse::<Arn>().unwrap();
            assert_eq!(arn.to_string(), text);
            assert_eq!(Arn::owner_of(text), Ok(arn.account));
            assert_eq!(Arn::region_of(text), arn.region.as_ref().map(Region::as_str));
        }
        for text in ["", "arn", "arn:aws:ssm:us-east-1:1:x", "arn:aws:ssm:US:111122223333:x"] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
        assert!(Arn::owner_of("arn:aws:ssm:us-east-1:1:x").is_err());
        for text in ["", "arn", "arn:aws:ssm:us-east-1:111122223333", "a:a:s:r:111122223333:x"] {
            assert!(Arn::owner_of(text).is_err(), "{text}");
        }
        for text in ["arn:aws:ssm:us-east-1:111122223333:", "arn:aws:s3:::"] {
            assert!(Arn::owner_of(text).is_err(), "{text}");
        }
        assert_eq!(Arn::owner_of("arn:aws:s3:::bucket:a:b"), Ok(None));
        assert_eq!(Arn::region_of("no:arn:at:all:"), None);
    }

    #[test]
    fn an_arn_written_at_once_is_the_same() {
        let (region, account) = ("eu-west-1".parse().unwrap(), "111122223333".parse().unwrap());
        assert_eq!(
            Arn::text("ssm", &region, account, &["parameter", "/a/b"]),
            Arn::new("ssm", &region, account, "parameter/a/b").to_string()
        );
    }
}
