//! CreateAccount: makes an account in the organization.

use coffer_pipeline::identity::organization::draw_lower_case;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::found::{NewAccount, NotMade, make_account};
use super::records::CreateAccountRecord;
use super::wire::{CreateAccountStatus, IamUserAccessToBilling, Tag};
use super::{demand, find, tags};

/// Makes an account, at once. Nobody can sign in its name before it is given credentials; `coffer
/// account create` gives some.
pub(super) struct CreateAccount;

/// What the account is to be.
#[derive(Input, Debug)]
#[shape(name = "CreateAccountRequest")]
pub(super) struct CreateAccountInput {
    #[shape(required, sensitive, min = 6, max = 64, pattern = r"[^\s@]+@[^\s@]+\.[^\s@]+")]
    email: String,
    #[shape(required, sensitive, min = 1, max = 50, pattern = r"[\u0020-\u007E]+")]
    account_name: String,
    #[shape(max = 64, pattern = r"[\w+=,.@-]{1,64}")]
    role_name: Option<String>,
    iam_user_access_to_billing: Option<IamUserAccessToBilling>,
    tags: Option<Vec<Tag>>,
}

/// How it came out.
#[derive(Output, Debug)]
#[shape(name = "CreateAccountResponse")]
pub(super) struct CreateAccountOutput {
    create_account_status: Option<CreateAccountStatus>,
}

impl Operation for CreateAccount {
    const NAME: &'static str = "CreateAccount";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::FinalizingOrganizationException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = CreateAccountInput;
    type Output = CreateAccountOutput;

    async fn demands(_: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = Demand::any("organizations:CreateAccount");
        demands.extend(demand::to_tag(input.tags.as_ref()));
        Ok(demands)
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        tags::condition(input.tags.as_deref(), key)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let new = NewAccount {
            id: None,
            name: Some(&input.account_name),
            email: Some(&input.email),
            role_name: input.role_name.as_deref().filter(|name| !name.is_empty()),
        };
        let account = match make_account(call, &organization, &new).await {
            Ok(account) => Some(account.account),
            Err(NotMade::EmailExists) => None,
            Err(NotMade::IdExists) => return Err(Fault::unavailable("a drawn account id exists")),
            Err(NotMade::Fault(fault)) => return Err(fault),
        };
        if let Some(account) = account {
            let tags = input.tags.as_deref().unwrap_or_default();
            tags::add(call, &organization, account.as_str(), tags).await?;
        }
        let id = format!("car-{}", draw_lower_case(call.entropy(), REQUEST_CHARACTERS));
        let record = CreateAccountRecord {
            organization: organization.id.clone(),
            id,
            account_name: input.account_name.clone(),
            requested: call.now(),
            account,
        };
        let status = CreateAccountStatus::of(&record);
        call.put(record).await?;
        Ok(CreateAccountOutput { create_account_status: Some(status) })
    }
}

const REQUEST_CHARACTERS: usize = 32;
