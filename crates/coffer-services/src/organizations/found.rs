//! Making organizations and accounts: for the services `organizations` and `coffer`.

use std::collections::{BTreeMap, BTreeSet};

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::Call;
use coffer_pipeline::identity::organization::{
    ACCOUNTS_MAX, AccountRecord, AccountStatus, Attached, FeatureSet, OrganizationRecord, Unit,
    draw_account, draw_lower_case, draw_role_id,
};
use coffer_pipeline::identity::{EntityPermissions, PolicyDocument, RoleRecord};
use coffer_protocol::Fault;

use super::errors::{OrganizationsError, limited};
use super::records::AccountEmailRecord;

/// Makes an organization that the caller's account manages; nothing in it is staged before.
pub(crate) async fn make_organization(
    call: &mut Call<'_>,
    feature_set: FeatureSet,
) -> Result<OrganizationRecord, Fault> {
    let draw = |characters| draw_lower_case(call.entropy(), characters);
    let organization = OrganizationRecord {
        id: format!("o-{}", draw(ORGANIZATION_CHARACTERS)),
        management_account: call.account(),
        feature_set,
        created: call.now(),
        root_id: format!("r-{}", draw(ROOT_CHARACTERS)),
        root: Unit {
            name: "Root".to_owned(),
            parent: String::new(),
            accounts: 1,
            attached: Attached::new(),
        },
        units: BTreeMap::new(),
        accounts: 1,
        policies: 0,
        epochs: 0,
        enabled: BTreeMap::new(),
    };
    let account = call.account();
    let email = usual_email(account);
    let record = AccountRecord::new(&organization, account, account.as_str(), &email, call.now());
    call.put(AccountEmailRecord::new(&record)).await?;
    call.put(record).await?;
    call.put(organization.clone()).await?;
    call.acted_on(&organization.arn());
    Ok(organization)
}

/// What an account is to be.
pub(crate) struct NewAccount<'a> {
    /// Its id; drawn where none is given.
    pub(crate) id: Option<AccountId>,
    /// Its name; its id where none is given.
    pub(crate) name: Option<&'a str>,
    /// The address of whoever answers for it.
    pub(crate) email: Option<&'a str>,
    /// The role by which the management account enters it; it has a usual name.
    pub(crate) role_name: Option<&'a str>,
}

/// Why an account was not made.
#[derive(Debug)]
pub(crate) enum NotMade {
    /// The request itself is at fault.
    Fault(Fault),
    /// Another account of the organization has this address.
    EmailExists,
    /// There is an account of this id already.
    IdExists,
}

impl From<Fault> for NotMade {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Makes an account in an organization's root.
pub(crate) async fn make_account(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    new: &NewAccount<'_>,
) -> Result<AccountRecord, NotMade> {
    if organization.accounts >= ACCOUNTS_MAX {
        return Err(NotMade::Fault(limited(
            "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
            "You have exceeded the allowed number of AWS accounts.",
        )));
    }
    let id = match new.id {
        Some(id) => id,
        None => draw_account(call.entropy()),
    };
    if call.get::<AccountRecord>(&AccountRecord::key_of(id)).await?.is_some() {
        return Err(NotMade::IdExists);
    }
    let email = new.email.map_or_else(|| usual_email(id), str::to_owned);
    let name = new.name.unwrap_or(id.as_str());
    let record = AccountRecord::new(organization, id, name, &email, call.now());
    let row = AccountEmailRecord::key_of(&organization.id, &email);
    if call.get::<AccountEmailRecord>(&row).await?.is_some() {
        return Err(NotMade::EmailExists);
    }
    call.put(AccountEmailRecord::new(&record)).await?;
    call.acted_on(&organization.account_arn(id));
    call.put(entrance(call, organization, id, new.role_name)).await?;
    let mut organization = organization.clone();
    organization.accounts += 1;
    organization.root.accounts += 1;
    call.put(organization).await?;
    call.put(record.copy()).await?;
    Ok(record)
}

/// The role by which callers of the management account enter an account that it has made.
fn entrance(
    call: &Call<'_>,
    organization: &OrganizationRecord,
    account: AccountId,
    name: Option<&str>,
) -> RoleRecord {
    let management = organization.management_account;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{management}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let everything =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let inline =
        BTreeMap::from([("AdministratorAccess".to_owned(), PolicyDocument::new(everything))]);
    RoleRecord {
        account,
        role_name: name.unwrap_or(ENTRANCE).to_owned(),
        role_id: draw_role_id(call.entropy()),
        path: "/".to_owned(),
        created: call.now(),
        description: None,
        session_seconds_max: 3600,
        trust: PolicyDocument::new(trust),
        trusted: BTreeMap::new(),
        tags: BTreeMap::new(),
        permissions: EntityPermissions { inline, ..EntityPermissions::default() },
        instance_profiles: BTreeSet::new(),
    }
}

/// The record of an account as it is when it is closed.
///
/// # Errors
/// `AccountAlreadyClosedException`; `ConstraintViolationException` for the management account.
pub(crate) fn closed(
    organization: &OrganizationRecord,
    account: &AccountRecord,
    now: Timestamp,
) -> Result<AccountRecord, Fault> {
    if account.account == organization.management_account {
        return Err(limited(
            "CANNOT_CLOSE_MANAGEMENT_ACCOUNT",
            "You can't close the management account.",
        ));
    }
    if account.is_closed() {
        return Err(OrganizationsError::AccountAlreadyClosedException
            .with("The provided account is already closed."));
    }
    let mut account = account.copy();
    account.status = AccountStatus::Closed(now);
    Ok(account)
}

/// The address of an account that was given none: it reaches nobody (RFC 2606, `.invalid`).
fn usual_email(account: AccountId) -> String {
    format!("{account}@account.invalid")
}

/// AWS: the name of the role that CreateAccount makes (API reference, CreateAccount, `RoleName`).
const ENTRANCE: &str = "OrganizationAccountAccessRole";
const ORGANIZATION_CHARACTERS: usize = 10;
const ROOT_CHARACTERS: usize = 4;
