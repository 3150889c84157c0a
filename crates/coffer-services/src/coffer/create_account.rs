//! CreateAccount: makes an account with a root access key.

use coffer_model::{AccountId, Sensitive};
use coffer_pipeline::identity::AccessKeyRecord;
use coffer_pipeline::identity::organization::{AccountRecord, FeatureSet, draw_root_access_key};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::account::Account;
use super::errors::CofferError;
use super::operator::must_operate;
use crate::organizations::find;
use crate::organizations::found::{NewAccount, NotMade, make_account, make_organization};

/// Makes an account in the server's organization, which is made with the first one, and draws the
/// root access key that it is entered with.
pub(super) struct CreateAccount;

/// What the account is to be.
#[derive(Input, Debug)]
pub(super) struct CreateAccountInput {
    #[shape(min = 12, max = 12, pattern = r"\d{12}")]
    account_id: Option<String>,
    #[shape(min = 1, max = 50, pattern = r"[\u0020-\u007E]+")]
    name: Option<String>,
    #[shape(min = 6, max = 64, pattern = r"[^\s@]+@[^\s@]+\.[^\s@]+")]
    email: Option<String>,
}

/// The account and its access key, whose secret is told this once.
#[derive(Output, Debug)]
pub(super) struct CreateAccountOutput {
    account: Option<Account>,
    access_key_id: Option<String>,
    secret_access_key: Option<Sensitive<String>>,
}

impl Operation for CreateAccount {
    const NAME: &'static str = "CreateAccount";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] =
        &[CofferError::AccountExistsException.row(), CofferError::EmailExistsException.row()];
    type Input = CreateAccountInput;
    type Output = CreateAccountOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:CreateAccount"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_operate(call, "coffer:CreateAccount").await?;
        let row = AccountRecord::key_of(call.account());
        let organization = match call.get::<AccountRecord>(&row).await? {
            Some(_) => find::managed(call).await?.as_ref().clone(),
            None => make_organization(call, FeatureSet::All).await?,
        };
        let id = input.account_id.as_deref().map(str::parse::<AccountId>);
        let id =
            id.transpose().map_err(|_| Fault::internal("an account id of other than digits"))?;
        let (name, email) = (input.name.as_deref(), input.email.as_deref());
        let new = NewAccount { id, name, email, role_name: None };
        let account =
            make_account(call, &organization, &new).await.map_err(|cause| match cause {
                NotMade::Fault(fault) => fault,
                NotMade::EmailExists => CofferError::EmailExistsException
                    .with("Another account has this email address."),
                NotMade::IdExists => CofferError::AccountExistsException
                    .with("There is an account of this id already."),
            })?;
        let (access_key_id, secret) = draw_root_access_key(call.entropy());
        let record = AccessKeyRecord::new(&access_key_id, account.account, secret.clone());
        call.put(record).await?;
        Ok(CreateAccountOutput {
            account: Some(Account::of(&account)),
            access_key_id: Some(access_key_id),
            secret_access_key: Some(secret),
        })
    }
}
