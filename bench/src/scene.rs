//! What is measured on: parameters and a secret under a customer's key with a key policy of its own,
//! a resource policy on the secret, and a role whose policy has ten statements.

use std::net::SocketAddr;

use coffer_model::Sensitive;
use coffer_protocol::sigv4::Credentials;
use serde_json::{Value, json};

use crate::call;

/// Makes it all by the API, as the account's root, and gives the credentials of a session of the
/// role.
pub(crate) fn prepare(server: SocketAddr) -> Result<Credentials, String> {
    let scene = Scene { server, root: call::root() };
    let role = role_arn();
    scene.form(
        "iam",
        &[
            ("Action", "CreateRole"),
            ("Version", "2010-05-08"),
            ("RoleName", "bench"),
            ("AssumeRolePolicyDocument", &trust()),
        ],
    )?;
    scene.form(
        "iam",
        &[
            ("Action", "PutRolePolicy"),
            ("Version", "2010-05-08"),
            ("RoleName", "bench"),
            ("PolicyName", "bench"),
            ("PolicyDocument", &ten_statements()),
        ],
    )?;
    let key = scene.json("kms", "TrentService.CreateKey", &json!({"Policy": key_policy(&role)}))?;
    let key = key.pointer("/KeyMetadata/Arn").and_then(Value::as_str).ok_or("no key")?.to_owned();
    scene.json(
        "ssm",
        "AmazonSSM.PutParameter",
        &json!({
            "Name": "/bench/db/password", "Type": "SecureString", "Value": VALUE, "KeyId": key,
        }),
    )?;
    for number in 0..PAGE {
        let page = json!({"Name": format!("/bench/page/{number}"), "Type": "SecureString",
            "Value": VALUE, "KeyId": key});
        scene.json("ssm", "AmazonSSM.PutParameter", &page)?;
    }
    scene.json(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &json!({
            "Name": "bench/db", "ClientRequestToken": "00000000-0000-4000-8000-000000000001",
            "SecretString": json!({"username": "app", "password": VALUE}).to_string(),
            "KmsKeyId": key,
        }),
    )?;
    scene.json(
        "secretsmanager",
        "secretsmanager.PutResourcePolicy",
        &json!({
            "SecretId": "bench/db", "ResourcePolicy": resource_policy(&role),
        }),
    )?;
    scene.as_user(&role)
}

/// Credentials of a session of the role that was made before.
pub(crate) fn session(server: SocketAddr) -> Result<Credentials, String> {
    let scene = Scene { server, root: call::root() };
    let key = scene.form(
        "iam",
        &[("Action", "CreateAccessKey"), ("Version", "2010-05-08"), ("UserName", "bench")],
    )?;
    let key = credentials(&key)?;
    let session = scene.assume(&key, &role_arn())?;
    // A user has two at most, and a store that is kept is used more often.
    let members = [
        ("Action", "DeleteAccessKey"),
        ("Version", "2010-05-08"),
        ("UserName", "bench"),
        ("AccessKeyId", &*key.access_key_id),
    ];
    scene.form("iam", &members)?;
    Ok(session)
}

fn role_arn() -> String {
    format!("arn:aws:iam::{}:role/bench", call::ACCOUNT)
}

struct Scene {
    server: SocketAddr,
    root: Credentials,
}

impl Scene {
    fn json(&self, service: &str, target: &str, input: &Value) -> Result<Value, String> {
        let request = call::signed(self.server, &self.root, service, target, &input.to_string())?;
        let answer = call::once(self.server, &request)?;
        serde_json::from_slice(&answer).map_err(|error| error.to_string())
    }

    fn form(&self, service: &str, members: &[(&str, &str)]) -> Result<String, String> {
        self.form_as(&self.root, service, members)
    }

    fn form_as(
        &self,
        credentials: &Credentials,
        service: &str,
        members: &[(&str, &str)],
    ) -> Result<String, String> {
        let pairs = members.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
        let form = pairs.collect::<Vec<_>>().join("&");
        let request = call::signed_form(self.server, credentials, service, &form)?;
        let answer = call::once(self.server, &request)?;
        String::from_utf8(answer).map_err(|error| error.to_string())
    }

    /// An account's root may not assume roles, so a user does.
    fn as_user(&self, role: &str) -> Result<Credentials, String> {
        let of_iam = |action, more: &[(&str, &str)]| {
            let mut members = vec![("Action", action), ("Version", "2010-05-08")];
            members.extend_from_slice(more);
            members.push(("UserName", "bench"));
            self.form("iam", &members)
        };
        of_iam("CreateUser", &[])?;
        let assume = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}})
        .to_string();
        of_iam("PutUserPolicy", &[("PolicyName", "assume"), ("PolicyDocument", &assume)])?;
        self.assume(&credentials(&of_iam("CreateAccessKey", &[])?)?, role)
    }

    fn assume(&self, user: &Credentials, role: &str) -> Result<Credentials, String> {
        let answer = self.form_as(
            user,
            "sts",
            &[
                ("Action", "AssumeRole"),
                ("Version", "2011-06-15"),
                ("RoleArn", role),
                ("RoleSessionName", "bench"),
            ],
        )?;
        credentials(&answer)
    }
}

fn trust() -> String {
    json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", call::ACCOUNT)}}})
    .to_string()
}

/// What an application's role has: a statement each for what it reads, lists, writes and never
/// does; the one that lets it read what is measured is the last.
fn ten_statements() -> String {
    let arn =
        |service: &str, rest: &str| format!("arn:aws:{service}:us-east-1:{}:{rest}", call::ACCOUNT);
    let allow = |actions: &[&str], resource: String| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    let mut statements: Vec<Value> = ["billing", "orders", "search"]
        .into_iter()
        .map(|team| {
            allow(
                &["ssm:GetParameter", "ssm:GetParameters"],
                arn("ssm", &format!("parameter/{team}/*")),
            )
        })
        .collect();
    statements.push(allow(&["ssm:DescribeParameters"], "*".to_owned()));
    statements.push(allow(&["secretsmanager:ListSecrets"], "*".to_owned()));
    statements
        .push(allow(&["secretsmanager:PutSecretValue"], arn("secretsmanager", "secret:own/*")));
    statements.push(allow(&["kms:DescribeKey", "kms:ListAliases"], "*".to_owned()));
    statements.push(json!({"Effect": "Deny", "Action": ["secretsmanager:*", "ssm:*"],
        "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}}));
    statements.push(json!({"Effect": "Deny", "Action": "ssm:Delete*", "Resource": "*"}));
    statements.push(json!({"Effect": "Allow",
        "Action": ["ssm:GetParameter", "secretsmanager:GetSecretValue", "kms:Decrypt",
                   "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:PutParameter", "secretsmanager:PutSecretValue",
                   "secretsmanager:CreateSecret", "kms:Encrypt", "kms:GenerateDataKey"],
        "Resource": [arn("ssm", "parameter/bench/*"), arn("secretsmanager", "secret:bench/*"),
                     arn("kms", "key/*")]}));
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn key_policy(role: &str) -> String {
    let root = format!("arn:aws:iam::{}:root", call::ACCOUNT);
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "account", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*",
         "Resource": "*"},
        {"Sid": "role", "Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:Decrypt",
         "Resource": "*", "Condition": {"StringLike": {
             "kms:ViaService": ["secretsmanager.*.amazonaws.com", "ssm.*.amazonaws.com"]}}},
    ]})
    .to_string()
}

fn resource_policy(role: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": role}, "Resource": "*",
         "Action": "secretsmanager:GetSecretValue",
         "Condition": {"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}},
        {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret",
         "Resource": "*"},
    ]})
    .to_string()
}

/// The credentials in an answer of STS or IAM.
fn credentials(answer: &str) -> Result<Credentials, String> {
    let text = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        rest.split_once('<').map(|(value, _)| value.to_owned())
    };
    Ok(Credentials {
        access_key_id: text("AccessKeyId").ok_or("no access key")?,
        secret_access_key: Sensitive::new(text("SecretAccessKey").ok_or("no secret")?),
        session_token: text("SessionToken").map(Sensitive::new),
    })
}

/// Escapes a form's value.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Two hundred bytes, as an ordinary secret has.
pub(crate) const VALUE: &str = "correct-horse-battery-staple-0123456789-abcdefghijklmnopqrstuvwxyz-\
                     correct-horse-battery-staple-0123456789-abcdefghijklmnopqrstuvwxyz-\
                     correct-horse-battery-staple-0123456789-abcdefghijklmnopqrstuvwxyz";
/// Parameters on the page that is read by its path: as many as it has by default.
const PAGE: usize = 10;
