//! The users and roles that policies of resources name, and who these are.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use coffer_model::AccountId;
use coffer_protocol::Fault;
use serde_json::Value;

use super::{PolicyDocument, RoleRecord, UserRecord};
use crate::call::Call;

/// Somebody whom a policy names and who is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(pub String);

/// The unique ids of the users and roles that a policy names, by ARN; or the first of them who is
/// not there.
///
/// # Errors
/// A store that cannot be read.
pub async fn ids_of(
    call: &mut Call<'_>,
    text: &str,
) -> Result<Result<BTreeMap<String, String>, Missing>, Fault> {
    let mut ids = BTreeMap::new();
    for principal in principals_of(text) {
        let Some(who) = Named::of(&principal) else { continue };
        match who.id(call, &principal).await? {
            Some(id) => ids.insert(principal, id),
            None => return Ok(Err(Missing(principal))),
        };
    }
    Ok(Ok(ids))
}

/// The unique id of the user or role that has an ARN; nothing for whom there is not, and for what
/// is another principal's.
///
/// # Errors
/// A store that cannot be read.
pub async fn unique_id(call: &mut Call<'_>, arn: &str) -> Result<Option<String>, Fault> {
    match Named::of(arn) {
        Some(who) => who.id(call, arn).await,
        None => Ok(None),
    }
}

/// A policy's text as it is shown: where who was named by an ARN is gone, with the unique id in its
/// place.
///
/// # Errors
/// A store that cannot be read.
pub async fn shown_text<'t>(
    call: &mut Call<'_>,
    text: &'t str,
    ids: &BTreeMap<String, String>,
) -> Result<Cow<'t, str>, Fault> {
    let mut gone = BTreeMap::new();
    for (arn, id) in ids {
        if unique_id(call, arn).await?.as_ref() != Some(id) {
            gone.insert(arn.clone(), id.clone());
        }
    }
    Ok(renamed(text, &gone))
}

impl PolicyDocument {
    /// The text as it is shown; see [`shown_text`].
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn shown(&self, call: &mut Call<'_>) -> Result<String, Fault> {
        Ok(shown_text(call, self.text(), self.named()).await?.into_owned())
    }
}

/// A user or a role, by its ARN.
enum Named<'a> {
    User(AccountId, &'a str),
    Role(AccountId, &'a str),
}

impl<'a> Named<'a> {
    fn of(arn: &'a str) -> Option<Self> {
        let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
        let account = account.parse().ok()?;
        let (kind, rest) = resource.split_once('/')?;
        let name = rest.rsplit('/').next()?;
        match kind {
            "user" => Some(Self::User(account, name)),
            "role" => Some(Self::Role(account, name)),
            _ => None,
        }
    }

    /// The unique id of who has this very ARN now.
    async fn id(&self, call: &mut Call<'_>, arn: &str) -> Result<Option<String>, Fault> {
        Ok(match self {
            Self::User(account, name) => {
                let user = call.get::<UserRecord>(&UserRecord::key_of(*account, name)).await?;
                user.filter(|user| user.arn() == arn).map(|user| user.user_id.clone())
            }
            Self::Role(account, name) => {
                let role = call.get::<RoleRecord>(&RoleRecord::key_of(*account, name)).await?;
                role.filter(|role| role.arn() == arn).map(|role| role.role_id.clone())
            }
        })
    }
}

/// The principals of AWS's kind that a document's statements name.
fn principals_of(text: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let statements = document.get("Statement").map(each).unwrap_or_default();
    let named = statements.into_iter().flat_map(|statement| {
        let principals = ["Principal", "NotPrincipal"].map(|member| statement.get(member));
        principals.into_iter().flatten().filter_map(|principal| principal.get("AWS"))
    });
    named.flat_map(each).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A document that names these by their unique ids in place of their ARNs.
fn renamed<'t>(text: &'t str, ids: &BTreeMap<String, String>) -> Cow<'t, str> {
    ids.iter().fold(Cow::Borrowed(text), |text, (arn, id)| Cow::Owned(renamed_one(&text, arn, id)))
}

fn renamed_one(text: &str, arn: &str, id: &str) -> String {
    let renamed = text.replace(&format!("\"{arn}\""), &format!("\"{id}\""));
    if !principals_of(&renamed).contains(arn) {
        return renamed;
    }
    // The text has the ARN with escapes in it, so it is written anew.
    let mut document: Value = serde_json::from_str(text).unwrap_or_default();
    rename(&mut document, arn, id);
    document.to_string()
}

fn rename(value: &mut Value, arn: &str, id: &str) {
    match value {
        Value::String(found) if found == arn => id.clone_into(found),
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, arn, id)),
        Value::Object(members) => members.values_mut().for_each(|value| rename(value, arn, id)),
        _ => {}
    }
}

fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, principals_of, renamed_one};

    #[test]
    fn who_is_gone_is_named_by_id_however_the_arn_is_written() {
        let arn = "arn:aws:iam::111122223333:role/a";
        for text in [
            r#"{"Statement": {"Principal": {"AWS": "arn:aws:iam::111122223333:role/a"}}}"#,
            r#"{"Statement": [{"Principal": {"AWS": ["arn:aws:iam::111122223333:role\/a"]}}]}"#,
        ] {
            let found = principals_of(&renamed_one(text, arn, "AROAEXAMPLE"));
            assert_eq!(found.iter().collect::<Vec<_>>(), ["AROAEXAMPLE"]);
        }
    }

    #[test]
    fn principals_are_found_in_every_form() {
        let text = r#"{"Statement": [
            {"Principal": {"AWS": ["arn:aws:iam::111122223333:role/a", "*"], "Service": "x"}},
            {"NotPrincipal": {"AWS": "111122223333"}},
            {"Principal": "*"}
        ]}"#;
        let found = principals_of(text);
        let wanted = ["*", "111122223333", "arn:aws:iam::111122223333:role/a"];
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
        let one = r#"{"Statement": {"Principal": {"AWS": "arn:aws:iam::111122223333:user/u"}}}"#;
        assert_eq!(principals_of(one).len(), 1);
        assert!(principals_of("[]").is_empty());
    }

    #[test]
    fn users_and_roles_are_told_by_their_arns() {
        let named = |arn| match Named::of(arn) {
            Some(Named::User(_, name)) => format!("user {name}"),
            Some(Named::Role(_, name)) => format!("role {name}"),
            None => "nobody".to_owned(),
        };
        assert_eq!(named("arn:aws:iam::111122223333:user/team/ann"), "user ann");
        assert_eq!(named("arn:aws:iam::111122223333:role/app"), "role app");
        assert_eq!(named("arn:aws:iam::111122223333:root"), "nobody");
        assert_eq!(named("arn:aws:sts::111122223333:assumed-role/app/s"), "nobody");
    }
}
