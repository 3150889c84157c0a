//! What can be said of a resource policy by its text alone: whether it is one, whether it is open
//! to everybody, whether it locks out who put it.

mod document;
mod grammar;

use coffer_policy::Grammar;
use coffer_protocol::Fault;

use self::document::{Condition, Document, Effect, Principal, Statement};
use super::errors::SecretsManagerError;

/// A resource policy that follows the grammar.
#[derive(Debug)]
pub(super) struct Policy(Document);

/// A check that a policy does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    /// The check's name.
    pub(super) check: &'static str,
    /// What is wrong.
    pub(super) message: &'static str,
}

impl Policy {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// `MalformedPolicyDocumentException` for what is not a policy.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let malformed = |error: grammar::Malformed| {
            SecretsManagerError::MalformedPolicyDocumentException.with(error.message())
        };
        let read = Document::read(text).map(Self).map_err(malformed)?;
        // What is decided by is what the evaluation reads, so that has to read it, too.
        let readable = coffer_policy::Policy::parse(text, Grammar::Resource);
        readable.map(|_| read).map_err(|flaw| {
            SecretsManagerError::MalformedPolicyDocumentException.with(flaw.to_string())
        })
    }

    /// Refuses a policy that is open to everybody: `BlockPublicPolicy`.
    ///
    /// # Errors
    /// `PublicPolicyException`.
    pub(super) fn must_not_be_public(&self) -> Result<(), Fault> {
        if self.is_public() {
            return Err(SecretsManagerError::PublicPolicyException.with(PUBLIC_REFUSED));
        }
        Ok(())
    }

    /// What ValidateResourcePolicy finds; `callers` are the words by which a policy can name who
    /// asks: the ARN, the account.
    pub(super) fn findings(&self, callers: &[&str]) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.is_public() {
            findings.push(Finding { check: "BlockPublicPolicyCheck", message: PUBLIC_FOUND });
        }
        if self.locks_out(callers) {
            findings.push(Finding { check: "LockOutCheck", message: LOCKED_OUT });
        }
        findings
    }

    /// Whether somebody who is not named may do something.
    fn is_public(&self) -> bool {
        let statements = &self.0.statements;
        let denied = |allow: &Statement| {
            let denials = statements.iter().filter(|other| other.effect == Effect::Deny);
            denials.into_iter().any(|deny| deny.closes(allow))
        };
        statements.iter().any(|statement| statement.is_open() && !denied(statement))
    }

    fn locks_out(&self, callers: &[&str]) -> bool {
        self.0.statements.iter().any(|statement| {
            statement.effect == Effect::Deny
                && statement.conditions.is_empty()
                && statement.resources.covers_all()
                && statement.actions.covers(WRITE_POLICY)
                && match &statement.principal {
                    Principal::Everybody => true,
                    Principal::Some(named) => {
                        named.iter().any(|name| callers.contains(&name.as_str()))
                    }
                    Principal::AllBut(spared) => {
                        !spared.iter().any(|name| callers.contains(&name.as_str()))
                    }
                }
        })
    }
}

impl Statement {
    /// Whether it allows something to everybody, or to all but some.
    fn is_open(&self) -> bool {
        self.effect == Effect::Allow
            && !matches!(self.principal, Principal::Some(_))
            && !self.conditions.iter().any(Condition::narrows)
    }

    /// Whether this denial leaves nobody but named ones to what the other statement allows.
    fn closes(&self, allow: &Self) -> bool {
        let covers = self.actions.covers_all_of(&allow.actions)
            && (self.resources.covers_all() || self.resources == allow.resources);
        let closed = match &self.principal {
            Principal::Everybody => match self.conditions.as_slice() {
                [] => true,
                [only] => only.excludes_strangers(),
                _ => false,
            },
            Principal::AllBut(_) => self.conditions.is_empty(),
            Principal::Some(_) => false,
        };
        covers && closed
    }
}

const WRITE_POLICY: &str = "secretsmanager:PutResourcePolicy";

const PUBLIC_REFUSED: &str =
    "You can't attach a resource-based policy that allows broad access to the secret.";
const PUBLIC_FOUND: &str = "This resource policy grants broad access to your secret.";
const LOCKED_OUT: &str =
    "Your requested changes will not allow you to manage this secret in the future.";

#[cfg(test)]
mod tests {
    use super::Policy;
    use serde_json::{Value, json};

    fn policy(statements: &Value) -> Result<Policy, String> {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        Policy::read(&text).map_err(|fault| format!("{}: {}", fault.code, fault.message))
    }

    fn statement(principal: &Value, condition: Option<Value>) -> Value {
        let mut made = json!({"Effect": "Allow", "Principal": principal,
            "Action": "secretsmanager:GetSecretValue", "Resource": "*"});
        if let (Some(condition), Some(members)) = (condition, made.as_object_mut()) {
            members.insert("Condition".to_owned(), condition);
        }
        made
    }

    #[test]
    fn policies_of_every_form_are_read() {
        for principal in [
            json!("*"),
            json!({"AWS": "*"}),
            json!({"AWS": "111122223333"}),
            json!({"AWS": "arn:aws:iam::111122223333:root"}),
            json!({"AWS": ["arn:aws:iam::111122223333:user/a/b", "arn:aws-cn:iam::111122223333:role/r"]}),
            json!({"AWS": "arn:aws:sts::111122223333:assumed-role/r/session"}),
            json!({"AWS": "AIDAJQABLZS4A3QDU576Q"}),
            json!({"Service": "lambda.amazonaws.com"}),
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            json!({"AWS": "*", "Service": ["a.amazonaws.com"]}),
        ] {
            assert!(policy(&json!([statement(&principal, None)])).is_ok(), "{principal}");
        }
        let alone = statement(&json!("*"), Some(json!({"Bool": {"aws:SecureTransport": true}})));
        assert!(policy(&alone).is_ok());
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let syntax =
            "MalformedPolicyDocumentException: This resource policy contains a syntax error.";
        for text in [
            "no JSON",
            "[]",
            "{}",
            r#"{"Version":"2012-10-17","Statement":"none"}"#,
            r#"{"Version":"2012-10-17","Statement":[]}"#,
            r#"{"Version":"1999-01-01","Statement":[]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Principal":"*","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"GetSecretValue","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":[],"Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"secret"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","NotAction":"*","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","More":1}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Equals":{"a:b":"c"}}}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":"c"}}]}"#,
        ] {
            let fault = Policy::read(text).unwrap_err();
            assert_eq!(format!("{}: {}", fault.code, fault.message), syntax, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(Policy::read(&deep).is_err());
    }

    #[test]
    fn principals_that_cannot_be_are_refused() {
        for (principal, message) in [
            (
                json!({"AWS": "not a principal"}),
                "This resource policy contains an unsupported principal.",
            ),
            (
                json!({"AWS": "arn:aws:iam::111122223333:user/*"}),
                "This resource policy contains an unsupported principal.",
            ),
            (
                json!({"AWS": "arn:aws:s3:::bucket"}),
                "This resource policy contains an unsupported principal.",
            ),
            (json!("somebody"), "This resource policy contains an unsupported principal."),
            (json!({"Planet": "Mars"}), "This resource policy contains a syntax error."),
            (json!({}), "This resource policy contains a syntax error."),
            (
                json!({"Service": "mars"}),
                "This resource policy contains an invalid service principal.",
            ),
        ] {
            let refused = policy(&json!([statement(&principal, None)])).unwrap_err();
            let expected = format!("MalformedPolicyDocumentException: {message}");
            assert_eq!(refused, expected, "{principal}");
        }
    }

    #[test]
    fn a_policy_is_public_where_strangers_may_come() {
        let owner = json!({"AWS": "arn:aws:iam::111122223333:root"});
        let everybody = json!("*");
        let organization =
            |operator: &str, value: &str| Some(json!({operator: {"aws:PrincipalOrgID": value}}));
        for (statements, is_public) in [
            (json!([statement(&owner, None)]), false),
            (json!([statement(&everybody, None)]), true),
            (json!([statement(&json!({"AWS": ["111122223333", "*"]}), None)]), true),
            (json!([statement(&owner, None), statement(&json!({"AWS": "*"}), None)]), true),
            (json!([statement(&everybody, organization("StringEquals", "o-1"))]), false),
            (json!([statement(&everybody, organization("StringLike", "o-*"))]), true),
            (json!([statement(&everybody, organization("StringEqualsIfExists", "o-1"))]), true),
            (json!([statement(&everybody, organization("StringNotEquals", "o-1"))]), true),
            (
                json!([statement(&everybody, organization("ForAllValues:StringEquals", "o-1"))]),
                true,
            ),
            (
                json!([statement(&everybody, organization("ForAnyValue:StringEquals", "o-1"))]),
                false,
            ),
            (
                json!([statement(
                    &everybody,
                    Some(json!({"Bool": {"aws:SecureTransport": "true"}}))
                )]),
                true,
            ),
            (
                json!([statement(
                    &everybody,
                    Some(json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
                )]),
                false,
            ),
            (
                json!([statement(
                    &everybody,
                    Some(json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}))
                )]),
                true,
            ),
            (
                json!([statement(&everybody, None), {"Effect": "Deny", "Principal": "*",
                "Action": "secretsmanager:*", "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}]),
                false,
            ),
            (
                json!([statement(&everybody, None), {"Effect": "Deny", "Principal": "*",
                "Action": "secretsmanager:DeleteSecret", "Resource": "*"}]),
                true,
            ),
            (
                json!([{"Effect": "Deny", "Principal": "*",
                "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]),
                false,
            ),
        ] {
            let refused = policy(&statements).unwrap().must_not_be_public();
            assert_eq!(refused.is_err(), is_public, "{statements}");
        }
    }

    #[test]
    fn everybody_is_narrowed_by_addresses_and_paths_that_are_few() {
        for (condition, is_public) in [
            (json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), false),
            (json!({"IpAddress": {"aws:SourceIp": ["192.0.2.7", "2001:db8::/32"]}}), false),
            (json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}), true),
            (json!({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "::/1", "8000::/1"]}}), true),
            (json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/00"}}), true),
            (json!({"StringLike": {"aws:SourceIp": "*"}}), true),
            (json!({"StringLike": {"aws:SourceIp": "1*"}}), true),
            (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}), false),
            (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1*"}}), true),
            (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-1/"}}), true),
        ] {
            let statements = json!([statement(&json!("*"), Some(condition))]);
            let refused = policy(&statements).unwrap().must_not_be_public();
            assert_eq!(refused.is_err(), is_public, "{statements}");
        }
    }

    #[test]
    fn a_policy_that_locks_out_is_found() {
        let callers = ["arn:aws:iam::111122223333:root", "111122223333"];
        for (statement, is_found) in [
            (
                json!({"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"}),
                true,
            ),
            (
                json!({"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}),
                true,
            ),
            (
                json!({"Effect": "Deny", "Principal": {"AWS": "444455556666"}, "Action": "*", "Resource": "*"}),
                false,
            ),
            (
                json!({"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}),
                false,
            ),
            (
                json!({"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:Get*", "Resource": "*"}),
                false,
            ),
            (
                json!({"Effect": "Deny", "Principal": "*", "NotAction": "secretsmanager:Put*", "Resource": "*"}),
                false,
            ),
        ] {
            let findings = policy(&json!([statement])).unwrap().findings(&callers);
            let found = findings.iter().any(|finding| finding.check == "LockOutCheck");
            assert_eq!(found, is_found, "{statement}");
        }
    }
}
