//! ListReaders: who can read a secret or a parameter, and why.

use std::collections::BTreeSet;
use std::sync::Arc;

use coffer_model::AccountId;
use coffer_pipeline::authorization::Judgement;
use coffer_pipeline::identity::{RoleRecord, UserRecord};
use coffer_pipeline::{Access, Call, Caller, Demand, Guard, Operation};
use coffer_policy::{Grammar, PrincipalEntry};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Direction, Key, Record};

use super::errors::CofferError;
use super::operator::operates;
use crate::kms::through::ToOpen;
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
    /// Why nobody can read it, whatever policies say: what is wrong with its KMS key.
    unusable: Option<String>,
    next_token: Option<String>,
}

/// Somebody who can read it.
#[derive(Output, Debug)]
pub(super) struct Reader {
    /// The ARN of the user or role.
    principal: Option<String>,
    /// What lets it: of each permission that is needed, the policies and their statements, or the
    /// grant on the key.
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
        let asked = match to_read(call, &input.resource).await {
            Err(fault) if fault.is_server_fault() => return Err(fault),
            asked => asked.ok(),
        };
        let resource = asked.and_then(|asked| asked.resource());
        let resource = resource.unwrap_or_else(|| "*".to_owned());
        Ok(vec![Demand::of("coffer:ListReaders", resource)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let asked = to_read(call, &input.resource).await?;
        let arn = asked.resource();
        let unusable = asked.key.as_ref().and_then(|key| key.unusable(call));
        if unusable.is_some() {
            return Ok(ListReadersOutput { arn, readers: None, unusable, next_token: None });
        }
        let prefixes = prefixes_of(call, &asked.any_of).await?;
        let (readers, next_token) =
            page_of(call, &prefixes, &asked, input.next_token.as_deref()).await?;
        Ok(ListReadersOutput { arn, readers: Some(readers), unusable, next_token })
    }
}

/// What a read asks for: any one of some permissions, and the key.
struct ToRead {
    /// Each the permission of another operation that reads; the first names the resource.
    any_of: Vec<Demand>,
    /// What each of them needs besides.
    key: Option<ToOpen>,
}

impl ToRead {
    fn resource(&self) -> Option<String> {
        self.any_of.first().map(|demand| demand.resource.clone())
    }
}

async fn to_read(call: &mut Call<'_>, resource: &str) -> Result<ToRead, Fault> {
    let is_parameter = resource.starts_with('/') || resource.starts_with("arn:aws:ssm:");
    if !is_parameter {
        match secretsmanager::read::demands(call, resource).await {
            Err(fault) if !fault.is_server_fault() && !resource.starts_with("arn:") => {}
            found => {
                let (demand, key) = found.map_err(not_found)?;
                return Ok(ToRead { any_of: vec![demand], key });
            }
        }
    }
    let found = ssm::permission::demands_to_read(call, resource).await;
    let (any_of, key) = found.map_err(not_found)?;
    Ok(ToRead { any_of, key })
}

fn not_found(fault: Fault) -> Fault {
    if fault.is_server_fault() {
        return fault;
    }
    CofferError::ResourceNotFoundException
        .with("There is no secret and no parameter of this name with a current value.")
        .with_cause(fault.for_log())
}

/// Where those are who may come to it: the prefixes of the users and of the roles of its owner's
/// account, the caller's, and those that its policies name; of all, where a policy names everybody.
/// Who is named by its key's policy or by a grant alone has no way to it.
///
/// Whoever does not operate the server learns of the users and roles of the own account alone: a
/// policy that lets others in must not tell who they are.
async fn prefixes_of(call: &mut Call<'_>, demands: &[Demand]) -> Result<Vec<Vec<u8>>, Fault> {
    let mut accounts = BTreeSet::from([call.account()]);
    let demands = if operates(call).await? { demands } else { &[] };
    for demand in demands {
        accounts.extend(demand.owner());
        let Guard::Resource(documents) = &demand.guard else { continue };
        for document in documents {
            let policy = document.policy(Grammar::Resource)?;
            if policy.principals().any(|entry| matches!(entry, PrincipalEntry::Everyone)) {
                let tables = [UserRecord::TABLE, RoleRecord::TABLE];
                return Ok(tables.map(|table| Key::of(table, &[]).prefix()).into());
            }
            accounts.extend(policy.principals().filter_map(account_in));
        }
    }
    let of_account = |account| [UserRecord::all_of(account), RoleRecord::all_of(account)];
    Ok(accounts.into_iter().flat_map(of_account).collect())
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
    prefixes: &[Vec<u8>],
    asked: &ToRead,
    token: Option<&str>,
) -> Result<(Vec<Reader>, Option<String>), Fault> {
    let mut after = place_of(prefixes, token)?;
    let mut readers = Vec::new();
    let mut left = JUDGED_MAX;
    for prefix in prefixes {
        if after.as_ref().is_some_and(|after| !after.as_bytes().starts_with(prefix)) {
            continue;
        }
        let callers = callers_under(call, prefix, after.take().as_ref(), left).await?;
        for (key, caller) in callers {
            readers.extend(judged(call, asked, caller).await?);
            left -= 1;
            if left == 0 {
                return Ok((readers, Some(page::token(&key))));
            }
        }
    }
    Ok((readers, None))
}

/// Whether somebody can read it, and by what: all of what lets it, so that it can be taken away.
async fn judged(
    call: &mut Call<'_>,
    asked: &ToRead,
    caller: Caller,
) -> Result<Option<Reader>, Fault> {
    let mut reasons = Reasons::default();
    let context = call.as_if_by(Arc::new(caller)).await?;
    if let Some(key) = &asked.key {
        let by_policy = key.demand(call, false);
        let mut may = reasons.count(&by_policy, &call.judgement_in(&context, &by_policy).await?);
        if let Some(grant_id) = key.grant_to(call, &context.caller).await? {
            let by_grant = key.demand(call, true);
            if may || reasons.count(&by_grant, &call.judgement_in(&context, &by_grant).await?) {
                reasons.because.insert(format!("{} by grant {grant_id}", by_grant.action));
                may = true;
            }
        }
        if !may {
            return Ok(None);
        }
    }
    let mut may = false;
    for demand in &asked.any_of {
        may |= reasons.count(demand, &call.judgement_in(&context, demand).await?);
    }
    Ok(may.then(|| reasons.of(&context.caller)))
}

/// What lets somebody read.
#[derive(Default)]
struct Reasons {
    because: BTreeSet<String>,
    conditions: BTreeSet<String>,
}

impl Reasons {
    /// Adds those of what is allowed; says whether it is.
    fn count(&mut self, demand: &Demand, judgement: &Judgement) -> bool {
        let is_allowed = judgement.decision.is_allowed();
        for because in judgement.because.iter().filter(|_| is_allowed) {
            let (action, policy, statement) = (demand.action, because.policy, &because.statement);
            self.because.insert(format!("{action} by {policy} statement {statement}"));
            self.conditions.extend(because.conditions.iter().cloned());
        }
        is_allowed
    }

    fn of(self, caller: &Caller) -> Reader {
        Reader {
            principal: Some(caller.principal_arn.clone()),
            because: Some(self.because.into_iter().collect()),
            conditions: Some(self.conditions.into_iter().collect())
                .filter(|keys: &Vec<_>| !keys.is_empty()),
        }
    }
}

fn place_of(prefixes: &[Vec<u8>], token: Option<&str>) -> Result<Option<Key>, Fault> {
    let Some(token) = token else { return Ok(None) };
    let found = prefixes.iter().find_map(|prefix| page::place(token, prefix));
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

/// The name of the session that stands for all of a role.
const SESSION: &str = "any";
/// Users and roles that one call judges.
const JUDGED_MAX: usize = 200;
