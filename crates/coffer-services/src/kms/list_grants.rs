//! ListGrants: lists the grants of a key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Direction, Key};

use super::errors::KmsError;
use super::find::find_without_alias;
use super::grant::{GrantListEntry, GrantRecord, find_grant};
use super::key::KeyRecord;
use super::pages::{limit_of, place};
use super::permission::demand_on;
use crate::page;

/// Lists the grants of a key: all, those of a principal, or one.
pub(super) struct ListGrants;

/// Which key, which grants, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListGrantsRequest")]
pub(super) struct ListGrantsInput {
    #[shape(min = 1, max = 1000)]
    limit: Option<i32>,
    #[shape(min = 1, max = 1024, pattern = r"[\u0020-\u00FF]*")]
    marker: Option<String>,
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 1, max = 128)]
    grant_id: Option<String>,
    #[shape(min = 1, max = 256, pattern = r"^[\w+=,.@:/-]+$")]
    grantee_principal: Option<String>,
    #[shape(
        min = 1,
        max = 128,
        pattern = r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$"
    )]
    grantee_service_principal: Option<String>,
}

/// A page of grants.
#[derive(Output, Debug)]
#[shape(name = "ListGrantsResponse")]
pub(super) struct ListGrantsOutput {
    pub(super) grants: Option<Vec<GrantListEntry>>,
    pub(super) next_marker: Option<String>,
    pub(super) truncated: Option<bool>,
}

impl Operation for ListGrants {
    const NAME: &'static str = "ListGrants";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidMarkerException.row(),
        KmsError::InvalidGrantIdException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = ListGrantsInput;
    type Output = ListGrantsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:ListGrants", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_without_alias(call, &input.key_id).await?;
        let grantee = match (&input.grantee_principal, &input.grantee_service_principal) {
            (Some(_), Some(_)) => {
                return Err(Fault::validation(
                    "You can specify either GranteePrincipal or GranteeServicePrincipal, but not \
                     both.",
                ));
            }
            (arn, service) => arn.as_deref().or(service.as_deref()),
        };
        let limit = limit_of(input.limit, PAGE_USUAL, PAGE_MAX);
        let marker = input.marker.as_deref();
        match (&input.grant_id, grantee) {
            (Some(grant_id), grantee) => {
                let grant = find_grant(call, &key, grant_id).await?;
                let is_wanted = grantee.is_none_or(|name| grant.grantee.as_str() == name);
                let grants = is_wanted.then(|| GrantListEntry::of(&grant));
                Ok(ListGrantsOutput {
                    grants: Some(grants.into_iter().collect()),
                    next_marker: None,
                    truncated: Some(false),
                })
            }
            (None, Some(grantee)) => {
                by_index(call, &GrantRecord::all_for(&key, grantee), limit, marker).await
            }
            (None, None) => of_key(call, &key, limit, marker).await,
        }
    }
}

async fn of_key(
    call: &Call<'_>,
    key: &KeyRecord,
    limit: usize,
    marker: Option<&str>,
) -> Result<ListGrantsOutput, Fault> {
    let prefix = GrantRecord::all_of(key);
    let after = after(marker, &prefix)?;
    let order = Direction::Ascending;
    let mut rows = call.scan::<GrantRecord>(&prefix, after.as_ref(), limit + 1, order).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Ok(ListGrantsOutput {
        next_marker: rows.last().filter(|_| has_more).map(|(row, _)| page::token(row)),
        grants: Some(rows.iter().map(|(_, grant)| GrantListEntry::of(grant)).collect()),
        truncated: Some(has_more),
    })
}

/// A page of the grants that index rows lead to.
pub(super) async fn by_index(
    call: &mut Call<'_>,
    prefix: &[u8],
    limit: usize,
    marker: Option<&str>,
) -> Result<ListGrantsOutput, Fault> {
    let after = after(marker, prefix)?;
    let order = Direction::Ascending;
    let mut rows = call.scan_index(prefix, after.as_ref(), limit + 1, order).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_marker = rows.last().filter(|_| has_more).map(|(entry, _)| page::token(entry));
    let keys: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    let grants = call.get_many::<GrantRecord>(&keys).await?;
    Ok(ListGrantsOutput {
        grants: Some(grants.iter().flatten().map(|grant| GrantListEntry::of(grant)).collect()),
        next_marker,
        truncated: Some(has_more),
    })
}

fn after(marker: Option<&str>, prefix: &[u8]) -> Result<Option<Key>, Fault> {
    marker.map(|marker| place(marker, prefix)).transpose()
}

/// AWS: a page has up to 100 grants, 50 where nothing is said.
pub(super) const PAGE_USUAL: usize = 50;
pub(super) const PAGE_MAX: usize = 100;
