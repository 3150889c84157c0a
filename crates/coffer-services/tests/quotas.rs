//! AWS's quotas against the operations that are here: none is on an operation that is not, and none
//! is forgotten.

use std::collections::BTreeSet;

use coffer_model::Region;
use coffer_pipeline::RequestRate;
use coffer_services::{SERVICES, quotas};

#[test]
fn every_operation_has_a_quota_or_is_known_to_have_none() {
    let mut without = BTreeSet::new();
    let all = quotas::aws();
    for service in SERVICES {
        if SERVICES_WITHOUT.contains(&service.name) {
            assert!(all.iter().all(|quota| quota.service() != service.name), "{}", service.name);
            continue;
        }
        for entry in service.operations {
            let mut on_it = all.iter().filter(|quota| quota.service() == service.name);
            if !on_it.any(|quota| quota.operations().contains(&entry.name)) {
                without.insert(format!("{} {}", service.name, entry.name));
            }
        }
    }
    let known: BTreeSet<String> = WITHOUT.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(without, known);
}

#[test]
fn every_name_in_the_table_is_an_operation_and_counts_once_to_each_kind() {
    let mut seen = BTreeSet::new();
    for quota in quotas::aws() {
        let service = SERVICES.iter().find(|service| service.name == quota.service());
        let service = service.unwrap_or_else(|| panic!("no service {}", quota.service()));
        assert!(!quota.operations().is_empty(), "{quota:?}");
        for name in quota.operations() {
            let is_here = service.operations.iter().any(|entry| entry.name == *name);
            assert!(is_here, "{} has no {name}", service.name);
            assert!(seen.insert((service.name, *name, quota.kind())), "{name} twice");
        }
    }
    // Beside quotas of kinds there is none of every kind, which would count as well.
    for (service, name, kind) in &seen {
        let has_others = seen.iter().filter(|(s, n, _)| s == service && n == name).count() > 1;
        assert!(!has_others || kind.is_some(), "{service} {name}");
    }
}

#[test]
fn rates_are_as_regions_have_them() {
    let all = quotas::aws();
    let rate = |kind: &str, region: &str| {
        let quota = all.iter().find(|quota| quota.kind() == Some(kind)).unwrap();
        quota.rate_in(&region.parse::<Region>().unwrap())
    };
    for (kind, region, per_second) in [
        ("symmetric", "us-east-1", 100_000.0),
        ("symmetric", "eu-central-1", 20_000.0),
        ("symmetric", "eu-north-1", 10_000.0),
        ("RSA_2048", "us-east-1", 20.0),
        ("RSA_2048", "cn-north-1", 1.0),
    ] {
        assert_eq!(rate(kind, region), RequestRate::of_a_second(per_second).unwrap(), "{region}");
    }
    assert_eq!(rate("RSA_4096", "cn-north-1"), RequestRate::new(0.1, 1).unwrap());
}

/// AWS publishes no rates of these; coffer's own has none.
const SERVICES_WITHOUT: [&str; 3] = ["coffer", "iam", "organizations"];

/// AWS publishes no rates of these.
const WITHOUT: &[&str] = &[
    "kms Decapsulate",
    "kms Encapsulate",
    "lambda Invoke",
    "secretsmanager AssociateCrossAccountReplica",
    "secretsmanager DisassociateCrossAccountReplica",
    "secretsmanager ListResourcePolicies",
    "ssm AddTagsToResource",
    "ssm DeleteParameter",
    "ssm DeleteParameters",
    "ssm DeleteResourcePolicy",
    "ssm DescribeParameters",
    "ssm GetParameterHistory",
    "ssm GetResourcePolicies",
    "ssm GetServiceSetting",
    "ssm LabelParameterVersion",
    "ssm ListTagsForResource",
    "ssm PutResourcePolicy",
    "ssm RemoveTagsFromResource",
    "ssm ResetServiceSetting",
    "ssm UnlabelParameterVersion",
    "ssm UpdateServiceSetting",
    "sts AssumeRoleWithWebIdentity",
];
