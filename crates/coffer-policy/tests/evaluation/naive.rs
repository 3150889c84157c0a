//! A second evaluator, written straight from the documentation: it interprets JSON, allocates as
//! it likes and shares nothing with the compiled one.

use std::net::IpAddr;

use coffer_model::Timestamp;
use coffer_policy::{Outcome, PolicyType, ResourceKind};
use serde_json::Value;

use super::world::{
    Case, FEDERATED, HOME, Keys, PROVIDER, ROLE, ROLE_ID, ROOT, SERVICE, SESSION, SESSION_ID, USER,
    USER_ID, Who,
};

/// What becomes of a request.
pub(crate) fn decide(case: &Case) -> Outcome {
    let resource_type = match case.of_resource {
        Some((ResourceKind::RoleTrust, _)) => PolicyType::RoleTrust,
        _ => PolicyType::Resource,
    };
    let of_resource: Vec<Value> =
        case.of_resource.as_ref().map(|(_, all)| all.clone()).unwrap_or_default();
    let bound = case.who != Who::LinkedRole && has_account(case.who);
    let controlled: Vec<Vec<Value>> = if bound { case.service_control.clone() } else { Vec::new() };
    for (policy_type, documents) in [
        (PolicyType::ServiceControl, controlled.concat()),
        (PolicyType::ResourceControl, case.resource_control.concat()),
        (resource_type, of_resource.clone()),
        (PolicyType::Identity, case.identity.clone()),
        (PolicyType::Boundary, case.boundary.iter().cloned().collect()),
        (PolicyType::Session, case.session.clone().unwrap_or_default()),
    ] {
        if documents.iter().any(|document| says(document, "Deny", case) > 0) {
            return Outcome::ExplicitlyDenied(policy_type);
        }
    }
    let allows = |documents: &[Value]| {
        documents.iter().map(|document| says(document, "Allow", case)).max().unwrap_or(0)
    };
    let denied = Outcome::ImplicitlyDenied;
    if case.resource_control.iter().any(|level| allows(level) == 0) {
        return denied(PolicyType::ResourceControl);
    }
    if controlled.iter().any(|level| allows(level) == 0) {
        return denied(PolicyType::ServiceControl);
    }
    let kind = case.of_resource.as_ref().map(|(kind, _)| *kind);
    if case.grant && kind == Some(ResourceKind::KmsKey) {
        return Outcome::Allowed;
    }
    let granted = allows(&of_resource);
    if !has_account(case.who) {
        return if granted > 0 { Outcome::Allowed } else { denied(resource_type) };
    }
    let may = case.who == Who::Root || allows(&case.identity) > 0;
    let within_boundary =
        case.boundary.as_ref().is_none_or(|boundary| allows(std::slice::from_ref(boundary)) > 0);
    let within_session = case.session.as_ref().is_none_or(|session| allows(session) > 0);
    let lacking = if !may {
        Some(PolicyType::Identity)
    } else if !within_boundary {
        Some(PolicyType::Boundary)
    } else if !within_session {
        Some(PolicyType::Session)
    } else {
        None
    };
    let is_away = case.owner.as_ref().is_some_and(|owner| owner != HOME);
    let sides = Sides { lacking, within_boundary, within_session, granted, resource_type };
    if is_away { across_accounts(&sides) } else { within_account(&sides, kind) }
}

/// What both sides of a request say.
struct Sides {
    lacking: Option<PolicyType>,
    within_boundary: bool,
    within_session: bool,
    granted: u8,
    resource_type: PolicyType,
}

fn across_accounts(sides: &Sides) -> Outcome {
    match (sides.lacking, sides.granted) {
        (Some(lacking), _) => Outcome::ImplicitlyDenied(lacking),
        (None, 0) => Outcome::ImplicitlyDenied(sides.resource_type),
        (None, _) => Outcome::Allowed,
    }
}

fn within_account(sides: &Sides, kind: Option<ResourceKind>) -> Outcome {
    let denied = Outcome::ImplicitlyDenied;
    let must_be_granted = matches!(kind, Some(ResourceKind::KmsKey | ResourceKind::RoleTrust));
    match sides.granted {
        DIRECTLY => Outcome::Allowed,
        BY_WHO_IS_BEHIND if !sides.within_boundary => denied(PolicyType::Boundary),
        BY_WHO_IS_BEHIND if !sides.within_session => denied(PolicyType::Session),
        BY_WHO_IS_BEHIND => Outcome::Allowed,
        0 if must_be_granted => denied(sides.resource_type),
        _ => sides.lacking.map_or(Outcome::Allowed, denied),
    }
}

const BY_ACCOUNT: u8 = 1;
const BY_WHO_IS_BEHIND: u8 = 2;
const DIRECTLY: u8 = 3;

fn has_account(who: Who) -> bool {
    !matches!(who, Who::Token | Who::Service | Who::Anonymous)
}

/// How closely the statements of an effect in a document are about a request; 0 is not at all.
fn says(document: &Value, effect: &str, case: &Case) -> u8 {
    let has_variables = document["Version"] == "2012-10-17";
    let statements = match &document["Statement"] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    let about = |statement: &Value| {
        let matches = statement["Effect"] == effect
            && is_action(statement, &case.action)
            && is_resource(statement, case, has_variables)
            && are_conditions(statement, case, has_variables);
        if matches { whom(statement, case) } else { 0 }
    };
    statements.iter().map(about).max().unwrap_or(0)
}

fn list(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Array(all) => all.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

fn is_action(statement: &Value, action: &str) -> bool {
    let is_any = |patterns: &Value| {
        list(patterns).iter().any(|pattern| {
            like(&pieces(&pattern.to_lowercase(), true, None).unwrap(), &action.to_lowercase())
        })
    };
    match statement.get("Action") {
        Some(actions) => is_any(actions),
        None => !is_any(&statement["NotAction"]),
    }
}

fn is_resource(statement: &Value, case: &Case, has_variables: bool) -> bool {
    let keys = has_variables.then_some(&case.keys);
    if let Some(resources) = statement.get("Resource") {
        return list(resources).iter().any(|pattern| {
            pieces(pattern, true, keys).is_some_and(|pattern| like(&pattern, &case.resource))
        });
    }
    let Some(resources) = statement.get("NotResource") else { return true };
    // One that cannot be resolved makes the statement invalid, unless another has excepted already.
    list(resources).iter().all(|pattern| {
        pieces(pattern, true, keys).is_some_and(|pattern| !like(&pattern, &case.resource))
    })
}

fn names(principal: &Value) -> Vec<(String, String)> {
    match principal {
        Value::String(text) => vec![("AWS".to_owned(), text.clone())],
        Value::Object(kinds) => kinds
            .iter()
            .flat_map(|(kind, names)| list(names).into_iter().map(|name| (kind.clone(), name)))
            .collect(),
        other => panic!("{other}"),
    }
}

fn whom(statement: &Value, case: &Case) -> u8 {
    if let Some(principal) = statement.get("Principal") {
        let names = names(principal);
        return names.iter().map(|(kind, name)| closeness(kind, name, case.who)).max().unwrap_or(0);
    }
    let Some(principal) = statement.get("NotPrincipal") else { return DIRECTLY };
    let names = names(principal);
    let is_there =
        |wanted: u8| names.iter().any(|(kind, name)| closeness(kind, name, case.who) == wanted);
    let is_everybody = names.iter().any(|(kind, name)| kind == "AWS" && name == "*");
    let is_named = is_there(DIRECTLY) || is_there(BY_WHO_IS_BEHIND);
    let is_spared = match case.who {
        Who::Root => is_there(BY_ACCOUNT),
        who if has_account(who) => is_named && is_there(BY_ACCOUNT),
        _ => is_named,
    };
    if case.boundary.is_none() && (is_everybody || is_spared) { 0 } else { DIRECTLY }
}

fn closeness(kind: &str, name: &str, who: Who) -> u8 {
    let (itself, behind): (&[&str], &[&str]) = match who {
        Who::Root => (&[], &[]),
        Who::User => (&[USER, USER_ID], &[]),
        Who::Role => (&[SESSION, SESSION_ID], &[ROLE, ROLE_ID]),
        Who::LinkedRole => (&[], &[]),
        Who::Federated => (&[FEDERATED], &[USER, USER_ID]),
        Who::Token => (&[PROVIDER], &[]),
        Who::Service => (&[SERVICE], &[]),
        Who::Anonymous => (&[], &[]),
    };
    let is_kind = match who {
        Who::Token => kind == "Federated",
        Who::Service => kind == "Service",
        _ => kind == "AWS",
    };
    if (kind == "AWS" && name == "*") || (is_kind && itself.contains(&name)) {
        DIRECTLY
    } else if is_kind && behind.contains(&name) {
        BY_WHO_IS_BEHIND
    } else if has_account(who) && kind == "AWS" && (name == HOME || name == ROOT) {
        BY_ACCOUNT
    } else {
        0
    }
}

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece {
    Letter(char),
    One,
    Many,
}

/// A text as pieces, its variables filled in where there are keys for them; nothing where one of
/// them is not known.
fn pieces(text: &str, has_wildcards: bool, keys: Option<&Keys>) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let letters: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < letters.len() {
        let rest: String = letters[at..].iter().collect();
        let variable = keys.and_then(|keys| Some((keys, inside_of(rest.strip_prefix("${")?)?)));
        if let Some((keys, inside)) = variable {
            at += inside.chars().count() + "${}".len();
            let value = match (inside, name_of(inside)) {
                ("*" | "?" | "$", _) => inside.to_owned(),
                (_, Some((name, default))) => match keys.0.get(&name.to_ascii_lowercase()) {
                    Some(Value::Array(values)) if !values.is_empty() => return None,
                    Some(Value::Array(_)) | None => default?.to_owned(),
                    Some(value) => list(value)[0].clone(),
                },
                (_, None) => {
                    let text = format!("${{{inside}}}");
                    pieces.extend(text.chars().map(|letter| piece(letter, has_wildcards)));
                    continue;
                }
            };
            pieces.extend(value.chars().map(Piece::Letter));
            continue;
        }
        pieces.push(piece(letters[at], has_wildcards));
        at += 1;
    }
    Some(pieces)
}

fn piece(letter: char, has_wildcards: bool) -> Piece {
    match letter {
        '*' if has_wildcards => Piece::Many,
        '?' if has_wildcards => Piece::One,
        letter => Piece::Letter(letter),
    }
}

/// What is between the braces of a variable, behind its opening; a default in quotes may have a brace.
fn inside_of(opened: &str) -> Option<&str> {
    let (before, _) = opened.split_once('}')?;
    let Some((key, _)) = before.split_once('\'') else { return Some(before) };
    let (_, behind) = opened.split_once('\'')?;
    let quoted = behind.split_once('\'').map_or(0, |(quoted, _)| quoted.len() + 1);
    let from = key.len() + 1 + quoted;
    let (more, _) = opened.get(from..)?.split_once('}')?;
    opened.get(..from + more.len())
}

/// The key of a variable and its default; nothing for what is text in spite of its braces.
fn name_of(inside: &str) -> Option<(&str, Option<&str>)> {
    let (name, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((name, default)) => {
            (name, Some(default.trim().strip_prefix('\'')?.strip_suffix('\'')?))
        }
    };
    let name = name.trim();
    let is_key = !name.is_empty() && !name.contains(['*', '?', '$', '{', '\'']);
    is_key.then_some((name, default))
}

/// Whether a text is like a pattern, by a table of which beginnings are.
fn like(pattern: &[Piece], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for piece in pattern {
        let mut next = vec![false; text.len() + 1];
        for end in 0..=text.len() {
            next[end] = match piece {
                Piece::Many => row[end] || (end > 0 && next[end - 1]),
                Piece::One => end > 0 && row[end - 1],
                Piece::Letter(letter) => end > 0 && row[end - 1] && text[end - 1] == *letter,
            };
        }
        row = next;
    }
    row[text.len()]
}

fn are_conditions(statement: &Value, case: &Case, has_variables: bool) -> bool {
    let Some(operators) = statement.get("Condition") else { return true };
    operators.as_object().unwrap().iter().all(|(operator, keys)| {
        keys.as_object().unwrap().iter().all(|(key, wanted)| {
            is_condition(operator, key, &list(wanted), &case.keys, has_variables)
        })
    })
}

fn is_condition(
    operator: &str,
    key: &str,
    wanted: &[String],
    keys: &Keys,
    has_variables: bool,
) -> bool {
    let present = keys.0.get(&key.to_lowercase()).map(list).unwrap_or_default();
    if operator == "Null" {
        return wanted.iter().any(|value| *value == present.is_empty().to_string());
    }
    let (set, name) = operator.split_once(':').unwrap_or(("", operator));
    let is_if_exists = name.ends_with("IfExists");
    let name = name.trim_end_matches("IfExists");
    let is_negated = name.contains("Not");
    let name = name.replacen("Not", "", 1);
    if present.is_empty() {
        return match set {
            "ForAllValues" => true,
            "ForAnyValue" => false,
            _ => is_negated || is_if_exists,
        };
    }
    let variables = has_variables.then_some(keys);
    let is_any_wanted =
        |value: &String| wanted.iter().any(|wanted| is_one(&name, wanted, value, variables));
    match set {
        "ForAllValues" => {
            present == [""] || present.iter().all(|value| is_any_wanted(value) != is_negated)
        }
        "ForAnyValue" => {
            present != [""] && present.iter().any(|value| is_any_wanted(value) != is_negated)
        }
        _ => present.iter().any(is_any_wanted) != is_negated,
    }
}

fn is_one(name: &str, wanted: &str, value: &str, keys: Option<&Keys>) -> bool {
    let is_like = |has_wildcards: bool, wanted: &str, value: &str| {
        pieces(wanted, has_wildcards, keys).is_some_and(|pattern| like(&pattern, value))
    };
    match name {
        "StringEquals" => is_like(false, wanted, value),
        "StringEqualsIgnoreCase" => pieces(wanted, false, keys).is_some_and(|pattern| {
            let text: String = pattern
                .iter()
                .map(|piece| if let Piece::Letter(letter) = piece { *letter } else { '*' })
                .collect();
            text.to_lowercase() == value.to_lowercase()
        }),
        "StringLike" => is_like(true, wanted, value),
        "ArnEquals" | "ArnLike" => {
            let (wanted, value): (Vec<&str>, Vec<&str>) =
                (wanted.splitn(6, ':').collect(), value.splitn(6, ':').collect());
            wanted.len() == 6
                && value.len() == 6
                && wanted.iter().zip(value).all(|(wanted, value)| is_like(true, wanted, value))
        }
        "Bool" => {
            let (wanted, value) = (wanted.to_lowercase(), value.to_lowercase());
            wanted == value && (value == "true" || value == "false")
        }
        "BinaryEquals" => wanted == value,
        "IpAddress" => is_in(wanted, value),
        _ => match name.split_at(name.find(['E', 'L', 'G']).unwrap()) {
            ("Numeric", how) => compare(how, wanted.parse::<f64>().ok(), value.parse().ok()),
            ("Date", how) => compare(how, seconds(wanted), seconds(value)),
            other => panic!("{other:?}"),
        },
    }
}

fn compare(how: &str, wanted: Option<f64>, value: Option<f64>) -> bool {
    let (Some(wanted), Some(value)) = (wanted, value) else { return false };
    match how {
        "Equals" => value == wanted,
        "LessThan" => value < wanted,
        "LessThanEquals" => value <= wanted,
        "GreaterThan" => value > wanted,
        "GreaterThanEquals" => value >= wanted,
        other => panic!("{other}"),
    }
}

fn seconds(text: &str) -> Option<f64> {
    let whole = if text.len() == 10 && text.contains('-') {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    let instant = whole.parse::<Timestamp>().map(|instant| instant.as_millis() as f64 / 1000.0);
    instant.ok().or_else(|| text.parse().ok())
}

fn is_in(network: &str, address: &str) -> bool {
    let bits = |text: &str| -> Option<String> {
        Some(match text.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => format!("4{:032b}", u32::from(address)),
            IpAddr::V6(address) => format!("6{:0128b}", u128::from(address)),
        })
    };
    let (network, length) = network.split_once('/').unwrap_or((network, "128"));
    let (Some(network), Some(address)) = (bits(network), bits(address)) else { return false };
    let length = length.parse::<usize>().unwrap() + 1;
    let start = |text: &str| text.chars().take(length).collect::<String>();
    start(&network) == start(&address)
}
