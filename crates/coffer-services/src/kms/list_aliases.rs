//! ListAliases: lists aliases, of one key or of all.

use std::collections::BTreeMap;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation, Scope};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Direction, Key};

use super::alias::AliasRecord;
use super::errors::KmsError;
use super::find::{SERVICES_WITH_KEY, find_own};
use super::key::managed_alias;
use super::pages::{Page, limit_of, place};
use crate::page;

/// Lists the aliases of a key, or all of the account and region, in the order of their names.
pub(super) struct ListAliases;

/// Whose aliases, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListAliasesRequest")]
pub(super) struct ListAliasesInput {
    #[shape(min = 1, max = 2048)]
    key_id: Option<String>,
    #[shape(min = 1, max = 1000)]
    limit: Option<i32>,
    #[shape(min = 1, max = 1024, pattern = r"[\u0020-\u00FF]*")]
    marker: Option<String>,
}

/// A page of aliases.
#[derive(Output, Debug)]
#[shape(name = "ListAliasesResponse")]
pub(super) struct ListAliasesOutput {
    aliases: Option<Vec<AliasListEntry>>,
    next_marker: Option<String>,
    truncated: Option<bool>,
}

impl Operation for ListAliases {
    const NAME: &'static str = "ListAliases";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidMarkerException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::NotFoundException.row(),
    ];
    type Input = ListAliasesInput;
    type Output = ListAliasesOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("kms:ListAliases"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let limit = limit_of(input.limit, PAGE_USUAL, PAGE_MAX);
        match &input.key_id {
            Some(key_id) => of_key(call, key_id, limit, input.marker.as_deref()).await,
            None => of_scope(call, limit, input.marker.as_deref()).await,
        }
    }
}

/// An alias.
#[derive(Output, Debug)]
pub(super) struct AliasListEntry {
    alias_name: Option<String>,
    alias_arn: Option<String>,
    target_key_id: Option<String>,
    creation_date: Option<Timestamp>,
    last_updated_date: Option<Timestamp>,
}

async fn of_key(
    call: &mut Call<'_>,
    key_id: &str,
    limit: usize,
    marker: Option<&str>,
) -> Result<ListAliasesOutput, Fault> {
    let key = find_own(call, key_id, "kms:ListAliases").await?;
    let rows: Vec<_> =
        key.aliases.iter().map(|name| AliasRecord::key_of(&key.scope(), name)).collect();
    let records = call.get_many::<AliasRecord>(&rows).await?;
    let entries =
        records.iter().flatten().map(|record| (record.name.clone(), entry_of(record))).collect();
    let listing = call.scope().key("kms.aliases-of-key", &[&key.key_id]);
    let page = Page::of(&listing, entries, limit, marker)?;
    Ok(ListAliasesOutput {
        aliases: Some(page.items),
        truncated: Some(page.next_marker.is_some()),
        next_marker: page.next_marker,
    })
}

async fn of_scope(
    call: &mut Call<'_>,
    limit: usize,
    marker: Option<&str>,
) -> Result<ListAliasesOutput, Fault> {
    let prefix = AliasRecord::all_of(call.scope());
    let after = match marker {
        Some(marker) => Some(place(marker, &prefix)?),
        None => None,
    };
    let rows =
        call.scan::<AliasRecord>(&prefix, after.as_ref(), limit + 1, Direction::Ascending).await?;
    let end = rows.last().filter(|_| rows.len() > limit).map(|(key, _)| key.clone());
    let mut entries: BTreeMap<_, _> =
        rows.into_iter().map(|(key, record)| (key, entry_of(&record))).collect();
    for (key, entry) in predefined(call.scope()) {
        let is_here = after.as_ref().is_none_or(|after| key > *after)
            && end.as_ref().is_none_or(|end| key < *end);
        if is_here {
            entries.entry(key).or_insert(entry);
        }
    }
    let has_more = entries.len() > limit;
    let last = entries.keys().nth(limit - 1).filter(|_| has_more).map(page::token);
    Ok(ListAliasesOutput {
        aliases: Some(entries.into_values().take(limit).collect()),
        next_marker: last,
        truncated: Some(has_more),
    })
}

/// AWS: the aliases of its own keys are listed from the first day; those that have no key yet have
/// no `TargetKeyId`.
fn predefined(scope: &Scope) -> impl Iterator<Item = (Key, AliasListEntry)> {
    SERVICES_WITH_KEY.into_iter().map(|service| {
        let name = managed_alias(service);
        let entry = AliasListEntry {
            alias_arn: Some(scope.arn_text("kms", &[&name])),
            alias_name: Some(name.clone()),
            target_key_id: None,
            creation_date: None,
            last_updated_date: None,
        };
        (AliasRecord::key_of(scope, &name), entry)
    })
}

fn entry_of(record: &AliasRecord) -> AliasListEntry {
    AliasListEntry {
        alias_name: Some(record.name.clone()),
        alias_arn: Some(record.arn()),
        target_key_id: Some(record.key_id.clone()),
        creation_date: Some(record.created),
        last_updated_date: Some(record.updated),
    }
}

const PAGE_USUAL: usize = 50;
const PAGE_MAX: usize = 100;
