//! Paths, names and ARNs of identities.

use coffer_protocol::Fault;

use super::errors::IamError;

/// The path of what was given none.
pub(super) const ROOT_PATH: &str = "/";

/// The path that a request gives, or `/`.
pub(super) fn path_of(given: Option<&String>) -> String {
    given.cloned().unwrap_or_else(|| ROOT_PATH.to_owned())
}

/// Refuses a path of roles that are AWS's own services', which organizations' policies leave alone.
///
/// # Errors
/// `InvalidInput` in AWS's sentence (observed: tilfin/aws-iam-policy-tool#9).
pub(super) fn must_be_open(given: Option<&String>) -> Result<(), Fault> {
    if !given.is_some_and(|path| path.starts_with(SERVICE_LINKED_PATH)) {
        return Ok(());
    }
    Err(IamError::InvalidInputException.with(format!(
        "Path prefix '{SERVICE_LINKED_PATH}' can only be used for AWS Service linked Roles"
    )))
}

/// Whether a path begins like this; every path does where nothing is asked for.
pub(super) fn is_under(path: &str, prefix: Option<&String>) -> bool {
    prefix.is_none_or(|prefix| path.starts_with(prefix.as_str()))
}

/// The name that the last segment of an ARN is.
pub(super) fn name_of_arn(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// All of an ARN that follows its account: `mfa/PATH/NAME`.
pub(super) fn resource_of_arn(arn: &str) -> &str {
    arn.splitn(6, ':').last().unwrap_or(arn)
}

/// The path in an ARN such as `arn:aws:iam::111122223333:policy/PATH/NAME`: from the first slash
/// of the resource to the last.
pub(super) fn path_of_arn(arn: &str) -> &str {
    let resource = resource_of_arn(arn);
    match (resource.find('/'), resource.rfind('/')) {
        (Some(first), Some(last)) => resource.get(first..=last).unwrap_or(ROOT_PATH),
        _ => ROOT_PATH,
    }
}

const SERVICE_LINKED_PATH: &str = "/aws-service-role/";

#[cfg(test)]
mod tests {
    use super::{name_of_arn, path_of_arn};

    #[test]
    fn an_arn_gives_its_path_and_name() {
        let check = |arn: &str, path: &str, name: &str| {
            assert_eq!((path_of_arn(arn), name_of_arn(arn)), (path, name), "{arn}");
        };
        check("arn:aws:iam::111122223333:policy/app", "/", "app");
        check("arn:aws:iam::111122223333:policy/team/db/app", "/team/db/", "app");
        check("arn:aws:iam::aws:policy/service-role/X", "/service-role/", "X");
    }
}
