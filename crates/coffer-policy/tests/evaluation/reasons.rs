//! What a decision rests on.

use coffer_policy::{Place, PolicyType};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::random::case;
use super::world::{Case, HOME, ROLE, USER, Who, allow, allow_to, aws};

#[test]
fn reasons_are_the_statements_that_the_outcome_rests_on() {
    use PolicyType::{Boundary, Identity, Resource};
    let told = |case: Case, wanted: &[PolicyType]| {
        assert!(case.decide().is_allowed(), "{case:#?}");
        let kinds: Vec<_> = case.reasons().into_iter().map(|place| place.policy_type).collect();
        assert_eq!(kinds, wanted, "{case:#?}");
    };
    let key = |who, names: &[&str]| {
        let statements: Vec<_> = names.iter().map(|name| allow_to(aws(name))).collect();
        Case::of(who).of_key(Value::Array(statements)).identity(allow())
    };
    // What is not let by the key's policy gives nothing.
    told(key(Who::User, &[USER]), &[Resource]);
    told(key(Who::User, &[HOME]), &[Resource, Identity]);
    told(key(Who::User, &[USER, HOME]), &[Resource, Resource, Identity]);
    let mut without = key(Who::User, &[USER, HOME]);
    without.identity.clear();
    told(without, &[Resource]);
    let granted = |mut case: Case| {
        case.grant = true;
        case
    };
    told(granted(key(Who::User, &[ROLE])), &[]);
    told(granted(key(Who::User, &[HOME])), &[]);
    // A boundary allows nothing beside what is given directly.
    told(key(Who::User, &[USER]).boundary(allow()), &[Resource]);
    told(key(Who::Role, &[ROLE]).boundary(allow()), &[Resource, Boundary]);
    let parameter = |name| Case::of(Who::User).of_resource(allow_to(aws(name))).identity(allow());
    told(parameter(USER), &[Resource, Identity]);
    told(parameter(HOME), &[Identity]);
    told(parameter(HOME).away(), &[Resource, Identity]);
}

/// A statement is a reason just where there are others beside which it makes the difference.
#[test]
fn reasons_are_what_can_make_the_difference_and_nothing_else() {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&case(), |case| {
            let deciding = case.deciding();
            let can_go = |place: &Place| place.policy_type != PolicyType::ResourceControl;
            let all: Vec<_> = deciding.into_iter().filter(can_go).collect();
            // The root of an account needs no statement at all.
            let is_in_need = case.who != Who::Root && case.decide().is_allowed();
            if !is_in_need || all.len() > STATEMENTS_MAX {
                return Ok(());
            }
            let reasons = case.reasons();
            for (at, place) in all.iter().enumerate() {
                prop_assert_eq!(reasons.contains(place), can_tell(&case, &all, at), "{:?}", place);
            }
            Ok(())
        })
        .unwrap();
}

/// Whether a statement makes the difference beside some of the others.
fn can_tell(case: &Case, all: &[Place], at: usize) -> bool {
    (0..1_usize << all.len()).any(|others| {
        let allowed_with = |kept: usize| {
            let gone = all.iter().enumerate().filter(|(each, _)| kept & (1 << each) == 0);
            without(case, gone.map(|(_, place)| *place)).decide().is_allowed()
        };
        let own = 1 << at;
        others & own == 0 && allowed_with(others | own) && !allowed_with(others)
    })
}

/// The same with some allowing statements that are about something else.
fn without(case: &Case, places: impl Iterator<Item = Place>) -> Case {
    let mut case = case.clone();
    for Place { policy_type, level, policy, statement } in places {
        let documents = match policy_type {
            PolicyType::ServiceControl => case.service_control.get_mut(level),
            PolicyType::Identity => Some(&mut case.identity),
            PolicyType::Session => case.session.as_mut(),
            PolicyType::Resource | PolicyType::RoleTrust => {
                case.of_resource.as_mut().map(|(_, documents)| documents)
            }
            _ => None,
        };
        let document = match documents {
            Some(documents) => documents.get_mut(policy),
            None => case.boundary.as_mut(),
        };
        let found = document.and_then(|document| document.get_mut("Statement")?.get_mut(statement));
        let members = found.and_then(Value::as_object_mut).unwrap();
        members.remove("NotAction");
        members.insert("Action".to_owned(), json!("sts:TagSession"));
    }
    case
}

const CASES: u32 = 2000;
const STATEMENTS_MAX: usize = 6;
