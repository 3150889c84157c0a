//! ListReaders: who can read a secret or a parameter, and why.

use std::collections::BTreeSet;
use std::sync::Arc;

use coffer_model::AccountId;
use coffer_pipeline::authorization::Judgement;
use coffer_pipeline::identity::{RoleRecord, UserRecord};
use coffer_pipeline::{Access, Call, Caller, Demand, Facts, Guard, Nothing, Operation};
use coffer_policy::{Grammar, PrincipalEntry};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Direction, Key, Record};

use super::errors::CofferError;
use crate::page;
use crate::{secretsmanager, ssm};

/// Decides, for each user and role that may come to it, whether it can read the current value of a
/// secret or a parameter now: by the very policies, and the very evaluation, that decide requests.
/// Sessions can be narrower than their roles. Conditions are decided as if the caller of this
/// operation asked; those that the outcome rests on are told.
pub(super) struct ListReaders;

/// Of what.
#[derive(Input, Debug)]
pub(super) struct ListReadersInput {
    /// A name or an ARN. A name that begins with a slash is a parameter's, any other a secret's
    /// where there is one, else a parameter's.
    #[shape(required, min = 1, max = 2048)]
    resource: String,
    #[shape(max = 4096)]
    next_token: Option<String>,
}

/// A page of those who can.
#[derive(Output, Debug)]
pub(super) struct ListReadersOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    readers: Option<Vec<Reader>>,
    next_token: Option<String>,
}

/// Somebody who can read it.
#[derive(Output, Debug)]
pub(super) struct Reader {
    /// The ARN of the user or role.
    principal: Option<String>,
    /// What lets it: policies and their statements, for each permission that is needed.
    because: Option<Vec<String>>,
    /// The condition keys that this rests on.
    conditions: Option<Vec<String>>,
}

impl Operation for ListReaders {
    const NAME: &'static str = "ListReaders";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CofferError::InvalidNextTokenException.row(),
        CofferError::ResourceNotFoundException.row(),
    ];
    type Input = ListReadersInput;
    type Output = ListReadersOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        // Whoever may not see a resource's policies is not to see what follows from them.
        let asked = to_read(call, &input.resource).await.ok();
        let resource = asked.and_then(|asked| asked.resource());
        let resource = resource.unwrap_or_else(|| "*".to_owned());
        Ok(vec![Demand::of("coffer:ListReaders", resource)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let asked = to_read(call, &input.resource).await?;
        let arn = asked.resource();
        let accounts = accounts_of(call, asked.all())?;
        let (readers, next_token) =
            page_of(call, &accounts, asked, input.next_token.as_deref()).await?;
        Ok(ListReadersOutput { arn, readers: Some(readers), next_token })
    }
}

/// What a read asks for: any one of the first, and all of the second.
struct ToRead {
    /// Each the permission of another operation that reads; the first names the resource.
    any_of: Vec<Demand>,
    /// What each of them needs besides: the key.
    all_of: Vec<Demand>,
}

impl ToRead {
    fn resource(&self) -> Option<String> {
        self.any_of.first().map(|demand| demand.resource.clone())
    }

    fn all(&self) -> impl Iterator<Item = &Demand> {
        self.any_of.iter().chain(&self.all_of)
    }
}

async fn to_read(call: &mut Call<'_>, resource: &str) -> Result<ToRead, Fault> {
    let is_parameter = resource.starts_with('/') || resource.starts_with("arn:aws:ssm:");
    if !is_parameter {
        match secretsmanager::read::demands(call, resource).await {
            Err(fault) if !fault.is_server_fault() && !resource.starts_with("arn:") => {}
            found => {
                let mut any_of = found.map_err(not_found)?;
                let all_of = any_of.split_off(any_of.len().min(1));
                return Ok(ToRead { any_of, all_of });
            }
        }
    }
    let found = ssm::permission::demands_to_read(call, resource).await;
    let (any_of, all_of) = found.map_err(not_found)?;
    Ok(ToRead { any_of, all_of })
}

fn not_found(fault: Fault) -> Fault {
    if fault.is_server_fault() {
        return fault;
    }
    CofferError::ResourceNotFoundException
        .with("There is no secret and no parameter of this name with a current value.")
        .with_cause(fault.for_log())
}

/// The accounts whose users and roles may come to it: the owner's, the caller's, and those that
/// its policies name.
fn accounts_of<'d>(
    call: &Call<'_>,
    demands: impl Iterator<Item = &'d Demand>,
) -> Result<Vec<AccountId>, Fault> {
    let mut accounts = BTreeSet::from([call.account()]);
    for demand in demands {
        accounts.extend(demand.owner());
        let Guard::Resource(documents) = &demand.guard else { continue };
        for document in documents {
            let policy = document.policy(Grammar::Resource)?;
            accounts.extend(policy.principals().filter_map(account_in));
        }
    }
    Ok(accounts.into_iter().collect())
}

fn account_in(entry: &PrincipalEntry) -> Option<AccountId> {
    match entry {
        PrincipalEntry::Account(account) => Some(*account),
        PrincipalEntry::Arn(arn) => coffer_model::Arn::owner_of(arn).ok().flatten(),
        _ => None,
    }
}

/// Judges a bounded number of users and roles, from where the page before ended.
async fn page_of(
    call: &mut Call<'_>,
    accounts: &[AccountId],
    asked: ToRead,
    token: Option<&str>,
) -> Result<(Vec<Reader>, Option<String>), Fault> {
    let ways = asked.any_of.len();
    let demands = asked.any_of.into_iter().chain(asked.all_of);
    let asked: Vec<(Demand, &(dyn Facts + Sync))> =
        demands.map(|demand| (demand, &Nothing as &(dyn Facts + Sync))).collect();
    let mut after = place_of(accounts, token)?;
    let mut readers = Vec::new();
    let mut left = JUDGED_MAX;
    for prefix in prefixes_of(accounts) {
        if after.as_ref().is_some_and(|after| !after.as_bytes().starts_with(&prefix)) {
            continue;
        }
        let callers = callers_under(call, &prefix, after.take().as_ref(), left).await?;
        for (key, caller) in callers {
            let principal = caller.principal_arn.clone();
            let judgements = call.judgement_of(caller, &asked).await?;
            let (any_of, all_of) = judgements.split_at(ways.min(judgements.len()));
            let is_allowed = |judgement: &&Judgement| judgement.decision.is_allowed();
            let is_one = any_of.iter().any(|judgement| is_allowed(&judgement));
            if is_one && all_of.iter().all(|judgement| is_allowed(&judgement)) {
                readers.push(reader(principal, judgements.iter().filter(is_allowed)));
            }
            left -= 1;
            if left == 0 {
                return Ok((readers, Some(page::token(&key))));
            }
        }
    }
    Ok((readers, None))
}

fn prefixes_of(accounts: &[AccountId]) -> impl Iterator<Item = Vec<u8>> + '_ {
    accounts.iter().flat_map(|account| [UserRecord::all_of(*account), RoleRecord::all_of(*account)])
}

fn place_of(accounts: &[AccountId], token: Option<&str>) -> Result<Option<Key>, Fault> {
    let Some(token) = token else { return Ok(None) };
    let found = prefixes_of(accounts).find_map(|prefix| page::place(token, &prefix));
    found
        .map(Some)
        .ok_or_else(|| CofferError::InvalidNextTokenException.with("The token is not valid."))
}

/// The users, or the roles, under a prefix, each as the caller that it would be.
async fn callers_under(
    call: &Call<'_>,
    prefix: &[u8],
    after: Option<&Key>,
    rows_max: usize,
) -> Result<Vec<(Key, Caller)>, Fault> {
    let is_user = prefix.starts_with(UserRecord::TABLE.as_bytes());
    if is_user {
        let rows = call.scan::<UserRecord>(prefix, after, rows_max, Direction::Ascending).await?;
        return Ok(rows.into_iter().map(|(key, user)| (key, Caller::of_user(&user))).collect());
    }
    let rows = call.scan::<RoleRecord>(prefix, after, rows_max, Direction::Ascending).await?;
    let session = |(key, role): (Key, Arc<RoleRecord>)| (key, Caller::of_role(&role, SESSION));
    Ok(rows.into_iter().map(session).collect())
}

fn reader<'j>(principal: String, allowed: impl Iterator<Item = &'j Judgement> + Clone) -> Reader {
    let because = allowed.flat_map(|judgement| &judgement.because);
    let told: BTreeSet<String> = because
        .clone()
        .map(|because| format!("{} statement {}", because.policy, because.statement))
        .collect();
    let conditions: BTreeSet<String> =
        because.flat_map(|because| because.conditions.iter().cloned()).collect();
    Reader {
        principal: Some(principal),
        because: Some(told.into_iter().collect()),
        conditions: Some(conditions.into_iter().collect()).filter(|keys: &Vec<_>| !keys.is_empty()),
    }
}

/// The name of the session that stands for all of a role.
const SESSION: &str = "any";
/// Users and roles that one call judges.
const JUDGED_MAX: usize = 200;
