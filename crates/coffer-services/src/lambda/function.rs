//! Functions and their versions, as they are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record};
use serde::{Deserialize, Serialize};

use super::code::Code;
use super::environment::Variables;
use super::function_name::FunctionName;

/// A function, with the version that can be changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FunctionRecord {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) name: String,
    /// `$LATEST`.
    pub(super) latest: Version,
    /// The number of the version that was published last.
    pub(super) published: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<String, String>,
}

/// A version that was published: it is not changed any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct VersionRecord {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) version: Version,
}

/// Code and configuration of a function at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) code: Code,
    pub(super) runtime: String,
    pub(super) handler: String,
    pub(super) role: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    pub(super) timeout_seconds: i32,
    pub(super) memory_mb: i32,
    pub(super) storage_mb: i32,
    pub(super) architecture: String,
    /// Whether tracing was asked for, which coffer shows and does not do.
    #[serde(default)]
    pub(super) is_traced: bool,
    #[serde(default)]
    pub(super) variables: Variables,
    pub(super) modified: Timestamp,
    pub(super) revision_id: String,
}

impl FunctionRecord {
    pub(super) fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }

    /// The function's ARN, without a version.
    pub(super) fn arn(&self) -> String {
        arn_of(&self.scope(), &self.name)
    }

    pub(super) fn key_of(scope: &Scope, name: &str) -> Key {
        scope.key(Self::TABLE, &[name])
    }

    /// The prefix of all functions of a scope.
    pub(super) fn all_of(scope: &Scope) -> Vec<u8> {
        scope.key(Self::TABLE, &[]).prefix()
    }
}

impl Record for FunctionRecord {
    const TABLE: &'static str = "lambda.function";

    fn key(&self) -> Key {
        Self::key_of(&self.scope(), &self.name)
    }
}

impl VersionRecord {
    pub(super) fn key_of(scope: &Scope, name: &str, number: u64) -> Key {
        scope.key(Self::TABLE, &[name]).builder().number(number).key()
    }

    /// The prefix of all versions of a function.
    pub(super) fn all_of(scope: &Scope, name: &str) -> Vec<u8> {
        scope.key(Self::TABLE, &[name]).prefix()
    }

    /// All versions of a function that were published, in their order.
    pub(super) async fn all(
        call: &Call<'_>,
        function: &FunctionRecord,
    ) -> Result<Vec<Arc<Self>>, Fault> {
        let prefix = Self::all_of(&function.scope(), &function.name);
        let rows = call.scan::<Self>(&prefix, None, VERSIONS_MAX, Direction::Ascending).await?;
        Ok(rows.into_iter().map(|(_, record)| record).collect())
    }
}

impl Record for VersionRecord {
    const TABLE: &'static str = "lambda.version";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        Self::key_of(&scope, &self.name, self.number)
    }
}

impl Version {
    /// Whether code and configuration are the same; how they are described, and when they were put,
    /// does not count.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let alike = Self {
            code: other.code.clone(),
            description: other.description.clone(),
            revision_id: other.revision_id.clone(),
            modified: other.modified,
            ..self.clone()
        };
        self.code.sha256() == other.code.sha256() && alike == *other
    }

    /// Marks it as changed.
    pub(super) fn touch(&mut self, call: &Call<'_>) {
        self.revision_id = call.uuid();
        self.modified = call.now();
    }
}

/// A version that a caller named, and what it is called.
pub(super) struct Found {
    pub(super) function: Arc<FunctionRecord>,
    pub(super) version: Version,
    /// `$LATEST`, or its number.
    pub(super) label: String,
}

impl Found {
    /// The version of a function that can be changed.
    pub(super) fn latest(function: Arc<FunctionRecord>) -> Self {
        let version = function.latest.clone();
        Self { function, version, label: LATEST.to_owned() }
    }

    /// A version that was published.
    pub(super) fn published(function: &Arc<FunctionRecord>, record: &VersionRecord) -> Self {
        Self {
            function: function.clone(),
            version: record.version.clone(),
            label: record.number.to_string(),
        }
    }

    /// Finds the version that a name means.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub(super) async fn find(call: &mut Call<'_>, name: &FunctionName) -> Result<Self, Fault> {
        let function = name.find(call).await?;
        match name.qualifier.as_deref() {
            None | Some(LATEST) => Ok(Self::latest(function)),
            Some(label) => {
                let Ok(number) = label.parse::<u64>() else { return Err(name.not_found()) };
                let key = VersionRecord::key_of(&name.scope, &name.name, number);
                let found = call.get::<VersionRecord>(&key).await?;
                let found = found.ok_or_else(|| name.not_found())?;
                Ok(Self::published(&function, &found))
            }
        }
    }
}

/// The ARN of a function, without a version.
pub(super) fn arn_of(scope: &Scope, name: &str) -> String {
    scope.arn_text("lambda", &["function:", name])
}

/// The version that can be changed.
pub(super) const LATEST: &str = "$LATEST";
/// So many versions a function may have: they end in one commit with it, in eight rows each.
pub(super) const VERSIONS_MAX: usize = 100;
