//! Parameters as records: the current version with all that a read of it needs in one row, and
//! every earlier version in a row of its own.

use std::collections::{BTreeMap, BTreeSet};

use coffer_model::{AccountId, Region, Sensitive, Timestamp};
use coffer_pipeline::Scope;
use coffer_protocol::AwsEnum;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::name;

/// A parameter: its current version, and what belongs to all its versions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParameterRecord {
    /// A UUID, drawn when the parameter is made: a parameter made again under a deleted one's
    /// name is another one, and nothing of the old one's history is found under it.
    pub id: String,
    /// The name as it was given when the parameter was made: `X` or `/X`, which are the same.
    pub name: String,
    /// The owning account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// The current version.
    pub current: ParameterVersion,
    /// The number of the oldest version that is kept; all from it to the current one are there.
    pub oldest: i64,
    /// Each label and the version it sits on; so it never sits on two.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, i64>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// One version of a parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParameterVersion {
    /// Its number, from 1.
    pub number: i64,
    /// The parameter's type, the same in all versions.
    pub r#type: ParameterType,
    /// The value, open or sealed.
    pub value: StoredValue,
    /// The data type, such as `text`.
    pub data_type: String,
    /// `Standard` or `Advanced`; it also says how a sealed value was sealed.
    pub tier: ParameterTier,
    /// The KMS key of a SecureString, in the words it was named by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// What the caller says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The expression that values must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_pattern: Option<String>,
    /// The parameter policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<ParameterPolicy>,
    /// When this version was made.
    pub modified: Timestamp,
    /// The ARN of who made it.
    pub modified_by: String,
}

/// A parameter policy as it was given, and how far it has been carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterPolicy {
    /// `Expiration`, `ExpirationNotification` or `NoChangeNotification`.
    pub r#type: String,
    /// The policy's JSON text.
    pub text: String,
    /// `Pending`, `InProgress`, `Finished` or `Failed`.
    pub status: String,
}

/// A value as its row holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum StoredValue {
    /// Of a String or StringList.
    Plain(#[serde(with = "plain_text")] Sensitive<String>),
    /// Of a SecureString: what KMS Encrypt, or for Advanced the envelope, made of it.
    Sealed(#[serde(with = "crate::base64_text")] Vec<u8>),
}

/// The types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AwsEnum, Serialize, Deserialize)]
pub enum ParameterType {
    /// Any text.
    String,
    /// Items separated by commas.
    StringList,
    /// A text that is sealed.
    SecureString,
}

/// The tiers; a parameter is in one of the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AwsEnum, Serialize, Deserialize)]
pub enum ParameterTier {
    /// Values of up to 4 KB.
    Standard,
    /// Values of up to 8 KB, and policies.
    Advanced,
    /// Standard where that is enough; only ever asked for, never stored.
    #[shape(wire = "Intelligent-Tiering")]
    IntelligentTiering,
}

impl ParameterRecord {
    /// The row of a parameter, named with or without the leading slash.
    pub fn key_of(scope: &Scope, name: &str) -> Key {
        scope.key(Self::TABLE, &[name::path_of(name)])
    }

    /// The prefix of all parameters of a scope, in the order of names.
    pub fn prefix_of(scope: &Scope) -> Vec<u8> {
        scope.key(Self::TABLE, &[]).prefix()
    }

    /// The prefix of the index entries of all parameters with this tag, in the order of names.
    pub fn tagged_prefix(scope: &Scope, key: &str, value: &str) -> Vec<u8> {
        scope.key(INDEX_BY_TAG, &[key, value]).prefix()
    }

    /// The scope the parameter belongs to.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }

    /// The parameter's ARN.
    pub fn arn(&self) -> String {
        name::arn_of(self.account, &self.region, &self.name)
    }

    /// Whether a version of this number is kept.
    pub fn has_version(&self, number: i64) -> bool {
        (self.oldest..=self.current.number).contains(&number)
    }

    /// The row of an earlier version.
    pub fn version_key(&self, number: i64) -> Key {
        let number = u64::try_from(number).unwrap_or(0);
        self.versions().builder().number(number).key()
    }

    /// The prefix of the rows of the earlier versions, oldest first.
    pub fn versions_prefix(&self) -> Vec<u8> {
        self.versions().prefix()
    }

    /// The labels on a version, in order.
    pub fn labels_on(&self, number: i64) -> BTreeSet<&str> {
        let on = self.labels.iter().filter(|(_, version)| **version == number);
        on.map(|(label, _)| label.as_str()).collect()
    }

    fn versions(&self) -> Key {
        let path = name::path_of(&self.name);
        self.scope().key(ParameterVersionRecord::TABLE, &[path, &self.id])
    }
}

impl Record for ParameterRecord {
    const TABLE: &'static str = "ssm.parameter";

    fn key(&self) -> Key {
        Self::key_of(&self.scope(), &self.name)
    }

    fn indexes(&self) -> Vec<Key> {
        let path = name::path_of(&self.name);
        let scope = self.scope();
        let tags = self.tags.iter();
        tags.map(|(key, value)| scope.key(INDEX_BY_TAG, &[key, value, path])).collect()
    }
}

/// A version that is no longer the current one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParameterVersionRecord {
    /// The parameter's name.
    pub name: String,
    /// The parameter's UUID.
    pub parameter_id: String,
    /// The owning account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// The version itself.
    pub version: ParameterVersion,
}

impl ParameterVersionRecord {
    /// The row of a parameter's current version once it is no longer that.
    pub fn of(parameter: &ParameterRecord) -> Self {
        Self {
            name: parameter.name.clone(),
            parameter_id: parameter.id.clone(),
            account: parameter.account,
            region: parameter.region.clone(),
            version: parameter.current.clone(),
        }
    }
}

impl Record for ParameterVersionRecord {
    const TABLE: &'static str = "ssm.parameter-version";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        let number = u64::try_from(self.version.number).unwrap_or(0);
        let parts = [name::path_of(&self.name), &self.parameter_id];
        scope.key(Self::TABLE, &parts).builder().number(number).key()
    }
}

/// The written form of a value inside a sealed row, the only place it is written to.
mod plain_text {
    use coffer_model::Sensitive;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        value: &Sensitive<String>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_str(value.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Sensitive<String>, D::Error> {
        String::deserialize(input).map(Sensitive::new)
    }
}

/// How many versions of a parameter are kept.
pub const VERSIONS_MAX: i64 = 100;
/// How many labels a version has at most.
pub const LABELS_MAX: usize = 10;
/// How many tags a parameter has at most.
pub const TAGS_MAX: usize = 50;

const INDEX_BY_TAG: &str = "ssm.parameter-by-tag";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_and_without_the_leading_slash_is_one_row() {
        let scope = Scope { account: AccountId::dev(), region: "us-east-1".parse().unwrap() };
        let key = ParameterRecord::key_of(&scope, "/X");
        assert_eq!(key, ParameterRecord::key_of(&scope, "X"));
        assert_ne!(key, ParameterRecord::key_of(&scope, "/X/Y"));
        assert!(key.as_bytes().starts_with(&ParameterRecord::prefix_of(&scope)));
    }
}
