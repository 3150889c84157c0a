//! The role that a session is asked for.

use std::sync::Arc;
use std::time::Duration;

use coffer_model::AccountId;
use coffer_pipeline::identity::{PolicyDocument, RoleRecord, SessionKind};
use coffer_pipeline::{Call, Caller, Demand, Guard};
use coffer_protocol::Fault;

use super::wire::AssumedRoleUser;
use crate::iam::trust;

/// A role by its ARN, and its record where it is there. Who may not assume a role is not to learn
/// whether it is.
pub(super) struct Target {
    arn: String,
    pub(super) account: AccountId,
    pub(super) role: Option<Arc<RoleRecord>>,
    /// Its trust policy, in which nobody stands who was made anew under a trusted name.
    trust: PolicyDocument,
}

impl Target {
    /// Finds the role that an ARN names.
    ///
    /// # Errors
    /// What is no role's ARN.
    pub(super) async fn find(call: &mut Call<'_>, arn: &str) -> Result<Self, Fault> {
        let (account, name) = parts_of(arn).ok_or_else(|| {
            // AWS: recorded from AssumeRole.
            Fault::validation("Request ARN is invalid")
        })?;
        let role = call.get::<RoleRecord>(&RoleRecord::key_of(account, name)).await?;
        // The path is part of the ARN, and not of the row's key.
        let role = role.filter(|role| role.arn() == arn);
        let trust = match &role {
            Some(role) => trust::shown(call, role).await?,
            None => PolicyDocument::new(TRUSTS_NOBODY),
        };
        Ok(Self { arn: arn.to_owned(), account, role, trust })
    }

    /// The demand to be let into the role by its trust policy; one that is not there trusts nobody.
    pub(super) fn demand(&self, action: &'static str) -> Demand {
        let demand = Demand::of(action, self.arn.clone()).owned_by(self.account);
        let mut demand = demand.guarded_by(Guard::Trust(self.trust.clone()));
        let Some(role) = &self.role else { return demand };
        for (name, value) in &role.tags {
            let key = format!("iam:resourcetag/{}", name.to_ascii_lowercase());
            demand = demand.with(key, value.clone());
        }
        demand.known_by(Arc::new(role.tags.clone()))
    }

    /// How a caller is told that it may not; the same whether the role is there or not.
    pub(super) fn denied(&self, caller: &Caller, action: &str) -> Fault {
        Fault::access_denied(format!(
            "User: {} is not authorized to perform: {action} on resource: {}",
            caller.arn, self.arn
        ))
    }
}

/// How long a session of a role lasts.
///
/// # Errors
/// Longer than its role, or role chaining, lets it.
pub(super) fn duration(
    role: &RoleRecord,
    seconds: Option<i32>,
    is_chained: bool,
) -> Result<Duration, Fault> {
    let seconds = seconds.unwrap_or(SECONDS_USUAL);
    // AWS: both recorded from AssumeRole.
    if is_chained && seconds > CHAINED_SECONDS_MAX {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining.",
        ));
    }
    if seconds > role.session_seconds_max {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(lasting(seconds))
}

/// A number of seconds that the model has bounded already.
pub(super) fn lasting(seconds: i32) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// The session of a role, as its claims name it.
pub(super) fn session_of(role: &RoleRecord, session_name: &str) -> SessionKind {
    SessionKind::Role {
        role: role.role_name.clone(),
        role_id: role.role_id.clone(),
        session_name: session_name.to_owned(),
    }
}

/// The session of a role, as it is told.
pub(super) fn assumed(role: &RoleRecord, session_name: &str) -> AssumedRoleUser {
    AssumedRoleUser {
        assumed_role_id: format!("{}:{session_name}", role.role_id),
        arn: role.session_arn(session_name),
    }
}

/// The account and the name in a role's ARN.
fn parts_of(arn: &str) -> Option<(AccountId, &str)> {
    let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    Some((account.parse().ok()?, name)).filter(|_| !name.is_empty())
}

/// The characters that the model lets be in an ARN. Java reads the pattern's last range as two
/// characters and a digit.
pub(super) fn is_arn_text(text: &str) -> bool {
    let is_one = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}');
    !text.is_empty() && text.chars().all(is_one)
}

const TRUSTS_NOBODY: &str = r#"{"Version":"2012-10-17","Statement":{
    "Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:*"}}"#;
const SECONDS_USUAL: i32 = 3600;
const CHAINED_SECONDS_MAX: i32 = 3600;

#[cfg(test)]
mod tests {
    use super::parts_of;

    #[test]
    fn the_arn_of_a_role_tells_account_and_name() {
        let account = "111122223333".parse().unwrap();
        assert_eq!(parts_of("arn:aws:iam::111122223333:role/app"), Some((account, "app")));
        assert_eq!(parts_of("arn:aws:iam::111122223333:role/a/b/app"), Some((account, "app")));
        for arn in [
            "arn:aws:iam::111122223333:user/app",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::11112222333:role/app",
            "arn:aws:sts::111122223333:assumed-role/app/x",
            "arn:aws:iam:us-east-1:111122223333:role/app",
            "app",
        ] {
            assert_eq!(parts_of(arn), None, "{arn}");
        }
    }
}
