//! AWS's quotas on the rates of requests, and what each service answers whoever goes beyond them.
//!
//! They are each account's in each region. Where AWS publishes no rate, there is no quota: on most
//! operations of Parameter Store, on IAM and on Organizations. AWS says nothing of bursts: here, as
//! many requests may come at once as a second gives, one at least.

use std::time::Duration;

use coffer_pipeline::{Quota, RequestRate};
use coffer_protocol::{Fault, MessageMember};

/// Every quota that AWS publishes on operations that are here.
pub fn aws() -> Vec<Quota> {
    let services = [ssm(), secretsmanager(), kms(), kms_data_key_pairs(), sts(), lambda()];
    services.into_iter().flatten().chain(cloudtrail()).collect()
}

/// AWS: General Reference, Systems Manager endpoints and quotas, 2026. It says nothing of
/// PutParameter; its rates are what AWS Support told a user
/// (github-aws-runners/terraform-aws-github-runner, issue 2944).
fn ssm() -> Vec<Quota> {
    let reads = ["GetParameter", "GetParameters", "GetParametersByPath"];
    vec![
        Quota::new(SSM, &reads, 40).on(DEFAULT_THROUGHPUT),
        Quota::new(SSM, &["GetParameter"], 10_000).on(HIGHER_THROUGHPUT),
        Quota::new(SSM, &["GetParameters"], 1_000).on(HIGHER_THROUGHPUT),
        Quota::new(SSM, &["GetParametersByPath"], 100).on(HIGHER_THROUGHPUT),
        Quota::new(SSM, &["PutParameter"], 3).on(DEFAULT_THROUGHPUT),
        Quota::new(SSM, &["PutParameter"], 10).on(HIGHER_THROUGHPUT),
    ]
}

/// AWS: Secrets Manager user guide, quotas, 2026; the rates of GetSecretValue and DescribeSecret as
/// announced on 2025-03-04.
fn secretsmanager() -> Vec<Quota> {
    let policies = [
        "DeleteResourcePolicy",
        "GetResourcePolicy",
        "PutResourcePolicy",
        "ValidateResourcePolicy",
    ];
    let changes = [
        "PutSecretValue",
        "RemoveRegionsFromReplication",
        "ReplicateSecretToRegions",
        "StopReplicationToReplica",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    ];
    let on = |operations: &[&'static str], rate| Quota::new("secretsmanager", operations, rate);
    vec![
        on(&["GetSecretValue"], 10_000),
        on(&["DescribeSecret"], 40_000),
        on(&["BatchGetSecretValue"], 100),
        on(&["ListSecrets"], 100),
        on(&policies, 50),
        on(&changes, 50),
        on(&["RotateSecret", "CancelRotateSecret"], 50),
        on(&["TagResource", "UntagResource"], 50),
        on(&["CreateSecret"], 50),
        on(&["DeleteSecret"], 50),
        on(&["RestoreSecret"], 50),
        on(&["GetRandomPassword"], 50),
        on(&["ListSecretVersionIds"], 50),
    ]
}

/// AWS: KMS developer guide, request quotas, 2026.
fn kms() -> Vec<Quota> {
    let symmetric = [
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GenerateRandom",
        "ReEncrypt",
        "VerifyMac",
    ];
    let symmetric = Quota::new(KMS, &symmetric, 10_000)
        .in_regions(&REGIONS_OF_100_000, 100_000)
        .in_regions(&REGIONS_OF_20_000, 20_000);
    let rsa = ["Decrypt", "Encrypt", "ReEncrypt", "Sign", "Verify"];
    let mut quotas = vec![
        symmetric.on(SYMMETRIC),
        Quota::new(KMS, &rsa, 1_000).on(RSA),
        Quota::new(KMS, &["Sign", "Verify"], 1_000).on(ML_DSA),
        Quota::new(KMS, &["DeriveSharedSecret", "Sign", "Verify"], 1_000).on(ECC),
    ];
    let alone = KMS_RATES.iter().flat_map(|(rate, names)| names.iter().map(|name| (*rate, *name)));
    quotas.extend(alone.map(|(rate, name)| Quota::new(KMS, &[name], rate)));
    quotas
}

/// AWS: the same. Of ML-KEM it says nothing.
fn kms_data_key_pairs() -> Vec<Quota> {
    let on = |spec, rate: RequestRate| {
        let both = ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"];
        Quota::new(KMS, &both, rate).on(spec)
    };
    let elliptic = [
        "ECC_NIST_P256",
        "ECC_NIST_P384",
        "ECC_NIST_P521",
        "ECC_SECG_P256K1",
        "ECC_NIST_EDWARDS25519",
    ];
    let mut quotas: Vec<Quota> = elliptic.into_iter().map(|spec| on(spec, 100.into())).collect();
    quotas.push(on("RSA_2048", 20.into()).in_regions(&CHINA, 1));
    quotas.push(on("RSA_3072", 4.into()).in_regions(&CHINA, Duration::from_secs(2)));
    quotas.push(on("RSA_4096", 1.into()).in_regions(&CHINA, Duration::from_secs(10)));
    quotas.push(on("SM2", 25.into()));
    quotas
}

/// AWS: IAM user guide, IAM and STS quotas, 2026: what is asked with credentials shares one quota, so
/// AssumeRoleWithWebIdentity does not.
fn sts() -> Vec<Quota> {
    let signed = [
        "AssumeRole",
        "DecodeAuthorizationMessage",
        "GetAccessKeyInfo",
        "GetCallerIdentity",
        "GetFederationToken",
        "GetSessionToken",
    ];
    vec![Quota::new("sts", &signed, 600)]
}

/// AWS: Lambda developer guide, quotas, 2026. How often Invoke may be asked for depends on how many
/// instances there may be at a time, which the host says here.
fn lambda() -> Vec<Quota> {
    let rest = [
        "AddPermission",
        "CreateFunction",
        "DeleteFunction",
        "GetFunctionCodeSigningConfig",
        "GetFunctionConcurrency",
        "GetFunctionConfiguration",
        "ListFunctions",
        "ListTags",
        "ListVersionsByFunction",
        "PublishVersion",
        "RemovePermission",
        "TagResource",
        "UntagResource",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    ];
    vec![
        Quota::new("lambda", &["GetFunction"], 100),
        Quota::new("lambda", &["GetPolicy"], 15),
        Quota::new("lambda", &rest, 15),
    ]
}

/// AWS: CloudTrail user guide, quotas: APIs that get, describe and list ten times a second, all
/// others once; LookupEvents twice (API reference, LookupEvents). Whether those APIs share their
/// quotas it does not say: here, each has its own.
fn cloudtrail() -> Vec<Quota> {
    let reads = [
        "DescribeTrails",
        "GetEventSelectors",
        "GetTrail",
        "GetTrailStatus",
        "ListPublicKeys",
        "ListTags",
        "ListTrails",
    ];
    let writes = [
        "AddTags",
        "CreateTrail",
        "DeleteTrail",
        "PutEventSelectors",
        "RemoveTags",
        "StartLogging",
        "StopLogging",
        "UpdateTrail",
    ];
    let on = |name, rate: u32| Quota::new("cloudtrail", &[name], rate);
    let reads = reads.into_iter().map(|name| on(name, 10));
    let writes = writes.into_iter().map(|name| on(name, 1));
    reads.chain(writes).chain([on("LookupEvents", 2)]).collect()
}

/// What most services say.
pub(crate) fn rate_exceeded() -> Fault {
    Fault::throttling("Rate exceeded")
}

/// AWS: KMS developer guide, throttling.
pub(crate) fn kms_rate_exceeded() -> Fault {
    Fault::throttling(
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
    )
}

/// AWS: Lambda API reference, common to all operations; the message as users report it.
pub(crate) fn lambda_rate_exceeded() -> Fault {
    Fault::new("TooManyRequestsException", 429, MessageMember::Lower, "Rate exceeded")
}

/// AWS: Organizations API reference; the sentence is its description of the error.
pub(crate) fn organizations_rate_exceeded() -> Fault {
    let message = "You have sent too many requests in too short a period of time.";
    Fault::new("TooManyRequestsException", 400, MessageMember::Upper, message)
}

/// Operations of KMS that have a quota each, by its rate.
const KMS_RATES: &[(u32, &[&str])] = &[
    (
        5,
        &[
            "CancelKeyDeletion",
            "CreateAlias",
            "CreateKey",
            "DisableKey",
            "DisableKeyRotation",
            "EnableKey",
            "GetKeyLastUsage",
            "ReplicateKey",
            "RotateKeyOnDemand",
            "UntagResource",
            "UpdateAlias",
            "UpdateKeyDescription",
            "UpdatePrimaryRegion",
        ],
    ),
    (1, &["GetParametersForImport"]),
    (10, &["TagResource"]),
    (
        15,
        &[
            "DeleteAlias",
            "DeleteImportedKeyMaterial",
            "EnableKeyRotation",
            "ImportKeyMaterial",
            "PutKeyPolicy",
            "ScheduleKeyDeletion",
        ],
    ),
    (50, &["CreateGrant", "RetireGrant", "RevokeGrant"]),
    (100, &["ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListRetirableGrants"]),
    (500, &["ListAliases", "ListKeys"]),
    (1_000, &["GetKeyPolicy", "GetKeyRotationStatus"]),
    (2_000, &["DescribeKey", "GetPublicKey", "ListResourceTags"]),
];

const SSM: &str = "ssm";
const KMS: &str = "kms";
/// Requests of accounts that have not asked for more.
pub(crate) const DEFAULT_THROUGHPUT: &str = "default throughput";
/// Requests of accounts whose setting `high-throughput-enabled` is true.
pub(crate) const HIGHER_THROUGHPUT: &str = "higher throughput";
/// Requests under symmetric keys.
pub(crate) const SYMMETRIC: &str = "symmetric";
/// Requests under RSA keys.
pub(crate) const RSA: &str = "RSA";
/// Requests under ML-DSA keys.
pub(crate) const ML_DSA: &str = "ML-DSA";
/// Requests under keys of elliptic curves and SM2.
pub(crate) const ECC: &str = "ECC";
const REGIONS_OF_100_000: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];
const REGIONS_OF_20_000: [&str; 6] = [
    "us-east-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "eu-central-1",
    "eu-west-2",
];
const CHINA: [&str; 2] = ["cn-north-1", "cn-northwest-1"];
