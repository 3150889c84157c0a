//! The authorisation matrix: who may do what with which resource, and what kind of policy decides,
//! as a file that is reviewed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use coffer_model::Arn;
use coffer_pipeline::road::Route;
use coffer_pipeline::{Foreseen, Outcome};
use coffer_policy::PolicyType;
use coffer_protocol::Fault;
use coffer_services::SERVICES;
use serde_json::Value;

use crate::estate::Estate;
use crate::input::input;
use crate::personas::{OWNER, Persona};
use crate::travelled;

#[tokio::test]
async fn who_may_do_what_is_as_the_reviewed_file_says() {
    let estate = Estate::build().await;
    let mut text = legend(&estate);
    for service in SERVICES {
        write!(text, "\n{:<LABEL$}", format!("== {}", service.name)).unwrap();
        for persona in &estate.personas {
            write!(text, "{:<COLUMN$}", persona.name).unwrap();
        }
        trim(&mut text);
        let mut operations: Vec<_> = service.operations.iter().collect();
        operations.sort_by_key(|entry| entry.name);
        for entry in operations {
            let route = estate.port.route(service.name, entry.name);
            operation(&estate, &route, &mut text).await;
        }
    }
    text.push_str(&travelled::section().await);
    is_blessed("authorization.out", &text);
}

fn legend(estate: &Estate) -> String {
    let mut text = LEGEND.to_owned();
    for persona in &estate.personas {
        let Persona { name, about, account, .. } = persona;
        writeln!(text, "  {name:<6} {account}  {about}").unwrap();
    }
    text
}

/// One operation: a line for what policies cover and one for what they do not, where its input
/// names anything, and the permissions that it needs.
async fn operation(estate: &Estate, route: &Route, text: &mut String) {
    let (covered, other) = inputs(estate, route);
    let mut needs = Vec::new();
    let mut faults: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let rows: &[(&str, &Value)] = match covered == other {
        true => &[("", &covered)],
        false => &[("app", &covered), ("other", &other)],
    };
    for (count, (which, input)) in rows.iter().enumerate() {
        let name = if count == 0 { route.entry.name } else { "" };
        let (name, label) = match name.len() + which.len() + 2 > LABEL {
            true => (format!("{name}\n"), format!("{which:>0$}", LABEL - 1)),
            false => (String::new(), format!("{name:<0$}{which}", LABEL - which.len() - 1)),
        };
        write!(text, "{name}{label} ").unwrap();
        for persona in &estate.personas {
            let request = estate.port.request(&persona.credentials, route, input);
            let foreseen = estate.port.road.foresee(Box::new(request)).await;
            match &foreseen {
                // No root may assume a role, so it is not always the root that it can be read off.
                Ok(foreseen) if needs.is_empty() => needs = needed(estate, foreseen),
                Ok(_) => {}
                Err(fault) => {
                    let names = faults.entry(told(estate, fault)).or_default();
                    if !names.contains(&persona.name) {
                        names.push(persona.name);
                    }
                }
            }
            write!(text, "{:<COLUMN$}", mark(persona, &foreseen)).unwrap();
        }
        trim(text);
    }
    for need in needs {
        writeln!(text, "    needs {need}").unwrap();
    }
    for (fault, personas) in faults {
        writeln!(text, "    ! {fault}: {}", personas.join(" ")).unwrap();
    }
}

/// An operation's input for what policies cover, and for what they do not.
pub(crate) fn inputs(estate: &Estate, route: &Route) -> (Value, Value) {
    let service = route.service.name;
    let none = || panic!("there are no examples for {service}: they belong into estate.rs");
    let covered = estate.covered.get(service).unwrap_or_else(none);
    let other = estate.other.get(service).unwrap_or_else(none);
    (input(route, covered), input(route, other))
}

fn needed(estate: &Estate, foreseen: &[Foreseen]) -> Vec<String> {
    let one = |it: &Foreseen| format!("{} on {}", it.action, named(estate, &it.resource));
    foreseen.iter().map(one).collect()
}

/// A fault without what differs from caller to caller.
pub(crate) fn told(estate: &Estate, fault: &Fault) -> String {
    let message = match fault.message.split_once(" is not authorized") {
        Some((caller, rest)) if caller.starts_with("User: ") => {
            format!("User: CALLER is not authorized{rest}")
        }
        _ => fault.message.clone(),
    };
    named(estate, &format!("{} {message}", fault.code))
}

/// A text with names in place of what chance made.
pub(crate) fn named(estate: &Estate, text: &str) -> String {
    let mut text = text.to_owned();
    for (id, name) in &estate.names {
        text = text.replace(id, name);
    }
    // A secret that is to be made gets another end each time.
    hide(&mut text, "/new-", "??????");
    hide(&mut text, "Request ID: ", "????????-????-????-????-????????????");
    text
}

/// Puts `hidden` in the place of what stands after `mark`.
fn hide(text: &mut String, mark: &str, hidden: &str) {
    if let Some(at) = text.rfind(mark).map(|at| at + mark.len())
        && text.len() >= at + hidden.len()
    {
        text.replace_range(at..at + hidden.len(), hidden);
    }
}

fn mark(persona: &Persona, foreseen: &Result<Vec<Foreseen>, Fault>) -> String {
    let Ok(foreseen) = foreseen else { return "!".to_owned() };
    let denied = foreseen.iter().map(|it| it.outcome).find(|it| *it != Outcome::Allowed);
    let mark = match denied {
        None if foreseen.is_empty() => '-',
        None | Some(Outcome::Allowed) => '+',
        Some(Outcome::ImplicitlyDenied(PolicyType::Identity)) => '.',
        Some(Outcome::ImplicitlyDenied(kind)) => letter(kind),
        Some(Outcome::ExplicitlyDenied(kind)) => letter(kind).to_ascii_uppercase(),
    };
    let is_own = |it: &Foreseen| {
        let owner = Arn::owner_of(&it.resource).ok().flatten();
        owner.is_none_or(|owner| owner.as_str() == persona.account)
    };
    match persona.account != OWNER && foreseen.iter().all(is_own) {
        true => format!("({mark})"),
        false => mark.to_string(),
    }
}

fn letter(kind: PolicyType) -> char {
    match kind {
        PolicyType::Identity => 'i',
        PolicyType::Boundary => 'b',
        PolicyType::Session => 's',
        PolicyType::Resource => 'r',
        PolicyType::RoleTrust => 't',
        PolicyType::ServiceControl => 'c',
        PolicyType::ResourceControl => 'o',
    }
}

fn trim(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// Compares with the file, or writes it where that is asked for: `cargo xtask bless`.
fn is_blessed(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output").join(file);
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test says so, not a setting")]
    let is_to_be_written = std::env::var_os("COFFER_BLESS").is_some();
    if is_to_be_written {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let blessed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = |(_, (ours, theirs)): &(usize, (&str, &str))| ours != theirs;
    let all = text.lines().zip(blessed.lines().chain(std::iter::repeat("")));
    if let Some((line, (ours, theirs))) = (1..).zip(all).find(differs) {
        panic!(
            "{file}:{line} says\n{theirs}\nand it is\n{ours}\n`cargo xtask bless` writes the file \
             anew; the difference is what to review"
        );
    }
    assert_eq!(text.lines().count(), blessed.lines().count(), "{file} says more than there is");
}

const LABEL: usize = 46;
const COLUMN: usize = 6;
const LEGEND: &str = "\
# Who may do what. Written by `cargo xtask bless`; a difference is to be reviewed, not only blessed.
#
# A line is an operation on a resource: `app` is what the policies of the personas cover, `other` is
# what they do not. What an operation needs stands below, as the account's root would need it.
#
#   +  allowed             -  needs no permission
#   .  not allowed by any identity-based policy
#   b  not allowed by the permissions boundary        B  denied there
#   s  not allowed by the session policy              S  denied there
#   r  not allowed by the resource or key policy      R  denied there
#   t  not allowed by the role's trust policy         T  denied there
#   c  not allowed by a service control policy        C  denied there
#   I  denied by an identity-based policy
#   !  refused before a policy was asked, as said below
#   () the same words mean something of the caller's own account, which is another one
#
";
