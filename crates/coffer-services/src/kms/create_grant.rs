//! CreateGrant: gives somebody permissions on a key.

use std::collections::BTreeSet;

use coffer_model::Arn;
use coffer_pipeline::identity::unique_id;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_seal::{fingerprint, hex};

use super::errors::KmsError;
use super::find::find_without_alias;
use super::grant::{
    self, Constraints, GrantConstraints, GrantOperation, GrantRecord, Principal, caller_has,
};
use super::grant_token;
use super::key::KeyRecord;
use super::permission::{demand_on, granted};
use super::request::must_be_meant;

/// Gives a principal permissions on a key, until the grant is retired or revoked.
pub(super) struct CreateGrant;

/// Which key, to whom, and what for.
#[derive(Input, Debug)]
#[shape(name = "CreateGrantRequest")]
pub(super) struct CreateGrantInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 1, max = 256, pattern = r"^[\w+=,.@:/-]+$")]
    grantee_principal: Option<String>,
    #[shape(min = 1, max = 256, pattern = r"^[\w+=,.@:/-]+$")]
    retiring_principal: Option<String>,
    #[shape(required)]
    operations: Vec<GrantOperation>,
    constraints: Option<GrantConstraints>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    #[shape(min = 1, max = 256, pattern = r"^[a-zA-Z0-9:/_-]+$")]
    name: Option<String>,
    dry_run: Option<bool>,
    #[shape(
        min = 1,
        max = 128,
        pattern = r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$"
    )]
    grantee_service_principal: Option<String>,
    #[shape(
        min = 1,
        max = 128,
        pattern = r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$"
    )]
    retiring_service_principal: Option<String>,
}

/// The grant's names.
#[derive(Output, Debug)]
#[shape(name = "CreateGrantResponse")]
pub(super) struct CreateGrantOutput {
    grant_token: Option<String>,
    grant_id: Option<String>,
}

impl Operation for CreateGrant {
    const NAME: &'static str = "CreateGrant";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = CreateGrantInput;
    type Output = CreateGrantOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = demand_on(call, "kms:CreateGrant", &input.key_id).await?;
        let Ok(key) = find_without_alias(call, &input.key_id).await else {
            return Ok(vec![demand]);
        };
        let Ok(constraints) = constraints_of(&key, input) else { return Ok(vec![demand]) };
        let operations = input.operations.iter().copied().collect();
        let may = |grant: &GrantRecord| grant.may_pass_on(&operations, &constraints);
        let by_grant = caller_has(call, &key, may).await?;
        Ok(vec![granted(demand, by_grant)])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:granteeprincipal" => Some(input.grantee_principal.as_deref()?.into()),
            "kms:granteeserviceprincipal" => {
                Some(input.grantee_service_principal.as_deref()?.into())
            }
            "kms:retiringprincipal" => Some(input.retiring_principal.as_deref()?.into()),
            "kms:grantoperations" => {
                Some(input.operations.iter().map(GrantOperation::as_str).collect())
            }
            "kms:grantconstrainttype" => {
                input.constraints.as_ref()?.kind().map(ContextValues::from)
            }
            "kms:grantisforawsresource" => Some(input.grantee_service_principal.is_some().into()),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_without_alias(call, &input.key_id).await?;
        grant_token::must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        let grantee_id = match &input.grantee_principal {
            Some(arn) => unique_id(call, arn).await?,
            None => None,
        };
        let grant = wanted(call, &key, input, grantee_id)?;
        must_be_meant(input.dry_run)?;
        call.acted_on(&key.arn());
        let row = GrantRecord::key_of(&key.scope(), &key.key_id, &grant.grant_id);
        let token = grant_token::issue(call, &grant);
        let grant_id = grant.grant_id.clone();
        if call.get::<GrantRecord>(&row).await?.is_none() {
            grant::add(call, grant).await?;
        }
        Ok(CreateGrantOutput { grant_token: Some(token), grant_id: Some(grant_id) })
    }
}

/// The grant that is asked for.
fn wanted(
    call: &Call<'_>,
    key: &KeyRecord,
    input: &CreateGrantInput,
    grantee_id: Option<String>,
) -> Result<GrantRecord, Fault> {
    let constraints = constraints_of(key, input)?;
    let grantee = principal_of(
        "Grantee",
        input.grantee_principal.as_deref(),
        input.grantee_service_principal.as_deref(),
    )?;
    let retiring = principal_of(
        "Retiring",
        input.retiring_principal.as_deref(),
        input.retiring_service_principal.as_deref(),
    )?;
    let grantee = grantee.ok_or_else(|| {
        Fault::validation(
            "You must specify either GranteePrincipal or GranteeServicePrincipal in the request.",
        )
    })?;
    if matches!(grantee, Principal::Service(_))
        && (constraints.source_arn.is_none() || retiring.is_none())
    {
        return Err(Fault::validation(
            "GranteeServicePrincipal requires a SourceArn grant constraint, and RetiringPrincipal \
             or RetiringServicePrincipal.",
        ));
    }
    let operations: BTreeSet<_> = input.operations.iter().copied().collect();
    must_be_of(&operations, key)?;
    let mut grant = GrantRecord {
        grant_id: String::new(),
        key_id: key.key_id.clone(),
        account: key.account,
        region: key.region.clone(),
        name: input.name.clone(),
        grantee,
        grantee_id,
        retiring,
        issuing_account: call.account(),
        operations,
        constraints,
        created: call.now(),
    };
    grant.grant_id = id_of(call, &grant)?;
    Ok(grant)
}

fn constraints_of(key: &KeyRecord, input: &CreateGrantInput) -> Result<Constraints, Fault> {
    match &input.constraints {
        Some(constraints) => constraints.read(&key.kind),
        None => Ok(Constraints::default()),
    }
}

/// The id of a new grant. AWS: a named one with the same members is the same grant, whose id is
/// given again; so its id is that of what it says.
fn id_of(call: &Call<'_>, grant: &GrantRecord) -> Result<String, Fault> {
    if grant.name.is_none() {
        let mut random = [0; 32];
        call.entropy().fill(&mut random);
        return Ok(hex(&random));
    }
    let timeless = GrantRecord { created: coffer_model::Timestamp::EPOCH, ..grant.clone() };
    let says = serde_json::to_vec(&timeless).map_err(Fault::internal)?;
    Ok(fingerprint("coffer.kms-grant-id.v1", b"", &says))
}

fn must_be_of(operations: &BTreeSet<GrantOperation>, key: &KeyRecord) -> Result<(), Fault> {
    if operations.is_empty() {
        return Err(Fault::validation("Operations must not be empty."));
    }
    match operations.iter().find(|operation| !operation.is_of(&key.kind)) {
        None => Ok(()),
        Some(operation) => Err(Fault::validation(format!(
            "Grant operation {operation} is not supported for key spec {} and key usage {}.",
            key.kind.spec, key.kind.usage
        ))),
    }
}

/// Somebody that is named by ARN, or as a service, but not both.
fn principal_of(
    role: &str,
    arn: Option<&str>,
    service: Option<&str>,
) -> Result<Option<Principal>, Fault> {
    match (arn, service) {
        (None, None) => Ok(None),
        (Some(arn), None) if is_principal(arn) => Ok(Some(Principal::Arn(arn.to_owned()))),
        (Some(arn), None) => Err(KmsError::InvalidArnException
            .with(format!("ARN does not refer to a valid principal: {arn}"))),
        (None, Some(service)) => Ok(Some(Principal::Service(service.to_owned()))),
        (Some(_), Some(_)) => Err(Fault::validation(format!(
            "You can specify either {role}Principal or {role}ServicePrincipal, but not both."
        ))),
    }
}

/// Whether an ARN is that of an account, a user, a role, or a session of one.
fn is_principal(text: &str) -> bool {
    let Ok(arn) = text.parse::<Arn>() else { return false };
    let named = |kind: &str| arn.resource.strip_prefix(kind).is_some_and(|name| !name.is_empty());
    arn.partition == "aws"
        && arn.account.is_some()
        && arn.region.is_none()
        && match arn.service.as_str() {
            "iam" => arn.resource == "root" || named("user/") || named("role/"),
            "sts" => named("assumed-role/") || named("federated-user/"),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::is_principal;

    #[test]
    fn grants_are_given_to_accounts_users_roles_and_sessions() {
        for text in [
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:user/a/b",
            "arn:aws:iam::111122223333:role/service-role/r",
            "arn:aws:sts::111122223333:assumed-role/r/s",
            "arn:aws:sts::111122223333:federated-user/f",
        ] {
            assert!(is_principal(text), "{text}");
        }
        for text in [
            "",
            "*",
            "111122223333",
            "ec2.amazonaws.com",
            "arn:aws:iam::111122223333:group/g",
            "arn:aws:iam::111122223333:user/",
            "arn:aws:iam:::root",
            "arn:aws:s3:::bucket",
        ] {
            assert!(!is_principal(text), "{text}");
        }
    }
}
