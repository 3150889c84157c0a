//! Who asks: one persona for each way of being allowed or denied.

use coffer_protocol::sigv4::Credentials;
use serde_json::{Value, json};

use crate::port::{Port, root_of};

/// Somebody who asks, the name of its column and what it is.
pub(crate) struct Persona {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) account: &'static str,
    pub(crate) credentials: Credentials,
}

/// Makes all personas, in the order of their columns. There has to be an organization that has the
/// bounded account.
pub(crate) async fn personas(port: &Port) -> Vec<Persona> {
    let mut all = Vec::new();
    for (name, account, about) in TABLE {
        let credentials = match *name {
            "root" | "Broot" | "Croot" => root_of(account),
            "sess" | "tags" => role_session(port, name).await,
            "fed" => federated(port).await,
            user => self::user(port, account, user).await,
        };
        all.push(Persona { name, about, account, credentials });
    }
    bound(port).await;
    all
}

/// Lets an account only do what a service control policy of its organization allows.
async fn bound(port: &Port) {
    let root = root_of(OWNER);
    let policy = json!({"Name": "bound", "Description": "bound", "Type": "SERVICE_CONTROL_POLICY",
        "Content": document(&service_control())});
    let id = port.gets(&root, "organizations", "CreatePolicy", &policy).await.text("Id");
    let attach = json!({"PolicyId": id, "TargetId": BOUNDED});
    port.gets(&root, "organizations", "AttachPolicy", &attach).await;
    let detach = json!({"PolicyId": "p-FullAWSAccess", "TargetId": BOUNDED});
    port.gets(&root, "organizations", "DetachPolicy", &detach).await;
}

async fn user(port: &Port, account: &str, name: &str) -> Credentials {
    let root = root_of(account);
    let user = json!({"UserName": name});
    port.gets(&root, "iam", "CreateUser", &user).await;
    if let Some(statement) = statements_of(name) {
        let document = document(&statement);
        let put = json!({"UserName": name, "PolicyName": "p", "PolicyDocument": document});
        port.gets(&root, "iam", "PutUserPolicy", &put).await;
    }
    if ["admin", "bound", "deny", "scp"].contains(&name) {
        let attach = json!({"UserName": name, "PolicyArn": ADMINISTRATOR});
        port.gets(&root, "iam", "AttachUserPolicy", &attach).await;
    }
    if name == "bound" {
        let policy = json!({"PolicyName": "bound", "PolicyDocument": document(&boundary())});
        let arn = port.gets(&root, "iam", "CreatePolicy", &policy).await.text("Arn");
        let put = json!({"UserName": name, "PermissionsBoundary": arn});
        port.gets(&root, "iam", "PutUserPermissionsBoundary", &put).await;
    }
    port.gets(&root, "iam", "CreateAccessKey", &user).await.credentials()
}

fn statements_of(name: &str) -> Option<Value> {
    match name {
        "app" => Some(ten_statements()),
        "deny" => Some(denials()),
        "Buser" => Some(json!([allow(&["*"], &["*"])])),
        _ => None,
    }
}

async fn role_session(port: &Port, name: &str) -> Credentials {
    let (root, admin) = (root_of(OWNER), assumer(port, name).await);
    let trust = json!([{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{OWNER}:root")}}]);
    let tags = json!([{"Key": "team", "Value": "app"}]);
    let role =
        json!({"RoleName": name, "AssumeRolePolicyDocument": document(&trust), "Tags": tags});
    let arn = port.gets(&root, "iam", "CreateRole", &role).await.text("Arn");
    let policy = if name == "tags" { by_tags() } else { json!([allow(&["*"], &["*"])]) };
    let put = json!({"RoleName": name, "PolicyName": "p", "PolicyDocument": document(&policy)});
    port.gets(&root, "iam", "PutRolePolicy", &put).await;
    let mut assume = json!({"RoleArn": arn, "RoleSessionName": "session"});
    if name == "sess" {
        assume["Policy"] = json!(document(&session_policy()));
    }
    port.gets(&admin, "sts", "AssumeRole", &assume).await.credentials()
}

/// A user of no column who may assume roles: no root can.
async fn assumer(port: &Port, role: &str) -> Credentials {
    let (root, user) = (root_of(OWNER), json!({"UserName": format!("assumer-of-{role}")}));
    port.gets(&root, "iam", "CreateUser", &user).await;
    let mut put = user.clone();
    put["PolicyName"] = json!("p");
    put["PolicyDocument"] = json!(document(&json!([allow(&["sts:AssumeRole"], &["*"])])));
    port.gets(&root, "iam", "PutUserPolicy", &put).await;
    port.gets(&root, "iam", "CreateAccessKey", &user).await.credentials()
}

async fn federated(port: &Port) -> Credentials {
    let (root, user) = (root_of(OWNER), json!({"UserName": "federator"}));
    port.gets(&root, "iam", "CreateUser", &user).await;
    let mut put = user.clone();
    put["PolicyName"] = json!("p");
    let may = allow(&["sts:GetFederationToken", "ssm:*", "secretsmanager:*", "kms:*"], &["*"]);
    put["PolicyDocument"] = json!(document(&json!([may])));
    port.gets(&root, "iam", "PutUserPolicy", &put).await;
    let federator = port.gets(&root, "iam", "CreateAccessKey", &user).await.credentials();
    let ask = json!({"Name": "fed", "Policy": document(&session_policy())});
    port.gets(&federator, "sts", "GetFederationToken", &ask).await.credentials()
}

pub(crate) fn document(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(actions: &[&str], resources: &[&str]) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

/// What an application has: ten statements, each about its own path, prefix or alias.
fn ten_statements() -> Value {
    let aliases = json!({"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/app*"}});
    json!([
        allow(&["ssm:GetParameter*"], &["arn:aws:ssm:*:*:parameter/app/*"]),
        allow(&["ssm:GetParametersByPath"], &["arn:aws:ssm:*:*:parameter/app"]),
        allow(&["ssm:PutParameter"], &["arn:aws:ssm:*:*:parameter/app/*"]),
        allow(&["ssm:DescribeParameters"], &["*"]),
        allow(
            &["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            &["arn:aws:secretsmanager:*:*:secret:app/*"],
        ),
        allow(
            &["secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"],
            &["arn:aws:secretsmanager:*:*:secret:app/*"],
        ),
        allow(&["secretsmanager:BatchGetSecretValue"], &["*"]),
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"],
         "Resource": "*", "Condition": aliases},
        allow(&["iam:GetUser", "iam:ListAccessKeys"], &["arn:aws:iam::*:user/${aws:username}"]),
        allow(&["sts:AssumeRole"], &["arn:aws:iam::*:role/app/*"]),
    ])
}

fn boundary() -> Value {
    json!([
        allow(&["ssm:*", "iam:Get*"], &["*"]),
        allow(&["secretsmanager:Get*", "secretsmanager:Describe*", "kms:Decrypt"], &["*"]),
    ])
}

fn service_control() -> Value {
    json!([
        allow(&["ssm:*", "secretsmanager:*", "sts:*"], &["*"]),
        {"Effect": "Deny", "Action": ["*:Delete*", "*:Remove*"], "Resource": "*"},
    ])
}

fn session_policy() -> Value {
    json!([
        allow(&["ssm:*"], &["arn:aws:ssm:*:*:parameter/app/*"]),
        allow(&["secretsmanager:Get*"], &["arn:aws:secretsmanager:*:*:secret:app/*"]),
        allow(&["kms:Decrypt"], &["*"]),
    ])
}

fn by_tags() -> Value {
    json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition":
        {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}}])
}

fn denials() -> Value {
    let resources = [
        "arn:aws:ssm:*:*:parameter/app*",
        "arn:aws:secretsmanager:*:*:secret:app/*",
        "arn:aws:kms:*:*:alias/app*",
        "arn:aws:iam::*:*/app/*",
        "arn:aws:cloudtrail:*:*:trail/app*",
        "arn:aws:lambda:*:*:function:app*",
    ];
    json!([
        {"Effect": "Deny", "Action": "*", "Resource": resources},
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition":
            {"StringEquals": {"aws:ResourceTag/team": "app"}}},
    ])
}

/// The account that resources belong to.
pub(crate) const OWNER: &str = "111122223333";
/// An account that the policies of covered resources let in.
pub(crate) const FRIEND: &str = "444455556666";
/// An account that a service control policy bounds.
pub(crate) const BOUNDED: &str = "888899990000";
/// An account that nothing lets in.
pub(crate) const STRANGER: &str = "777788889999";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

const TABLE: &[(&str, &str, &str)] = &[
    ("root", OWNER, "the account's root"),
    ("admin", OWNER, "a user with AdministratorAccess"),
    ("none", OWNER, "a user without policies"),
    ("app", OWNER, "a user with ten statements about /app/*, secret:app/*, keys of alias/app*"),
    ("bound", OWNER, "AdministratorAccess within a boundary: ssm:*, iam:Get*, reading secrets"),
    ("sess", OWNER, "a session of an all-powerful role, with a session policy to read app/*"),
    ("tags", OWNER, "a session of a role that may do all where the tag `team` is its own, `app`"),
    ("deny", OWNER, "AdministratorAccess, and an explicit deny on all that is covered"),
    ("grant", OWNER, "a user without policies, with a grant of Decrypt on the covered key"),
    ("fed", OWNER, "a federated user: its user may ssm, secrets, kms; its policy: to read app/*"),
    ("Broot", FRIEND, "the root of another account, which policies of covered resources let in"),
    ("Buser", FRIEND, "a user of that account who may do all there"),
    ("Bnone", FRIEND, "a user of that account without policies"),
    (
        "scp",
        BOUNDED,
        "AdministratorAccess, where a service control policy allows ssm, secrets, sts",
    ),
    ("Croot", STRANGER, "the root of an account that nothing lets in"),
];
