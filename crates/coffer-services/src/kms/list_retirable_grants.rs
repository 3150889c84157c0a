//! ListRetirableGrants: lists the grants that a principal may retire.

use coffer_model::Arn;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::grant::GrantRecord;
use super::list_grants::{ListGrantsOutput, PAGE_MAX, PAGE_USUAL, by_index};
use super::pages::limit_of;

/// Lists the grants of the region that name a principal as the one who retires them.
pub(super) struct ListRetirableGrants;

/// Whose grants, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListRetirableGrantsRequest")]
pub(super) struct ListRetirableGrantsInput {
    #[shape(min = 1, max = 1000)]
    limit: Option<i32>,
    #[shape(min = 1, max = 1024, pattern = r"[\u0020-\u00FF]*")]
    marker: Option<String>,
    #[shape(min = 1, max = 256, pattern = r"^[\w+=,.@:/-]+$")]
    retiring_principal: Option<String>,
    #[shape(
        min = 1,
        max = 128,
        pattern = r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$"
    )]
    retiring_service_principal: Option<String>,
}

impl Operation for ListRetirableGrants {
    const NAME: &'static str = "ListRetirableGrants";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidMarkerException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::NotFoundException.row(),
        KmsError::KMSInternalException.row(),
    ];
    type Input = ListRetirableGrantsInput;
    type Output = ListGrantsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("kms:ListRetirableGrants"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let retiring = match (&input.retiring_principal, &input.retiring_service_principal) {
            (Some(arn), None) => {
                must_be_own(call, arn)?;
                arn
            }
            // AWS: only a service may ask for what a service retires.
            (None, Some(_)) => return Err(denied(call)),
            _ => {
                return Err(Fault::validation(
                    "You must specify either RetiringPrincipal or RetiringServicePrincipal, but \
                     not both.",
                ));
            }
        };
        let prefix = GrantRecord::all_retirable_by(call.region(), retiring);
        let limit = limit_of(input.limit, PAGE_USUAL, PAGE_MAX);
        by_index(call, &prefix, limit, input.marker.as_deref()).await
    }
}

/// AWS: only principals of the caller's account can be asked for.
fn must_be_own(call: &Call<'_>, arn: &str) -> Result<(), Fault> {
    let parsed: Arn = arn.parse().map_err(|_| {
        KmsError::InvalidArnException
            .with(format!("ARN does not refer to a valid principal: {arn}"))
    })?;
    if parsed.account == Some(call.account()) { Ok(()) } else { Err(denied(call)) }
}

fn denied(call: &Call<'_>) -> Fault {
    Fault::access_denied(format!(
        "User: {} is not authorized to perform: kms:ListRetirableGrants",
        call.context().caller.arn
    ))
}
