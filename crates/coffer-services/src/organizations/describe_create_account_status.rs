//! DescribeCreateAccountStatus: how the making of an account came out.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::find;
use super::records::CreateAccountRecord;
use super::wire::CreateAccountStatus;

/// Tells how an account's making came out.
pub(super) struct DescribeCreateAccountStatus;

/// Which request.
#[derive(Input, Debug)]
#[shape(name = "DescribeCreateAccountStatusRequest")]
pub(super) struct DescribeCreateAccountStatusInput {
    #[shape(required, max = 36, pattern = r"^car-[a-z0-9]{8,32}$")]
    create_account_request_id: String,
}

/// How it came out.
#[derive(Output, Debug)]
#[shape(name = "DescribeCreateAccountStatusResponse")]
pub(super) struct DescribeCreateAccountStatusOutput {
    create_account_status: Option<CreateAccountStatus>,
}

impl Operation for DescribeCreateAccountStatus {
    const NAME: &'static str = "DescribeCreateAccountStatus";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::CreateAccountStatusNotFoundException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = DescribeCreateAccountStatusInput;
    type Output = DescribeCreateAccountStatusOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("organizations:DescribeCreateAccountStatus"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let row = CreateAccountRecord::key_of(&organization.id, &input.create_account_request_id);
        let record = call.get::<CreateAccountRecord>(&row).await?.ok_or_else(|| {
            OrganizationsError::CreateAccountStatusNotFoundException
                .with("You specified a create account request that doesn't exist.")
        })?;
        let status = CreateAccountStatus::of(&record);
        Ok(DescribeCreateAccountStatusOutput { create_account_status: Some(status) })
    }
}
