//! The resource policies of functions: statements that are added and removed one by one.

use std::sync::Arc;

use coffer_model::{AccountId, Arn, Region};
use coffer_pipeline::identity::{PolicyDocument, ids_of};
use coffer_pipeline::{Call, Scope};
use coffer_policy::{Grammar, Policy};
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::errors::LambdaError;
use super::function_name::FunctionName;

/// The policy of a function, or of one of its versions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FunctionPolicyRecord {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) name: String,
    /// The version that it is of; empty where it is the function's own.
    pub(super) qualifier: String,
    pub(super) document: PolicyDocument,
    pub(super) revision_id: String,
}

impl FunctionPolicyRecord {
    pub(super) fn key_of(scope: &Scope, name: &str, qualifier: &str) -> Key {
        scope.key(Self::TABLE, &[name, qualifier])
    }

    /// The policy of what is named.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(super) async fn of(
        call: &mut Call<'_>,
        name: &FunctionName,
    ) -> Result<Option<Arc<Self>>, Fault> {
        let qualifier = name.qualifier.as_deref().unwrap_or_default();
        call.get::<Self>(&Self::key_of(&name.scope, &name.name, qualifier)).await
    }

    /// Its statements.
    pub(super) fn statements(&self) -> Vec<Value> {
        let document: Value = serde_json::from_str(self.document.text()).unwrap_or_default();
        document.get("Statement").and_then(Value::as_array).cloned().unwrap_or_default()
    }
}

impl Record for FunctionPolicyRecord {
    const TABLE: &'static str = "lambda.policy";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        Self::key_of(&scope, &self.name, &self.qualifier)
    }
}

/// A statement that is to be added.
pub(super) struct NewStatement<'i> {
    pub(super) id: &'i str,
    pub(super) action: &'i str,
    pub(super) principal: &'i str,
    pub(super) source_arn: Option<&'i str>,
    pub(super) source_account: Option<&'i str>,
    pub(super) event_source_token: Option<&'i str>,
    pub(super) organization: Option<&'i str>,
}

impl NewStatement<'_> {
    /// The statement as AWS writes it.
    ///
    /// # Errors
    /// A principal that is none.
    pub(super) fn written(&self, resource: &str) -> Result<Value, Fault> {
        let mut statement = Map::new();
        statement.insert("Sid".to_owned(), json!(self.id));
        statement.insert("Effect".to_owned(), json!("Allow"));
        statement.insert("Principal".to_owned(), principal(self.principal)?);
        statement.insert("Action".to_owned(), json!(self.action));
        statement.insert("Resource".to_owned(), json!(resource));
        let mut equals = Map::new();
        for (key, value) in [
            ("AWS:SourceAccount", self.source_account),
            ("lambda:EventSourceToken", self.event_source_token),
            ("aws:PrincipalOrgID", self.organization),
        ] {
            equals.extend(value.map(|value| (key.to_owned(), json!(value))));
        }
        let mut condition = Map::new();
        if !equals.is_empty() {
            condition.insert("StringEquals".to_owned(), Value::Object(equals));
        }
        if let Some(arn) = self.source_arn {
            condition.insert("ArnLike".to_owned(), json!({ "AWS:SourceArn": arn }));
        }
        if !condition.is_empty() {
            statement.insert("Condition".to_owned(), Value::Object(condition));
        }
        Ok(Value::Object(statement))
    }
}

/// The principal of a statement: everybody, an account, somebody in it, or a service.
fn principal(given: &str) -> Result<Value, Fault> {
    if given == "*" {
        return Ok(json!("*"));
    }
    if let Ok(account) = given.parse::<AccountId>() {
        return Ok(json!({ "AWS": Arn::root(account).to_string() }));
    }
    if given.starts_with("arn:") {
        return Ok(json!({ "AWS": given }));
    }
    let is_service = given.contains('.')
        && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if is_service { Ok(json!({ "Service": given })) } else { Err(invalid_principal()) }
}

/// The policy of these statements.
///
/// # Errors
/// What does not become a policy: AWS's sentences say which of its parts is wrong.
pub(super) async fn document_of(
    call: &mut Call<'_>,
    statements: Vec<Value>,
) -> Result<PolicyDocument, Fault> {
    let document = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
    let text = document.to_string();
    if text.len() > POLICY_BYTES_MAX {
        return Err(LambdaError::PolicyLengthExceededException.with(format!(
            "The final policy size ({}) is bigger than the limit ({POLICY_BYTES_MAX}).",
            text.len()
        )));
    }
    if Policy::parse(&text, Grammar::Resource).is_err() {
        return Err(invalid_principal());
    }
    let ids = ids_of(call, &text).await?.map_err(|_| invalid_principal())?;
    Ok(PolicyDocument::naming(text, ids))
}

fn invalid_principal() -> Fault {
    LambdaError::InvalidParameterValueException
        .with("The provided principal was invalid. Please check the principal and try again.")
}

/// Refuses a change of another revision than the one that the caller knows.
///
/// # Errors
/// `PreconditionFailedException`.
pub(super) fn must_be_revision(given: Option<&str>, is: Option<&str>) -> Result<(), Fault> {
    match given {
        Some(given) if Some(given) != is => Err(LambdaError::PreconditionFailedException.with(
            "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API \
             to retrieve the latest Revision Id",
        )),
        _ => Ok(()),
    }
}

/// AWS: Lambda developer guide, quotas.
const POLICY_BYTES_MAX: usize = 20_480;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{NewStatement, principal};

    #[test]
    fn principals_are_written_as_policies_name_them() {
        assert_eq!(principal("*").unwrap(), json!("*"));
        let service = "secretsmanager.amazonaws.com";
        assert_eq!(principal(service).unwrap(), json!({ "Service": service }));
        let root = "arn:aws:iam::111122223333:root";
        assert_eq!(principal("111122223333").unwrap(), json!({ "AWS": root }));
        assert_eq!(principal(root).unwrap(), json!({ "AWS": root }));
        assert!(principal("nobody").is_err());
        assert!(principal("a.b/c").is_err());
    }

    #[test]
    fn a_statement_has_its_conditions() {
        let statement = NewStatement {
            id: "s",
            action: "lambda:InvokeFunction",
            principal: "s3.amazonaws.com",
            source_arn: Some("arn:aws:s3:::b"),
            source_account: Some("111122223333"),
            event_source_token: None,
            organization: None,
        };
        let written = statement.written("arn").unwrap();
        assert_eq!(
            written["Condition"],
            json!({"StringEquals": {"AWS:SourceAccount": "111122223333"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}})
        );
    }
}
