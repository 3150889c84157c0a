//! Measures how long an evaluation takes: ten statements of a role and the policy of a resource.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures and prints")]

use std::hint::black_box;
use std::time::Instant;

use coffer_policy::{
    ContextKeys, ContextValues, Grammar, MalformedPolicy, Policies, Policy, Principal,
    PrincipalKind, Request, ResourceKind, ResourcePolicy, evaluate,
};

struct Keys;

impl ContextKeys for Keys {
    fn values(&self, key: &str) -> Option<ContextValues<'_>> {
        match key {
            "aws:securetransport" => Some(true.into()),
            "aws:username" => Some("ada".into()),
            "aws:sourceip" => Some("10.1.2.3".into()),
            "secretsmanager:versionstage" => Some("AWSCURRENT".into()),
            _ => None,
        }
    }
}

fn main() -> Result<(), MalformedPolicy> {
    let plain = Policy::parse(&ten_statements(""), Grammar::Identity)?;
    let conditions = r#","Condition":{"Bool":{"aws:SecureTransport":"true"},
        "IpAddress":{"aws:SourceIp":"10.0.0.0/8"},
        "StringLike":{"secretsmanager:VersionStage":["AWSPREVIOUS","AWSCURRENT"]}}"#;
    let conditional = Policy::parse(&ten_statements(conditions), Grammar::Identity)?;
    let resource = Policy::parse(RESOURCE_POLICY, Grammar::Resource)?;
    measure("ten statements", &plain, None);
    measure("ten statements and a resource policy", &plain, Some(&resource));
    measure("the same under three conditions each", &conditional, Some(&resource));
    Ok(())
}

fn ten_statements(conditions: &str) -> String {
    let mut statements = String::new();
    for (actions, resource) in [
        (r#""logs:CreateLogStream","logs:PutLogEvents""#, "arn:aws:logs:*:*:log-group:/a/*"),
        (r#""s3:GetObject","s3:ListBucket""#, "arn:aws:s3:::a-bucket/*"),
        (r#""sqs:*""#, "arn:aws:sqs:eu-central-1:111122223333:a-*"),
        (r#""ssm:GetParameter*""#, "arn:aws:ssm:*:111122223333:parameter/a/*"),
        (r#""kms:Decrypt""#, "arn:aws:kms:eu-central-1:111122223333:key/*"),
        (r#""ec2:Describe*""#, "*"),
        (r#""secretsmanager:DescribeSecret""#, "*"),
        (r#""secretsmanager:GetSecretValue""#, "arn:aws:secretsmanager:*:*:secret:b/*"),
        (r#""secretsmanager:Get*""#, "arn:aws:secretsmanager:*:*:secret:a/?*-??????"),
    ] {
        statements += &format!(
            r#"{{"Effect":"Allow","Action":[{actions}],"Resource":"{resource}"{conditions}}},"#
        );
    }
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{statements}
        {{"Effect":"Deny","Action":["iam:*","organizations:*","secretsmanager:Delete*"],
          "Resource":"*"}}]}}"#
    )
}

fn measure(name: &str, identity: &Policy, resource: Option<&Policy>) {
    let request = Request {
        principal: Principal {
            account: "111122223333".parse().ok(),
            kind: PrincipalKind::AssumedRole {
                role_arn: "arn:aws:iam::111122223333:role/app",
                role_id: Some("AROAEXAMPLEEXAMPLE1"),
            },
            arn: "arn:aws:sts::111122223333:assumed-role/app/i-1",
            id: Some("AROAEXAMPLEEXAMPLE1:i-1"),
        },
        action: "secretsmanager:GetSecretValue",
        resource: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a/db-AbCdEf",
        resource_account: "111122223333".parse().ok(),
        keys: &Keys,
    };
    let of_resource: Vec<&Policy> = resource.into_iter().collect();
    let policies = Policies {
        identity: &[identity],
        resource: Some(ResourcePolicy { kind: ResourceKind::Ordinary, policies: &of_resource }),
        ..Policies::default()
    };
    let start = Instant::now();
    let mut allowed = 0;
    for _ in 0..ROUNDS {
        let decision = evaluate(black_box(&request), black_box(&policies));
        allowed += u32::from(decision.is_allowed());
    }
    let spent = start.elapsed().as_nanos() / u128::from(ROUNDS);
    println!("{name}: {spent} ns, allowed {} of {ROUNDS}", black_box(allowed));
}

const RESOURCE_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},
     "Action":"secretsmanager:GetSecretValue","Resource":"*"},
    {"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*",
     "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
const ROUNDS: u32 = 1_000_000;
