//! Whether a grant allows what somebody asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use coffer_pipeline::{Call, Caller};
use coffer_protocol::Fault;
use coffer_store::Direction;

use super::{Constraints, GrantOperation, GrantRecord, Principal, has_grants};
use crate::kms::envelope::EncryptionContext;
use crate::kms::key::KeyRecord;

/// Whether a grant allows the caller an operation on a key. `context` is the request's encryption
/// context, where the operation has one.
pub(in crate::kms) async fn is_granted(
    call: &mut Call<'_>,
    key: &KeyRecord,
    operation: GrantOperation,
    context: Option<&EncryptionContext>,
) -> Result<bool, Fault> {
    // Nobody asks here on behalf of a resource.
    let asked = Asked { operation, context, source_arn: None };
    caller_has(call, key, |grant| grant.allows(&asked)).await
}

/// The first grant by which somebody, not the caller, may do an operation on a key.
pub(in crate::kms) async fn granting(
    call: &mut Call<'_>,
    key: &KeyRecord,
    operation: GrantOperation,
    context: &EncryptionContext,
    somebody: &Caller,
) -> Result<Option<Arc<GrantRecord>>, Fault> {
    let asked = Asked { operation, context: Some(context), source_arn: None };
    first_for(call, key, somebody, |grant| grant.allows(&asked)).await
}

/// Whether a key has a grant that is as wanted for the caller.
pub(in crate::kms) async fn caller_has(
    call: &mut Call<'_>,
    key: &KeyRecord,
    is_wanted: impl Fn(&GrantRecord) -> bool,
) -> Result<bool, Fault> {
    let caller = Arc::clone(&call.context().caller);
    Ok(first_for(call, key, &caller, is_wanted).await?.is_some())
}

/// The first grant on a key that is as wanted for somebody: by the own ARN, or by the role's for its
/// sessions.
async fn first_for(
    call: &mut Call<'_>,
    key: &KeyRecord,
    caller: &Caller,
    is_wanted: impl Fn(&GrantRecord) -> bool,
) -> Result<Option<Arc<GrantRecord>>, Fault> {
    if !has_grants(call, key).await? {
        return Ok(None);
    }
    let names = [caller.arn.as_str(), caller.principal_arn.as_str()];
    // A session's id begins with its role's.
    let id = caller.user_id.split(':').next();
    let is_meant =
        |grant: &GrantRecord| grant.grantee_id.as_deref().is_none_or(|it| Some(it) == id);
    first_of(call, key, &names, |grant| is_meant(grant) && is_wanted(grant)).await
}

/// What somebody asks for.
struct Asked<'a> {
    operation: GrantOperation,
    context: Option<&'a EncryptionContext>,
    source_arn: Option<&'a str>,
}

impl GrantRecord {
    fn allows(&self, asked: &Asked<'_>) -> bool {
        self.operations.contains(&asked.operation) && self.constraints.are_met(asked)
    }

    /// Whether its grantee may grant this by it: nothing that it does not allow itself, under
    /// conditions at least as strict.
    pub(in crate::kms) fn may_pass_on(
        &self,
        operations: &BTreeSet<GrantOperation>,
        constraints: &Constraints,
    ) -> bool {
        self.operations.contains(&GrantOperation::CreateGrant)
            && operations.is_subset(&self.operations)
            && constraints.is_within(&self.constraints)
    }

    /// Whether one of these names may retire it: those that it says, and the account that made it.
    pub(in crate::kms) fn may_be_retired_by(&self, names: &[&str]) -> bool {
        let is = |principal: &Principal| names.contains(&principal.as_str());
        let root = coffer_model::Arn::root(self.issuing_account).to_string();
        self.retiring.as_ref().is_some_and(is)
            || (self.operations.contains(&GrantOperation::RetireGrant) && is(&self.grantee))
            || names.contains(&root.as_str())
    }
}

impl Constraints {
    fn are_met(&self, asked: &Asked<'_>) -> bool {
        let context_is_met = !asked.operation.has_context() || {
            let empty = EncryptionContext::new();
            let context = asked.context.unwrap_or(&empty);
            let has = |pairs: &EncryptionContext| {
                pairs.iter().all(|(name, value)| context.get(name) == Some(value))
            };
            self.context_subset.as_ref().is_none_or(has)
                && self.context_equals.as_ref().is_none_or(|pairs| pairs == context)
        };
        let source_is_met = asked.operation == GrantOperation::RetireGrant
            || self.source_arn.as_deref().is_none_or(|arn| asked.source_arn == Some(arn));
        context_is_met && source_is_met
    }

    /// Whether whatever meets these conditions meets the others, too.
    fn is_within(&self, outer: &Self) -> bool {
        let own = [&self.context_equals, &self.context_subset];
        let has = |pairs: &EncryptionContext| {
            own.into_iter()
                .flatten()
                .any(|context| pairs.iter().all(|(name, value)| context.get(name) == Some(value)))
        };
        outer.context_subset.as_ref().is_none_or(has)
            && outer
                .context_equals
                .as_ref()
                .is_none_or(|pairs| self.context_equals.as_ref() == Some(pairs))
            && outer.source_arn.as_ref().is_none_or(|arn| self.source_arn.as_ref() == Some(arn))
    }
}

/// The first grant on a key for one of these names that is as wanted.
async fn first_of(
    call: &mut Call<'_>,
    key: &KeyRecord,
    grantees: &[&str],
    is_wanted: impl Fn(&GrantRecord) -> bool,
) -> Result<Option<Arc<GrantRecord>>, Fault> {
    for grantee in grantees {
        let prefix = GrantRecord::all_for(key, grantee);
        let mut after = None;
        loop {
            let order = Direction::Ascending;
            let rows = call.scan_index(&prefix, after.as_ref(), PAGE_ROWS, order).await?;
            let keys: Vec<_> = rows.iter().map(|(_, row)| row.clone()).collect();
            let grants = call.get_many::<GrantRecord>(&keys).await?;
            if let Some(found) = grants.into_iter().flatten().find(|grant| is_wanted(grant)) {
                return Ok(Some(found));
            }
            if rows.len() < PAGE_ROWS {
                break;
            }
            after = rows.into_iter().last().map(|(entry, _)| entry);
        }
    }
    Ok(None)
}

const PAGE_ROWS: usize = 100;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use coffer_model::{AccountId, Timestamp};

    use super::{Asked, Constraints, GrantOperation, GrantRecord, Principal};

    const GRANTEE: &str = "arn:aws:iam::111122223333:role/reader";
    const RETIRING: &str = "arn:aws:iam::111122223333:user/clerk";

    fn pairs(given: &[(&str, &str)]) -> BTreeMap<String, String> {
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn grant(operations: &[GrantOperation], constraints: Constraints) -> GrantRecord {
        GrantRecord {
            grant_id: "0".repeat(64),
            key_id: "1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
            account: AccountId::dev(),
            region: "eu-west-1".parse().unwrap(),
            name: None,
            grantee_id: None,
            grantee: Principal::Arn(GRANTEE.to_owned()),
            retiring: Some(Principal::Arn(RETIRING.to_owned())),
            issuing_account: AccountId::dev(),
            operations: operations.iter().copied().collect(),
            constraints,
            created: Timestamp::EPOCH,
        }
    }

    fn subset(given: &[(&str, &str)]) -> Constraints {
        Constraints { context_subset: Some(pairs(given)), ..Constraints::default() }
    }

    fn equals(given: &[(&str, &str)]) -> Constraints {
        Constraints { context_equals: Some(pairs(given)), ..Constraints::default() }
    }

    #[test]
    fn a_grant_allows_its_operations_in_contexts_that_meet_its_constraints() {
        use GrantOperation::{Decrypt, DescribeKey, Encrypt};
        let allows = |constraints: Constraints, operation, context: &[(&str, &str)]| {
            let context = pairs(context);
            let asked = Asked { operation, context: Some(&context), source_arn: None };
            grant(&[Decrypt, DescribeKey], constraints).allows(&asked)
        };
        assert!(allows(Constraints::default(), Decrypt, &[]));
        assert!(!allows(Constraints::default(), Encrypt, &[]));
        assert!(allows(subset(&[("a", "1")]), Decrypt, &[("a", "1"), ("b", "2")]));
        for context in [&[][..], &[("a", "2")], &[("A", "1")], &[("b", "1")]] {
            assert!(!allows(subset(&[("a", "1")]), Decrypt, context), "{context:?}");
            assert!(!allows(equals(&[("a", "1")]), Decrypt, context), "{context:?}");
        }
        assert!(allows(equals(&[("a", "1")]), Decrypt, &[("a", "1")]));
        assert!(!allows(equals(&[("a", "1")]), Decrypt, &[("a", "1"), ("b", "2")]));
        assert!(allows(equals(&[("a", "1")]), DescribeKey, &[]), "no context there");
    }

    #[test]
    fn a_source_has_to_be_the_one_that_is_said() {
        let arn = "arn:aws:ssm:eu-west-1:111122223333:parameter/a";
        let constraints =
            Constraints { source_arn: Some(arn.to_owned()), ..Constraints::default() };
        let grant = grant(&[GrantOperation::Decrypt], constraints);
        let operation = GrantOperation::Decrypt;
        for (source_arn, allows) in [(Some(arn), true), (Some("arn:aws:x"), false), (None, false)] {
            assert_eq!(grant.allows(&Asked { operation, context: None, source_arn }), allows);
        }
    }

    #[test]
    fn what_is_passed_on_is_no_more_than_what_was_given() {
        use GrantOperation::{CreateGrant, Decrypt, Encrypt};
        let outer = grant(&[CreateGrant, Decrypt], subset(&[("a", "1")]));
        let wanted = |operations: &[GrantOperation], constraints: &Constraints| {
            outer.may_pass_on(&operations.iter().copied().collect::<BTreeSet<_>>(), constraints)
        };
        assert!(wanted(&[Decrypt], &subset(&[("a", "1"), ("b", "2")])));
        assert!(wanted(&[Decrypt, CreateGrant], &equals(&[("a", "1")])));
        assert!(!wanted(&[Encrypt], &equals(&[("a", "1")])));
        assert!(!wanted(&[Decrypt], &Constraints::default()));
        assert!(!wanted(&[Decrypt], &subset(&[("b", "2")])));
        let strict = grant(&[CreateGrant, Decrypt], equals(&[("a", "1")]));
        let decrypt = BTreeSet::from([Decrypt]);
        assert!(strict.may_pass_on(&decrypt, &equals(&[("a", "1")])));
        assert!(!strict.may_pass_on(&decrypt, &subset(&[("a", "1")])));
        assert!(
            !grant(&[Decrypt], Constraints::default())
                .may_pass_on(&decrypt, &Constraints::default())
        );
    }

    #[test]
    fn a_grant_is_retired_by_those_it_names_and_by_its_account() {
        let may = |operations: &[GrantOperation], name: &str| {
            grant(operations, Constraints::default()).may_be_retired_by(&[name])
        };
        assert!(may(&[GrantOperation::Decrypt], RETIRING));
        assert!(!may(&[GrantOperation::Decrypt], GRANTEE));
        assert!(may(&[GrantOperation::RetireGrant], GRANTEE));
        assert!(may(&[GrantOperation::Decrypt], "arn:aws:iam::000000000000:root"));
        assert!(!may(&[GrantOperation::RetireGrant], "arn:aws:iam::111122223333:user/other"));
    }
}
