//! Checks that a text is a policy document of a resource.

use coffer_policy::{Grammar, Policy};
use coffer_protocol::Fault;
use serde_json::{Map, Value};

use crate::ssm::errors::SsmError;

/// Refuses a text that is no policy document: a JSON object with statements, each with an effect,
/// a principal, actions of Systems Manager and perhaps resources and conditions.
///
/// # Errors
/// `MalformedResourcePolicyDocumentException`.
pub(crate) fn must_be_policy(text: &str) -> Result<(), Fault> {
    let is_readable = Policy::parse(text, Grammar::Resource).is_ok();
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(document)) if is_readable && is_policy(&document) => Ok(()),
        _ => Err(SsmError::MalformedResourcePolicyDocumentException.with(MALFORMED)),
    }
}

fn is_policy(document: &Map<String, Value>) -> bool {
    let knows = |name: &String| ["Version", "Id", "Statement"].contains(&name.as_str());
    let version = document.get("Version").and_then(Value::as_str);
    document.keys().all(knows)
        && version.is_some_and(|version| VERSIONS.contains(&version))
        && document.get("Id").is_none_or(Value::is_string)
        && match document.get("Statement") {
            Some(Value::Array(statements)) => {
                !statements.is_empty() && statements.iter().all(is_statement)
            }
            Some(statement) => is_statement(statement),
            None => false,
        }
}

fn is_statement(statement: &Value) -> bool {
    let Value::Object(members) = statement else { return false };
    let effect = members.get("Effect").and_then(Value::as_str);
    let is_action = |action: &str| action == "*" || action.to_lowercase().starts_with("ssm:");
    members.keys().all(|name| MEMBERS.contains(&name.as_str()))
        && matches!(effect, Some("Allow" | "Deny"))
        && members.get("Sid").is_none_or(Value::is_string)
        && members.get("Principal").is_some_and(is_principal)
        && members.get("Action").is_some_and(|actions| are_texts(actions, is_action))
        && members.get("Resource").is_none_or(|resources| are_texts(resources, is_resource))
        && members.get("Condition").is_none_or(Value::is_object)
}

fn is_principal(principal: &Value) -> bool {
    let is_kind = |(kind, values): (&String, &Value)| {
        PRINCIPALS.contains(&kind.as_str()) && are_texts(values, |text| !text.is_empty())
    };
    match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => !kinds.is_empty() && kinds.iter().all(is_kind),
        _ => false,
    }
}

fn is_resource(resource: &str) -> bool {
    resource == "*" || resource.starts_with("arn:")
}

/// Whether this is a text, or a list of texts and not empty, and all of them will do.
fn are_texts(value: &Value, will_do: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => will_do(text),
        Value::Array(texts) => {
            !texts.is_empty() && texts.iter().all(|text| text.as_str().is_some_and(&will_do))
        }
        _ => false,
    }
}

const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];
const MEMBERS: [&str; 6] = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
const PRINCIPALS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];
// AWS: the sentence with which the model describes the error.
const MALFORMED: &str = "The specified policy document is malformed or invalid, or excessive \
                         PutResourcePolicy or DeleteResourcePolicy calls have been made.";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::must_be_policy;

    fn policy() -> Value {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Share",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": ["ssm:GetParameter", "ssm:GetParameters"],
                "Resource": "arn:aws:ssm:us-east-1:000000000000:parameter/a",
            }],
        })
    }

    fn with(place: &str, value: Value) -> Value {
        let mut policy = policy();
        match place {
            "Version" | "Statement" | "Id" | "Else" => policy[place] = value,
            _ => policy["Statement"][0][place] = value,
        }
        policy
    }

    #[test]
    fn a_policy_document_is_taken() {
        for good in [
            policy(),
            with("Principal", json!("*")),
            with("Action", json!("ssm:Get*")),
            with("Statement", policy()["Statement"][0].clone()),
            with("Condition", json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}})),
        ] {
            assert!(must_be_policy(&good.to_string()).is_ok(), "{good}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for bad in [
            json!([]),
            json!({"Statement": 7}),
            with("Version", json!("2020-01-01")),
            with("Statement", json!([])),
            with("Else", json!(1)),
            with("Id", json!(1)),
            with("Effect", json!("Maybe")),
            with("Principal", json!("me")),
            with("Principal", json!({"Moon": "x"})),
            with("Action", json!([])),
            with("Action", json!("s3:GetObject")),
            with("Resource", json!("/a")),
            with("Condition", json!("x")),
            with("NotAction", json!("ssm:*")),
        ] {
            let fault = must_be_policy(&bad.to_string()).unwrap_err();
            assert_eq!(fault.code, "MalformedResourcePolicyDocumentException", "{bad}");
        }
        assert!(must_be_policy("no JSON").is_err());
    }
}
