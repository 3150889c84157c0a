//! Service settings: what an account decides for Parameter Store in a region.

use coffer_model::{AccountId, Arn, Region, Timestamp};
use coffer_pipeline::{Call, Demand, RequestContext, Scope};
use coffer_protocol::{Fault, Output};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::errors::SsmError;
use super::parameter::ParameterTier;
use crate::quotas::{DEFAULT_THROUGHPUT, HIGHER_THROUGHPUT};

/// The settings that coffer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The tier of parameters whose requests name none.
    DefaultParameterTier,
    /// Whether the higher rate of requests is wanted, where AWS's quotas are in force.
    HighThroughputEnabled,
}

/// A setting's value where somebody has changed it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SettingRecord {
    /// The setting's id, [`Setting::id`].
    pub id: String,
    /// The owning account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// The value; nothing once it has been reset.
    pub value: Option<String>,
    /// When it was last changed.
    pub modified: Timestamp,
    /// The ARN of who changed it.
    pub modified_by: String,
}

/// A setting as it stands.
#[derive(Debug, Output)]
pub(super) struct ServiceSetting {
    #[shape(min = 1, max = 1000)]
    setting_id: Option<String>,
    #[shape(min = 1, max = 4096)]
    setting_value: Option<String>,
    last_modified_date: Option<Timestamp>,
    last_modified_user: Option<String>,
    #[shape(wire = "ARN")]
    arn: Option<String>,
    status: Option<String>,
}

/// The tier of parameters whose requests name none.
///
/// # Errors
/// A store that cannot be read.
pub async fn default_tier(call: &mut Call<'_>) -> Result<ParameterTier, Fault> {
    let key = SettingRecord::key_of(call.scope(), Setting::DefaultParameterTier);
    let kept = call.get::<SettingRecord>(&key).await?;
    let value = kept.as_ref().and_then(|record| record.value.as_deref());
    Ok(value.and_then(|value| value.parse().ok()).unwrap_or(ParameterTier::Standard))
}

/// The throughput that an account has chosen.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn throughput(call: &mut Call<'_>) -> Result<&'static str, Fault> {
    let key = SettingRecord::key_of(call.scope(), Setting::HighThroughputEnabled);
    let kept = call.get::<SettingRecord>(&key).await?;
    let is_higher = kept.as_ref().and_then(|record| record.value.as_deref()) == Some("true");
    Ok(if is_higher { HIGHER_THROUGHPUT } else { DEFAULT_THROUGHPUT })
}

impl Setting {
    /// The setting of an id, or of an ARN of the call's account and region.
    ///
    /// # Errors
    /// `ServiceSettingNotFound`.
    pub(super) fn named(words: &str, scope: &Scope) -> Result<Self, Fault> {
        let id = match words.parse::<Arn>() {
            Ok(arn) => {
                let is_ours = arn.service == "ssm"
                    && arn.region.as_ref() == Some(&scope.region)
                    && arn.account == Some(scope.account);
                let id = arn.resource.strip_prefix("servicesetting").filter(|_| is_ours);
                id.unwrap_or_default().to_owned()
            }
            Err(_) => words.to_owned(),
        };
        let found = Self::ALL.into_iter().find(|setting| setting.id() == id);
        found.ok_or_else(|| {
            SsmError::ServiceSettingNotFound.with(format!("Service setting {words} not found."))
        })
    }

    /// AWS's id of it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::DefaultParameterTier => "/ssm/parameter-store/default-parameter-tier",
            Self::HighThroughputEnabled => "/ssm/parameter-store/high-throughput-enabled",
        }
    }

    /// Refuses what is no value of this setting.
    ///
    /// # Errors
    /// `ValidationException`.
    pub(super) fn must_take(self, value: &str) -> Result<(), Fault> {
        if self.values().contains(&value) {
            return Ok(());
        }
        let values = self.values().join(", ");
        Err(Fault::validation(format!(
            "Invalid setting value for {}. Valid values are: [{values}]",
            self.id()
        )))
    }

    /// The values it can have, the usual one first.
    const fn values(self) -> &'static [&'static str] {
        match self {
            Self::DefaultParameterTier => &["Standard", "Advanced", "Intelligent-Tiering"],
            Self::HighThroughputEnabled => &["false", "true"],
        }
    }

    fn usual(self) -> &'static str {
        self.values().first().copied().unwrap_or_default()
    }

    const ALL: [Self; 2] = [Self::DefaultParameterTier, Self::HighThroughputEnabled];
}

impl SettingRecord {
    /// The row of a setting.
    pub fn key_of(scope: &Scope, setting: Setting) -> Key {
        scope.key(Self::TABLE, &[setting.id()])
    }

    /// A setting as the caller wants it from now on; nothing stands for the usual value.
    pub(super) fn new(call: &Call<'_>, setting: Setting, value: Option<&str>) -> Self {
        Self {
            id: setting.id().to_owned(),
            account: call.account(),
            region: call.region().clone(),
            value: value.map(str::to_owned),
            modified: call.now(),
            modified_by: call.context().caller.arn.clone(),
        }
    }
}

impl Record for SettingRecord {
    const TABLE: &'static str = "ssm.setting";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        scope.key(Self::TABLE, &[&self.id])
    }
}

impl ServiceSetting {
    /// A setting for an answer.
    pub(super) fn of(scope: &Scope, setting: Setting, kept: Option<&SettingRecord>) -> Self {
        let customized = kept.and_then(|record| record.value.clone());
        let status = if customized.is_some() { "Customized" } else { "Default" };
        // AWS: a setting that nobody has changed was last modified by `System` (AWS CLI's
        // reference, reset-service-setting).
        let user = kept.filter(|record| record.value.is_some());
        Self {
            setting_id: Some(setting.id().to_owned()),
            setting_value: Some(customized.unwrap_or_else(|| setting.usual().to_owned())),
            last_modified_date: Some(kept.map_or(Timestamp::EPOCH, |record| record.modified)),
            last_modified_user: Some(
                user.map_or_else(|| SYSTEM.to_owned(), |record| record.modified_by.clone()),
            ),
            arn: Some(arn_of(scope, setting.id())),
            status: Some(status.to_owned()),
        }
    }
}

/// The permission to do something with a setting, whether or not there is one.
pub(super) fn demands_on(
    action: &'static str,
    words: &str,
    context: &RequestContext,
) -> Vec<Demand> {
    let resource = match words.parse::<Arn>() {
        Ok(arn) => arn.to_string(),
        Err(_) => arn_of(&context.scope, words),
    };
    vec![Demand::of(action, resource)]
}

/// The ARN of a setting.
pub(super) fn arn_of(scope: &Scope, id: &str) -> String {
    scope.arn("ssm", &format!("servicesetting{id}")).to_string()
}

const SYSTEM: &str = "System";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_named_by_its_id_and_its_arn() {
        let scope = Scope { account: AccountId::dev(), region: "us-east-1".parse().unwrap() };
        for setting in Setting::ALL {
            assert_eq!(Setting::named(setting.id(), &scope).unwrap(), setting);
            let arn = arn_of(&scope, setting.id());
            assert_eq!(Setting::named(&arn, &scope).unwrap(), setting);
            let elsewhere = scope.in_region("eu-west-1".parse().unwrap());
            let fault = Setting::named(&arn, &elsewhere).unwrap_err();
            assert_eq!(fault.code, "ServiceSettingNotFound");
            assert!(setting.must_take(setting.usual()).is_ok());
            assert!(setting.must_take("Premium").is_err());
        }
        assert!(Setting::named("", &scope).is_err());
        assert!(Setting::named("ssm/parameter-store/default-parameter-tier", &scope).is_err());
    }
}
