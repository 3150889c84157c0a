//! The managed policies of AWS that concern these services. They belong to no account, are in no
//! store, and nobody changes them.

mod general;
mod services;

use std::sync::LazyLock;

use coffer_model::Timestamp;

use super::PolicyDocument;

/// A managed policy of AWS.
#[derive(Debug)]
pub struct AwsManagedPolicy {
    /// Its name.
    pub name: &'static str,
    /// Its path, which begins and ends with `/`.
    pub path: &'static str,
    /// Its unique id, `ANPA…`.
    pub policy_id: &'static str,
    /// What AWS says of it, in coffer's words.
    pub description: &'static str,
    /// The number of its version; earlier ones are not kept.
    pub version: u32,
    created_secs: i64,
    updated_secs: i64,
    text: &'static str,
}

impl AwsManagedPolicy {
    /// The policy's ARN.
    pub fn arn(&self) -> String {
        format!("{ARN_PREFIX}{}{}", self.path, self.name)
    }

    /// When AWS made it.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_millis(self.created_secs.saturating_mul(1000))
    }

    /// When AWS made the version in force.
    pub fn updated(&self) -> Timestamp {
        Timestamp::from_millis(self.updated_secs.saturating_mul(1000))
    }

    /// The document. All copies of it are one, so that it is compiled once.
    pub fn document(&self) -> PolicyDocument {
        let place = AWS_MANAGED.iter().position(|each| each.name == self.name);
        let known = place.and_then(|place| DOCUMENTS.get(place));
        known.cloned().unwrap_or_else(|| PolicyDocument::new(self.text))
    }
}

/// Finds a managed policy of AWS by its ARN, `arn:aws:iam::aws:policy/PATH/NAME`.
pub fn aws_managed(arn: &str) -> Option<&'static AwsManagedPolicy> {
    let resource = arn.strip_prefix(ARN_PREFIX)?;
    let (place, _) = resource.rmatch_indices('/').next()?;
    let (path, name) = resource.split_at_checked(place + 1)?;
    AWS_MANAGED.iter().find(|policy| policy.name == name && policy.path == path)
}

/// The managed policies of AWS that coffer has, in the order of their names.
pub fn aws_managed_policies() -> &'static [AwsManagedPolicy] {
    &AWS_MANAGED
}

static DOCUMENTS: LazyLock<Vec<PolicyDocument>> =
    LazyLock::new(|| AWS_MANAGED.iter().map(|policy| PolicyDocument::new(policy.text)).collect());

const ARN_PREFIX: &str = "arn:aws:iam::aws:policy";

/// AWS's names, paths, ids and dates. Where AWS publishes no id, it is one of coffer's own,
/// `ANPACOFFER…`.
static AWS_MANAGED: [AwsManagedPolicy; 17] = [
    AwsManagedPolicy {
        name: "AWSCloudTrail_FullAccess",
        path: "/",
        policy_id: "ANPACOFFERCLOUDTRAILFA",
        description: "Full access to CloudTrail.",
        version: 3,
        created_secs: 1_614_020_460,
        updated_secs: 1_614_020_460,
        text: services::CLOUD_TRAIL_FULL_ACCESS,
    },
    AwsManagedPolicy {
        name: "AWSCloudTrail_ReadOnlyAccess",
        path: "/",
        policy_id: "ANPACOFFERCLOUDTRAILRO",
        description: "Read access to CloudTrail.",
        version: 1,
        created_secs: 1_655_227_145,
        updated_secs: 1_655_227_145,
        text: services::CLOUD_TRAIL_READ_ONLY_ACCESS,
    },
    AwsManagedPolicy {
        name: "AWSKeyManagementServicePowerUser",
        path: "/",
        policy_id: "ANPAJNPP7PPPPMJRV2SA4",
        description: "Use of KMS without changing key policies or deleting keys.",
        version: 2,
        created_secs: 1_423_248_040,
        updated_secs: 1_488_848_111,
        text: services::KMS_POWER_USER,
    },
    AwsManagedPolicy {
        name: "AWSLambdaBasicExecutionRole",
        path: "/service-role/",
        policy_id: "ANPAJNCQGXC42545SKXIK",
        description: "What a Lambda function needs to write its logs.",
        version: 1,
        created_secs: 1_428_591_823,
        updated_secs: 1_428_591_823,
        text: services::LAMBDA_BASIC_EXECUTION_ROLE,
    },
    AwsManagedPolicy {
        name: "AWSLambda_FullAccess",
        path: "/",
        policy_id: "ANPAZKAPJZG4OXQPYWZ5D",
        description: "Full access to Lambda, and what its console needs.",
        version: 5,
        created_secs: 1_605_647_648,
        updated_secs: 1_770_848_336,
        text: services::LAMBDA_FULL_ACCESS,
    },
    AwsManagedPolicy {
        name: "AWSSecretsManagerClientReadOnlyAccess",
        path: "/",
        policy_id: "ANPACOFFERSECRETCLIENT",
        description: "Reading of secrets' values, as applications do it.",
        version: 3,
        created_secs: 1_770_919_242,
        updated_secs: 1_770_919_242,
        text: services::SECRETS_MANAGER_CLIENT_READ_ONLY_ACCESS,
    },
    AwsManagedPolicy {
        name: "AdministratorAccess",
        path: "/",
        policy_id: "ANPAIWMBCKSKIEE64ZLYK",
        description: "Everything.",
        version: 1,
        created_secs: 1_423_247_986,
        updated_secs: 1_423_247_986,
        text: general::ADMINISTRATOR_ACCESS,
    },
    AwsManagedPolicy {
        name: "AmazonSSMFullAccess",
        path: "/",
        policy_id: "ANPAJA7V6HI4ISQFMDYAG",
        description: "Full access to Systems Manager.",
        version: 4,
        created_secs: 1_432_921_187,
        updated_secs: 1_574_280_536,
        text: services::SSM_FULL_ACCESS,
    },
    AwsManagedPolicy {
        name: "AmazonSSMReadOnlyAccess",
        path: "/",
        policy_id: "ANPAJODSKQGGJTHRYZ5FC",
        description: "Read access to Systems Manager.",
        version: 1,
        created_secs: 1_432_921_459,
        updated_secs: 1_432_921_459,
        text: services::SSM_READ_ONLY_ACCESS,
    },
    AwsManagedPolicy {
        name: "CloudWatchLogsFullAccess",
        path: "/",
        policy_id: "ANPAJ3ZGNWK2R5HW5BQFO",
        description: "Full access to CloudWatch Logs.",
        version: 3,
        created_secs: 1_423_248_002,
        updated_secs: 1_747_760_826,
        text: services::CLOUD_WATCH_LOGS_FULL_ACCESS,
    },
    AwsManagedPolicy {
        name: "IAMFullAccess",
        path: "/",
        policy_id: "ANPAI7XKCFMBPM3QQRRVQ",
        description: "Full access to IAM.",
        version: 2,
        created_secs: 1_423_248_038,
        updated_secs: 1_561_146_000,
        text: general::IAM_FULL_ACCESS,
    },
    AwsManagedPolicy {
        name: "IAMReadOnlyAccess",
        path: "/",
        policy_id: "ANPAJKSO7NDY4T57MWDSQ",
        description: "Read access to IAM.",
        version: 4,
        created_secs: 1_423_248_039,
        updated_secs: 1_516_907_487,
        text: general::IAM_READ_ONLY_ACCESS,
    },
    AwsManagedPolicy {
        name: "PowerUserAccess",
        path: "/",
        policy_id: "ANPAJYRXTHIB4FOVS3ZXS",
        description: "Everything but the management of identities and of the organization.",
        version: 12,
        created_secs: 1_423_247_987,
        updated_secs: 1_770_919_154,
        text: general::POWER_USER_ACCESS,
    },
    AwsManagedPolicy {
        name: "ReadOnlyAccess",
        path: "/",
        policy_id: "ANPAILL3HVNFSB6DCOWYQ",
        description: "Read access, kept to the services that concern coffer.",
        version: 1,
        created_secs: 1_423_247_988,
        updated_secs: 1_423_247_988,
        text: general::READ_ONLY_ACCESS,
    },
    AwsManagedPolicy {
        name: "SecretsManagerReadWrite",
        path: "/",
        policy_id: "ANPAI3VG7CI5BIQZQ6G2E",
        description: "Full access to Secrets Manager, and what its rotation needs.",
        version: 6,
        created_secs: 1_522_865_129,
        updated_secs: 1_787_701_030,
        text: services::SECRETS_MANAGER_READ_WRITE,
    },
    AwsManagedPolicy {
        name: "SecurityAudit",
        path: "/",
        policy_id: "ANPAIX2T3QCXHR2OGGCTO",
        description: "Read access to how things are secured, kept to the services that concern coffer.",
        version: 1,
        created_secs: 1_423_248_061,
        updated_secs: 1_423_248_061,
        text: general::SECURITY_AUDIT,
    },
    AwsManagedPolicy {
        name: "ViewOnlyAccess",
        path: "/job-function/",
        policy_id: "ANPAID22R6XPJATWOFDK6",
        description: "Lists of what there is, kept to the services that concern coffer.",
        version: 36,
        created_secs: 1_478_798_415,
        updated_secs: 1_770_848_353,
        text: general::VIEW_ONLY_ACCESS,
    },
];

#[cfg(test)]
mod tests {
    use super::{aws_managed, aws_managed_policies};

    #[test]
    fn a_managed_policy_is_found_by_its_whole_arn_alone() {
        for policy in aws_managed_policies() {
            assert_eq!(aws_managed(&policy.arn()).map(|found| found.name), Some(policy.name));
        }
        let lambda = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
        assert!(aws_managed(lambda).is_some());
        for other in [
            "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
            "arn:aws:iam::aws:policy/administratoraccess",
            "arn:aws:iam::111122223333:policy/AdministratorAccess",
            "arn:aws:iam::aws:policyAdministratorAccess",
            "AdministratorAccess",
        ] {
            assert!(aws_managed(other).is_none(), "{other}");
        }
    }

    #[test]
    fn every_document_is_a_policy_and_ids_are_unique() {
        let mut ids = std::collections::BTreeSet::new();
        for policy in aws_managed_policies() {
            let document = policy.document();
            assert!(document.policy(coffer_policy::Grammar::Identity).is_ok(), "{}", policy.name);
            assert!(ids.insert(policy.policy_id), "{}", policy.policy_id);
        }
    }
}
