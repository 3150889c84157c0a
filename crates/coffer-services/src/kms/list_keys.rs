//! ListKeys: lists the keys of the account and region.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{AwsEnum, ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

use super::errors::KmsError;
use super::key::KeyRecord;
use super::pages::{limit_of, place};
use crate::page;

/// Lists the keys of the account and region, in the order of their ids.
pub(super) struct ListKeys;

/// Whose keys, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListKeysRequest")]
pub(super) struct ListKeysInput {
    #[shape(min = 1, max = 1000)]
    limit: Option<i32>,
    #[shape(min = 1, max = 1024, pattern = r"[\u0020-\u00FF]*")]
    marker: Option<String>,
    #[shape(min = 1, max = 2)]
    resource_owners: Option<Vec<ResourceOwnerType>>,
}

/// A page of keys.
#[derive(Output, Debug)]
#[shape(name = "ListKeysResponse")]
pub(super) struct ListKeysOutput {
    keys: Option<Vec<KeyListEntry>>,
    next_marker: Option<String>,
    truncated: Option<bool>,
}

impl Operation for ListKeys {
    const NAME: &'static str = "ListKeys";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::InvalidMarkerException.row(),
    ];
    type Input = ListKeysInput;
    type Output = ListKeysOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("kms:ListKeys"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        // Nobody shares keys yet, so whoever asks for shared keys alone gets none.
        let wants_own = input
            .resource_owners
            .as_ref()
            .is_none_or(|owners| owners.contains(&ResourceOwnerType::Own));
        let limit = limit_of(input.limit, PAGE_USUAL, PAGE_MAX);
        let prefix = KeyRecord::all_of(call.scope());
        let after = match &input.marker {
            Some(marker) => Some(place(marker, &prefix)?),
            None => None,
        };
        let rows_max = if wants_own { limit + 1 } else { 0 };
        let mut rows = match rows_max {
            0 => Vec::new(),
            rows_max => {
                let order = Direction::Ascending;
                call.scan::<KeyRecord>(&prefix, after.as_ref(), rows_max, order).await?
            }
        };
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_marker = rows.last().filter(|_| has_more).map(|(key, _)| page::token(key));
        let entry = |record: &KeyRecord| KeyListEntry {
            key_id: Some(record.key_id.clone()),
            key_arn: Some(record.arn()),
        };
        Ok(ListKeysOutput {
            keys: Some(rows.iter().map(|(_, record)| entry(record)).collect()),
            next_marker,
            truncated: Some(has_more),
        })
    }
}

/// A key.
#[derive(Output, Debug)]
pub(super) struct KeyListEntry {
    key_id: Option<String>,
    key_arn: Option<String>,
}

/// Whose keys are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum ResourceOwnerType {
    #[shape(wire = "SELF")]
    Own,
    #[shape(wire = "OTHER_ACCOUNTS_VIA_RAM")]
    OtherAccountsViaRam,
}

const PAGE_USUAL: usize = 100;
const PAGE_MAX: usize = 1000;
