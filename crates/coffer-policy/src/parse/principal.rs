//! Principals of statements.

use coffer_model::{AccountId, Arn};

use crate::grammar::{Flaw, Grammar, MalformedPolicy};
use crate::json::Node;
use crate::principal::{PrincipalEntry, Principals};

/// Reads a principal: `*`, or lists of names by kind.
pub(super) fn read(
    node: &Node,
    are_excepted: bool,
    grammar: Grammar,
) -> Result<Principals, MalformedPolicy> {
    let kinds = match node {
        // AWS: everybody is written `{"AWS": "*"}` in a trust policy (observed: aws/aws-cdk#5746).
        Node::Text(text) if text == "*" && grammar == Grammar::Trust => {
            let message = "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".";
            return Err(refusal(message));
        }
        Node::Text(text) if text == "*" => {
            return Ok(Principals { are_excepted, entries: [PrincipalEntry::Everyone].into() });
        }
        Node::Text(_) => return Err(refusal("Principal must be a JSON object.")),
        Node::Members(kinds) => kinds,
        _ => return Err(MalformedPolicy::syntax()),
    };
    let mut entries = Vec::new();
    for (kind, names) in kinds {
        for name in names.texts().ok_or_else(MalformedPolicy::syntax)? {
            entries.push(entry(kind, name, grammar)?);
        }
    }
    if entries.is_empty() {
        return Err(refusal("Missing required field Principal cannot be empty!"));
    }
    Ok(Principals { are_excepted, entries: entries.into() })
}

fn entry(kind: &str, name: &str, grammar: Grammar) -> Result<PrincipalEntry, MalformedPolicy> {
    if grammar == Grammar::Trust {
        can_be_trusted(kind, name)?;
    }
    let entry = match kind {
        "AWS" => aws(name),
        "Service" if is_service(name) => Some(PrincipalEntry::Service(name.into())),
        "Federated" if !name.is_empty() => Some(PrincipalEntry::Federated(name.into())),
        "CanonicalUser" if !name.is_empty() => Some(PrincipalEntry::CanonicalUser(name.into())),
        _ => None,
    };
    entry.ok_or_else(|| invalid(kind, name))
}

/// Refuses whom a role cannot trust, since nobody of the kind and name can ever ask for it.
fn can_be_trusted(kind: &str, name: &str) -> Result<(), MalformedPolicy> {
    match kind {
        "Federated" if !is_domain(name) && !is_provider(name) => {
            // Observed: terraform-aws-modules/terraform-aws-eks#2594 and others, whose providers'
            // ARNs were cut short or empty.
            let message = "Federated principals must be valid domain names or SAML metadata ARNs";
            Err(refusal(message))
        }
        "Service" if name == "*" => Err(invalid(kind, name)),
        "CanonicalUser" => Err(invalid(kind, name)),
        _ => Ok(()),
    }
}

fn aws(name: &str) -> Option<PrincipalEntry> {
    if name == "*" {
        return Some(PrincipalEntry::Everyone);
    }
    if let Ok(account) = name.parse::<AccountId>() {
        return Some(PrincipalEntry::Account(account));
    }
    if is_unique_id(name) {
        return Some(PrincipalEntry::Id(name.into()));
    }
    let arn = name.parse::<Arn>().ok()?;
    let account = arn.account?;
    let is_of = |kinds: &[&str]| {
        let named =
            |kind: &&str| arn.resource.strip_prefix(kind).is_some_and(|name| !name.is_empty());
        kinds.iter().any(named) && !name.contains(['*', '?'])
    };
    match arn.service.as_str() {
        "iam" if arn.resource == "root" && arn.partition == "aws" => {
            Some(PrincipalEntry::Account(account))
        }
        // An account of another partition is another one: nobody here has its ARN.
        "iam" if arn.resource == "root" => Some(PrincipalEntry::Arn(name.into())),
        "iam" if is_of(&["user/", "role/"]) => Some(PrincipalEntry::Arn(name.into())),
        "sts" if is_of(&["assumed-role/", "federated-user/"]) => {
            Some(PrincipalEntry::Arn(name.into()))
        }
        _ => None,
    }
}

/// What IAM puts in the place of a principal that was deleted.
fn is_unique_id(name: &str) -> bool {
    ["AIDA", "AROA"].iter().any(|start| name.starts_with(start))
        && UNIQUE_ID_LENGTHS.contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_service(name: &str) -> bool {
    name == "*"
        || (name.contains('.') && !name.contains(|c: char| c.is_whitespace() || "*?:/".contains(c)))
}

/// Whether a text is the name of a host, as that of a provider whom AWS knows without being told:
/// `accounts.google.com`.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= DOMAIN_BYTES_MAX && name.contains('.') && name.split('.').all(is_label)
}

/// Whether a text is the ARN of an identity provider of an account.
fn is_provider(name: &str) -> bool {
    let Ok(arn) = name.parse::<Arn>() else { return false };
    let names = |kind: &&str| arn.resource.strip_prefix(kind).is_some_and(|rest| !rest.is_empty());
    arn.service == "iam"
        && arn.region.is_none()
        && arn.account.is_some()
        && ["oidc-provider/", "saml-provider/"].iter().any(names)
        && !name.contains(['*', '?'])
}

fn invalid(kind: &str, name: &str) -> MalformedPolicy {
    let kind = if kind == "AWS" { kind.to_owned() } else { kind.to_ascii_uppercase() };
    refusal(format!("Invalid principal in policy: \"{kind}\":\"{name}\""))
}

fn refusal(message: impl Into<std::borrow::Cow<'static, str>>) -> MalformedPolicy {
    MalformedPolicy::new(Flaw::Principal, message)
}

/// AWS: IAM's model has ids of 16 to 128 characters.
const UNIQUE_ID_LENGTHS: std::ops::RangeInclusive<usize> = 16..=128;
/// Of a host's name and of its labels (RFC 1035).
const DOMAIN_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
