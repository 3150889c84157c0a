//! Trails: what is exported, and where to.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use coffer_model::{AccountId, Arn, Region, Timestamp};
use coffer_pipeline::{Call, Demand, RequestContext, Scope};
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record};
use serde::{Deserialize, Serialize};

use super::errors::CloudTrailError;
use super::selectors::Selectors;

/// A trail of an account, in the region that it was made in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TrailRecord {
    pub(super) name: String,
    pub(super) account: AccountId,
    pub(super) region: Region,
    /// The folder of the exports that its files go to.
    pub(super) bucket: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) prefix: Option<String>,
    pub(super) global_events: bool,
    pub(super) multi_region: bool,
    /// Whether its files are signed.
    pub(super) validation: bool,
    pub(super) logging: bool,
    /// Counts the starts, so that a delivery that was planned for an earlier one ends.
    pub(super) generation: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) started: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stopped: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) selectors: Option<Selectors>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<String, String>,
}

impl TrailRecord {
    pub(super) fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }

    pub(super) fn arn(&self) -> String {
        arn_of(&self.scope(), &self.name)
    }

    pub(super) fn key_of(scope: &Scope, name: &str) -> Key {
        scope.key(Self::TABLE, &[name])
    }

    /// The prefix of all of an account's trails.
    pub(super) fn all_of(account: AccountId) -> Vec<u8> {
        Key::of(Self::TABLE, &[account.as_str()]).prefix()
    }
}

impl Record for TrailRecord {
    const TABLE: &'static str = "cloudtrail.trail";

    fn key(&self) -> Key {
        Self::key_of(&self.scope(), &self.name)
    }
}

/// A trail's name or ARN, as a caller gave it.
#[derive(Debug, Clone)]
pub(super) struct TrailName {
    pub(super) scope: Scope,
    pub(super) name: String,
    given: String,
}

impl TrailName {
    /// Reads a name, which is of the caller's account and region, or an ARN.
    pub(super) fn read(given: &str, context: &RequestContext) -> Result<Self, Fault> {
        let own = || context.scope.clone();
        if !given.starts_with("arn:") {
            must_be_name(given)?;
            return Ok(Self { scope: own(), name: given.to_owned(), given: given.to_owned() });
        }
        let invalid = || {
            CloudTrailError::CloudTrailARNInvalidException
                .with(format!("Invalid trail ARN: {given}"))
        };
        let arn: Arn = given.parse().map_err(|_| invalid())?;
        let name = arn.resource.strip_prefix("trail/").ok_or_else(invalid)?;
        let (Some(account), Some(region)) = (arn.account, arn.region) else {
            return Err(invalid());
        };
        if arn.service != "cloudtrail" {
            return Err(invalid());
        }
        must_be_name(name)?;
        let scope = Scope { account, region };
        Ok(Self { scope, name: name.to_owned(), given: given.to_owned() })
    }

    pub(super) fn demand(&self, action: &'static str) -> Vec<Demand> {
        vec![Demand::of(action, arn_of(&self.scope, &self.name))]
    }

    /// Finds the trail: by its name in the caller's region, by its ARN also one that covers the
    /// region from another.
    pub(super) async fn find(&self, call: &mut Call<'_>) -> Result<Arc<TrailRecord>, Fault> {
        let unknown = || {
            let account = call_account(&self.scope);
            CloudTrailError::TrailNotFoundException
                .with(format!("Unknown trail: {} for the user: {account}", self.given))
        };
        // Whose trail it is not learns nothing about it.
        if self.scope.account != call.account() {
            return Err(unknown());
        }
        let key = TrailRecord::key_of(&self.scope, &self.name);
        let found = call.get::<TrailRecord>(&key).await?.ok_or_else(unknown)?;
        let is_visible = found.multi_region || found.region == *call.region();
        if is_visible { Ok(found) } else { Err(unknown()) }
    }

    /// Finds the trail in its home region, where alone it can be changed.
    pub(super) async fn find_at_home(&self, call: &mut Call<'_>) -> Result<TrailRecord, Fault> {
        let found = self.find(call).await?;
        if found.region == *call.region() {
            return Ok(found.as_ref().clone());
        }
        Err(CloudTrailError::InvalidHomeRegionException
            .with(format!("Trail {} must be updated in its home region.", found.name)))
    }
}

fn call_account(scope: &Scope) -> AccountId {
    scope.account
}

pub(super) fn arn_of(scope: &Scope, name: &str) -> String {
    scope.arn_text("cloudtrail", &["trail/", name])
}

/// The trails that a region sees: its own, and those of other regions that cover it.
pub(super) async fn visible(call: &mut Call<'_>) -> Result<Vec<Arc<TrailRecord>>, Fault> {
    let prefix = TrailRecord::all_of(call.account());
    let rows = call.scan::<TrailRecord>(&prefix, None, SCANNED_MAX, Direction::Ascending).await?;
    let trails = rows.into_iter().map(|(_, trail)| trail);
    Ok(trails.filter(|trail| trail.multi_region || trail.region == *call.region()).collect())
}

/// Refuses what can be no trail's name.
///
/// AWS: the rules are those of the user guide ("Naming requirements for CloudTrail resources"); the
/// sentences were seen by the users of several tools.
fn must_be_name(name: &str) -> Result<(), Fault> {
    let refused = |message: String| Err(CloudTrailError::InvalidTrailNameException.with(message));
    let length = name.chars().count();
    if name.trim().is_empty() {
        return refused("Trail name cannot be blank!".to_owned());
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || SEPARATORS.contains(&c)) {
        return refused(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, \
             periods (.), hyphens (-), and underscores (_)."
                .to_owned(),
        );
    }
    if length < NAME_MIN {
        return refused(format!(
            "Trail name too short. Minimum allowed length: {NAME_MIN} characters. Specified name \
             length: {length} characters."
        ));
    }
    if length > NAME_MAX {
        return refused(format!(
            "Trail name too long. Maximum allowed length: {NAME_MAX} characters. Specified name \
             length: {length} characters."
        ));
    }
    if name.starts_with(SEPARATORS) {
        return refused("Trail name must starts with a letter or number.".to_owned());
    }
    if name.ends_with(SEPARATORS) {
        return refused("Trail name must ends with a letter or number.".to_owned());
    }
    let follows =
        |(first, second): (char, char)| SEPARATORS.contains(&first) && SEPARATORS.contains(&second);
    if name.chars().zip(name.chars().skip(1)).any(follows) {
        return refused(
            "Trail name can not have adjacent periods (.), hyphens (-), or underscores (_)."
                .to_owned(),
        );
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return refused("Trail name must not be in IP address format.".to_owned());
    }
    Ok(())
}

const SEPARATORS: [char; 3] = ['.', '-', '_'];
const NAME_MIN: usize = 3;
const NAME_MAX: usize = 128;
/// AWS: five trails in a region.
pub(super) const TRAILS_MAX: usize = 5;
/// Five in every region there could be.
const SCANNED_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::must_be_name;

    #[test]
    fn names_are_as_the_user_guide_says() {
        for good in ["abc", "My-Trail_1", "a.b", "management-events", "192.168.5.4a"] {
            assert!(must_be_name(good).is_ok(), "{good}");
        }
        let long = "a".repeat(129);
        for bad in
            ["", "ab", "-abc", "abc-", "my--name", "my-_name", "192.168.5.4", "a b c", "a/b", &long]
        {
            let refused = must_be_name(bad).unwrap_err();
            assert_eq!(refused.code, "InvalidTrailNameException", "{bad}");
        }
    }
}
