//! ListSecrets: the secrets of an account and region, without their values.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{AwsEnum, ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

use super::errors::SecretsManagerError;
use super::filter::{Filter, Filters};
use super::listing::{Listing, Sort};
use super::secret::{SecretAccessRecord, SecretRecord};
use super::wire::{self, ExternalMetadata, RotationRules, Tag};

/// Lists secrets that meet filters, a page at a time.
pub(super) struct ListSecrets;

/// Which secrets, in which order.
#[derive(Input, Debug)]
#[shape(name = "ListSecretsRequest")]
pub(super) struct ListSecretsInput {
    include_planned_deletion: Option<bool>,
    #[shape(min = 1, max = 100)]
    max_results: Option<i32>,
    #[shape(min = 1, max = 4096)]
    next_token: Option<String>,
    #[shape(max = 10)]
    filters: Option<Vec<Filter>>,
    sort_order: Option<SortOrder>,
    sort_by: Option<Sort>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
enum SortOrder {
    #[shape(wire = "asc")]
    Ascending,
    #[shape(wire = "desc")]
    Descending,
}

/// A page of secrets.
#[derive(Output, Debug)]
#[shape(name = "ListSecretsResponse")]
pub(super) struct ListSecretsOutput {
    secret_list: Option<Vec<SecretListEntry>>,
    next_token: Option<String>,
}

#[derive(Output, Debug)]
#[shape(name = "SecretListEntry")]
struct SecretListEntry {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    name: Option<String>,
    r#type: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    rotation_enabled: Option<bool>,
    #[shape(wire = "RotationLambdaARN")]
    rotation_lambda_arn: Option<String>,
    rotation_rules: Option<RotationRules>,
    external_secret_rotation_metadata: Option<Vec<ExternalMetadata>>,
    external_secret_rotation_role_arn: Option<String>,
    last_rotated_date: Option<Timestamp>,
    last_changed_date: Option<Timestamp>,
    last_accessed_date: Option<Timestamp>,
    deleted_date: Option<Timestamp>,
    next_rotation_date: Option<Timestamp>,
    tags: Option<Vec<Tag>>,
    secret_versions_to_stages: Option<BTreeMap<String, Vec<String>>>,
    owning_service: Option<String>,
    created_date: Option<Timestamp>,
    primary_region: Option<String>,
}

impl Operation for ListSecrets {
    const NAME: &'static str = "ListSecrets";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidNextTokenException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = ListSecretsInput;
    type Output = ListSecretsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("secretsmanager:ListSecrets"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let direction = match input.sort_order {
            None | Some(SortOrder::Ascending) => Direction::Ascending,
            Some(SortOrder::Descending) => Direction::Descending,
        };
        let listing = Listing {
            operation: Self::NAME,
            filters: Filters::read(input.filters.as_deref())?,
            sort: input.sort_by.unwrap_or_default(),
            direction,
            with_deleted: input.include_planned_deletion.unwrap_or(false),
        };
        let secrets_max = usize::try_from(input.max_results.unwrap_or(PAGE_MAX)).unwrap_or(1);
        let page = listing.page(call, input.next_token.as_deref(), secrets_max).await?;
        let rows: Vec<_> =
            page.secrets.iter().map(|secret| SecretAccessRecord::key_of(secret)).collect();
        let accesses = call.get_many::<SecretAccessRecord>(&rows).await?;
        let entries = page.secrets.iter().zip(accesses);
        Ok(ListSecretsOutput {
            secret_list: Some(entries.map(|(secret, access)| entry(secret, access)).collect()),
            next_token: page.next_token,
        })
    }
}

fn entry(secret: &SecretRecord, access: Option<Arc<SecretAccessRecord>>) -> SecretListEntry {
    let rotation = secret.rotation.as_ref();
    SecretListEntry {
        arn: Some(secret.arn()),
        name: Some(secret.name.clone()),
        r#type: secret.kind.clone(),
        description: secret.description.clone(),
        kms_key_id: secret.kms_key_id.clone(),
        rotation_enabled: rotation.map(|rotation| rotation.enabled),
        rotation_lambda_arn: rotation.and_then(|rotation| rotation.lambda_arn.clone()),
        rotation_rules: rotation.map(wire::rotation_rules),
        external_secret_rotation_metadata: rotation.and_then(wire::external_metadata),
        external_secret_rotation_role_arn: rotation
            .and_then(|rotation| rotation.external_role_arn.clone()),
        last_rotated_date: rotation.and_then(|rotation| rotation.last),
        last_changed_date: Some(secret.changed),
        last_accessed_date: access.and_then(|access| access.day),
        deleted_date: secret.deletion.map(|deletion| deletion.due),
        next_rotation_date: rotation.and_then(|rotation| rotation.next),
        tags: wire::tags(&secret.tags),
        secret_versions_to_stages: wire::labelled_versions(secret),
        owning_service: secret.owning_service().map(str::to_owned),
        created_date: Some(secret.created),
        primary_region: secret.primary_region().map(ToString::to_string),
    }
}

/// Secrets on a page where the caller does not say; also the most that a caller can ask for.
const PAGE_MAX: i32 = 100;
