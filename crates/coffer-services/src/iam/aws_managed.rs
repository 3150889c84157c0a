//! The managed policies that AWS has made and every account may attach.

/// Whether an ARN names one of the AWS managed policies that coffer knows.
pub(super) fn is_known(arn: &str) -> bool {
    arn.strip_prefix("arn:aws:iam::aws:policy/").is_some_and(|name| NAMES.contains(&name))
}

/// Path and name of each.
const NAMES: [&str; 6] = [
    "AdministratorAccess",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecretsManagerReadWrite",
];
