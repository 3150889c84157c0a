//! What IAM asks of identity-based policies, in the order in which it looks.

use super::draft::{Draft, DraftStatement, VERSION_NEW};
use crate::condition::Kind;
use crate::date;
use crate::grammar::{Flaw, MalformedPolicy};

/// Refuses what IAM refuses of a policy of a user, group or role.
pub(super) fn check(draft: &Draft<'_>) -> Result<(), MalformedPolicy> {
    if draft.version != Some(VERSION_NEW) {
        let message = "Policy document must be version 2012-10-17 or greater.";
        return Err(MalformedPolicy::new(Flaw::Version, message));
    }
    if draft.statements.iter().any(|statement| statement.principal.is_some()) {
        let message = "Policy document should not specify a principal.";
        return Err(MalformedPolicy::new(Flaw::Principal, message));
    }
    if !draft.statements.iter().all(|statement| is_effect(statement) && are_dates_read(statement)) {
        return Err(legacy());
    }
    let resources = resources(draft)?;
    check_sids(draft)?;
    if !draft.statements.iter().all(|statement| is_filled(statement.actions.as_ref())) {
        return Err(MalformedPolicy::new(Flaw::Action, "Policy statement must contain actions."));
    }
    if let Some(refusal) = resources {
        return Err(refusal);
    }
    check_actions(draft)?;
    if !draft.statements.iter().all(|statement| is_filled(statement.resources.as_ref())) {
        let message = "Policy statement must contain resources.";
        return Err(MalformedPolicy::new(Flaw::Resource, message));
    }
    Ok(())
}

/// Refuses actions that are none.
pub(super) fn check_actions(draft: &Draft<'_>) -> Result<(), MalformedPolicy> {
    let mut actions =
        draft.statements.iter().filter_map(|statement| statement.actions.as_ref()).flat_map(all);
    actions.try_for_each(|action| check_action(action))
}

fn check_action(action: &str) -> Result<(), MalformedPolicy> {
    let refuse = |message: String| Err(MalformedPolicy::new(Flaw::Action, message));
    let vendor = match action.split_once(':') {
        None if action == "*" => return Ok(()),
        None => {
            let message =
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
            return refuse(message.to_owned());
        }
        Some((_, name)) if name.contains(':') => {
            return refuse("Actions/Condition can contain only one colon.".to_owned());
        }
        Some((vendor, _)) => vendor,
    };
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if vendor == "*" || vendor.bytes().all(is_known) {
        Ok(())
    } else {
        refuse(format!("Vendor {vendor} is not valid"))
    }
}

fn check_sids(draft: &Draft<'_>) -> Result<(), MalformedPolicy> {
    if !super::are_sids_unique(draft) {
        let message = "Statement IDs (SID) in a single policy must be unique.";
        return Err(MalformedPolicy::new(Flaw::Sid, message));
    }
    let is_plain = |sid: &str| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if draft.statements.iter().filter_map(|statement| statement.sid).all(is_plain) {
        return Ok(());
    }
    let message = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the \
                   regular expression [0-9A-Za-z]*";
    Err(MalformedPolicy::new(Flaw::Sid, message))
}

/// The first resource that is none, unless a text before it cannot be an ARN at all.
fn resources(draft: &Draft<'_>) -> Result<Option<MalformedPolicy>, MalformedPolicy> {
    let mut resources =
        draft.statements.iter().filter_map(|statement| statement.resources.as_ref()).flat_map(all);
    // Nothing is looked at behind the first, and so nothing there can be the worse fault.
    resources
        .find_map(|resource| match resource_refusal(resource) {
            Some(refusal) => Some(Ok(refusal)),
            None if is_legacy(resource) => None,
            None => Some(Err(legacy())),
        })
        .transpose()
}

fn resource_refusal(resource: &str) -> Option<MalformedPolicy> {
    let refusal = |message: String| Some(MalformedPolicy::new(Flaw::Resource, message));
    if resource == "*" {
        return None;
    }
    let no_arn = || refusal(format!("Resource {resource} must be in ARN format or \"*\"."));
    let Some((scheme, rest)) = resource.split_once(':') else { return no_arn() };
    let (partition, rest) = match rest.split_once(':') {
        Some((partition, rest)) => (partition, Some(rest)),
        None => (rest, None),
    };
    if partition != "aws" && !partition.starts_with("aws-") && !partition.contains('*') {
        return refusal(bad_partition(partition, rest.unwrap_or_default()));
    }
    if scheme != "arn" {
        return no_arn();
    }
    let vendor = rest.map(|rest| rest.split_once(':').unwrap_or((rest, "")));
    let Some((vendor, rest)) = vendor.filter(|(vendor, _)| !vendor.contains(['*', '?'])) else {
        let message = "Resource vendor must be fully qualified and cannot contain regexes.";
        return refusal(message.to_owned());
    };
    match vendor {
        "iam" if !rest.starts_with(':') => {
            refusal(format!("IAM resource {resource} cannot contain region information."))
        }
        "s3" if !rest.starts_with(':') => {
            refusal(format!("Resource {resource} can not contain region information."))
        }
        "iam" if !is_iam_path(rest.splitn(3, ':').nth(2).unwrap_or_default()) => refusal(format!(
            "IAM resource path must either be \"*\" or start with {}.",
            IAM_PATHS.join(", ")
        )),
        _ => None,
    }
}

/// AWS fills up what is missing with asterisks before it complains.
fn bad_partition(partition: &str, rest: &str) -> String {
    let mut parts = rest.splitn(4, ':');
    let first = parts.next().unwrap_or_default();
    let others: Vec<&str> = parts.collect();
    let first = if first.is_empty() && others.is_empty() { "*" } else { first };
    let other = |at: usize| others.get(at).copied().unwrap_or("*");
    format!(
        "Partition \"{partition}\" is not valid for resource \
         \"arn:{partition}:{first}:{}:{}:{}\".",
        other(0),
        other(1),
        other(2)
    )
}

fn is_iam_path(path: &str) -> bool {
    let before_wildcard = path.split(['*', '?']).next().unwrap_or_default();
    let has_wildcard = before_wildcard.len() < path.len();
    IAM_PATHS.iter().any(|start| {
        path.starts_with(start) || (has_wildcard && start.starts_with(before_wildcard))
    })
}

/// Whether the oldest of IAM's parsers takes a resource.
fn is_legacy(resource: &str) -> bool {
    let mut parts = resource.split(':');
    let has_vendor = parts.nth(2).is_some_and(|vendor| !vendor.is_empty());
    let colons = resource.bytes().filter(|byte| *byte == b':').count();
    resource == "*" || (has_vendor && (colons >= 5 || !resource.contains("::")))
}

fn is_effect(statement: &DraftStatement<'_>) -> bool {
    matches!(statement.effect, Some("Allow" | "Deny"))
}

fn are_dates_read(statement: &DraftStatement<'_>) -> bool {
    statement.conditions.iter().all(|condition| {
        !matches!(condition.operator.kind, Kind::Date(_))
            || condition.values.iter().all(|value| date::millis(value).is_some())
    })
}

fn is_filled(list: Option<&(bool, Vec<&str>)>) -> bool {
    list.is_some_and(|(_, texts)| !texts.is_empty())
}

fn all<'a, 'b>(list: &'b (bool, Vec<&'a str>)) -> std::slice::Iter<'b, &'a str> {
    list.1.iter()
}

fn legacy() -> MalformedPolicy {
    MalformedPolicy::new(Flaw::Value, "The policy failed legacy parsing")
}

// AWS: as its sentence lists them.
const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];
