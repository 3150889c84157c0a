//! ListSecretVersionIds: the versions of a secret that have a value, oldest first.

use coffer_model::Timestamp;
use coffer_pipeline::context::sortable;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Key;

use super::errors::SecretsManagerError;
use super::id;
use super::secret::{SecretRecord, Version, VersionAccessRecord};
use crate::page;

/// Lists versions, with those that have no label only where they are asked for.
pub(super) struct ListSecretVersionIds;

/// Which page of which secret.
#[derive(Input, Debug)]
#[shape(name = "ListSecretVersionIdsRequest")]
pub(super) struct ListSecretVersionIdsInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(min = 1, max = 100)]
    max_results: Option<i32>,
    #[shape(min = 1, max = 4096)]
    next_token: Option<String>,
    include_deprecated: Option<bool>,
}

/// A page of versions.
#[derive(Output, Debug)]
#[shape(name = "ListSecretVersionIdsResponse")]
pub(super) struct ListSecretVersionIdsOutput {
    versions: Option<Vec<SecretVersionsListEntry>>,
    #[shape(min = 1, max = 4096)]
    next_token: Option<String>,
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
}

/// A version.
#[derive(Output, Debug)]
struct SecretVersionsListEntry {
    #[shape(min = 32, max = 64)]
    version_id: Option<String>,
    #[shape(min = 1, max = 20, member(min = 1, max = 256))]
    version_stages: Option<Vec<String>>,
    last_accessed_date: Option<Timestamp>,
    created_date: Option<Timestamp>,
    #[shape(member(min = 0, max = 2048))]
    kms_key_ids: Option<Vec<String>>,
}

impl Operation for ListSecretVersionIds {
    const NAME: &'static str = "ListSecretVersionIds";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::InvalidNextTokenException.row(),
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidParameterException.row(),
    ];
    type Input = ListSecretVersionIdsInput;
    type Output = ListSecretVersionIdsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:ListSecretVersionIds", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find(call, &input.secret_id).await?;
        let after = place(&secret, input.next_token.as_deref())?;
        let with_deprecated = input.include_deprecated.unwrap_or(false);
        let mut versions: Vec<_> = secret
            .versions
            .iter()
            .filter(|(_, version)| version.has_value)
            .filter(|(_, version)| with_deprecated || !version.stages.is_empty())
            .map(|(id, version)| (place_of(&secret, id, version), id, version))
            .filter(|(place, _, _)| after.as_ref().is_none_or(|after| place > after))
            .collect();
        versions.sort_by(|left, right| left.0.cmp(&right.0));
        let page_max = usize::try_from(input.max_results.unwrap_or(PAGE_USUAL)).unwrap_or(1);
        let has_more = versions.len() > page_max;
        versions.truncate(page_max);
        let next_token =
            versions.last().filter(|_| has_more).map(|(place, _, _)| page::token(place));
        let rows: Vec<_> =
            versions.iter().map(|(_, id, _)| VersionAccessRecord::key_of(&secret, id)).collect();
        let reads = call.get_many::<VersionAccessRecord>(&rows).await?;
        let entries = versions.iter().zip(reads).map(|((_, id, version), read)| {
            let day = read.map(|read| read.day);
            entry(id, version, day)
        });
        Ok(ListSecretVersionIdsOutput {
            versions: Some(entries.collect()),
            next_token,
            arn: Some(secret.arn()),
            name: Some(secret.name.clone()),
        })
    }
}

fn entry(id: &str, version: &Version, day: Option<Timestamp>) -> SecretVersionsListEntry {
    let default_key = || "DefaultEncryptionKey".to_owned();
    SecretVersionsListEntry {
        version_id: Some(id.to_owned()),
        version_stages: Some(version.stages.clone()).filter(|stages| !stages.is_empty()),
        last_accessed_date: day,
        created_date: Some(version.created),
        kms_key_ids: Some(vec![version.kms_key_arn.clone().unwrap_or_else(default_key)]),
    }
}

/// The place of a version in the listing, in the form of a key, as page tokens are.
fn place_of(secret: &SecretRecord, id: &str, version: &Version) -> Key {
    listing_of(secret).builder().part(sortable(version.created)).part(id).key()
}

fn listing_of(secret: &SecretRecord) -> Key {
    secret.scope().key("secretsmanager.versions", &[&secret.name, &secret.suffix])
}

fn place(secret: &SecretRecord, token: Option<&str>) -> Result<Option<Key>, Fault> {
    let Some(token) = token else { return Ok(None) };
    let place = page::place(token, &listing_of(secret).prefix());
    place.map(Some).ok_or_else(|| {
        SecretsManagerError::InvalidNextTokenException.with("The NextToken value is invalid.")
    })
}

const PAGE_USUAL: i32 = 100;
