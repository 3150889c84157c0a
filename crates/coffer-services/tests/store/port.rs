//! The road to a world, travelled by signed requests.

use std::sync::Arc;
use std::time::Duration;

use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::{Answer, Quotas, Received, Road, World};
use coffer_protocol::sigv4::{Credentials, Signer};
use coffer_services::{JOBS, SERVICES};
use serde_json::{Value, json};

/// A road whose callers are the roots of accounts.
pub(crate) struct Port {
    road: Road,
    region: &'static str,
}

impl Port {
    pub(crate) fn new(world: World) -> Self {
        Self::shared(Arc::new(world), REGION)
    }

    /// A road to a world that others have, too; it is called in this region.
    pub(crate) fn shared(world: Arc<World>, region: &'static str) -> Self {
        Self { road: Road::new(world, SERVICES), region }
    }

    /// The same road under AWS's quotas.
    pub(crate) fn with_quotas(self) -> Self {
        let quotas = Quotas::new(SERVICES, coffer_services::quotas::aws());
        Self { road: self.road.with_quotas(Some(quotas)), ..self }
    }

    pub(crate) fn world(&self) -> &World {
        self.road.world()
    }

    /// Calls an operation as the root of an account; what it answers, or the code and the message of
    /// its refusal.
    pub(crate) async fn call(
        &self,
        account: &str,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, (String, String)> {
        self.call_as(&root_of(account), service, operation, input).await
    }

    /// Calls an operation with these credentials.
    pub(crate) async fn call_as(
        &self,
        credentials: &Credentials,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, (String, String)> {
        let target_prefix = match service {
            "coffer" => "Coffer_20261123",
            "kms" => "TrentService",
            "secretsmanager" => "secretsmanager",
            "ssm" => "AmazonSSM",
            _ => "AWSOrganizationsV20161128",
        };
        let body = input.to_string().into_bytes();
        let request = http::Request::post("http://localhost/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{target_prefix}.{operation}"));
        let answer = send_in(&self.road, self.region, credentials, service, request, &body).await;
        if answer.status == 200 {
            let read = |body: &[u8]| serde_json::from_slice(body).unwrap_or(Value::Null);
            return Ok(read(&answer.body));
        }
        let fault = answer.fault.unwrap();
        Err((fault.code.to_owned(), fault.for_log()))
    }

    /// Sends a request as the root of an account.
    pub(crate) async fn send(
        &self,
        account: &str,
        service: &str,
        request: http::request::Builder,
        body: &[u8],
    ) -> Answer {
        send_in(&self.road, self.region, &root_of(account), service, request, body).await
    }

    /// Runs one due job, if there is one; tells whether there was.
    pub(crate) async fn run_job(&self) -> bool {
        self.world().clock.advance(Duration::from_secs(1)).unwrap();
        let (done, _) = run_due(self.world(), JOBS, 1).await.unwrap();
        done > 0
    }
}

/// The root of an account, who signs with the account's id.
pub(crate) fn root_of(account: &str) -> Credentials {
    Credentials {
        access_key_id: account.to_owned(),
        secret_access_key: "test".to_owned().into(),
        session_token: None,
    }
}

/// Signs a request and sends it along a road.
pub(crate) async fn send(
    road: &Road,
    credentials: &Credentials,
    service: &str,
    request: http::request::Builder,
    body: &[u8],
) -> Answer {
    send_in(road, REGION, credentials, service, request, body).await
}

/// Does so in a region.
async fn send_in(
    road: &Road,
    region: &str,
    credentials: &Credentials,
    service: &str,
    request: http::request::Builder,
    body: &[u8],
) -> Answer {
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    let now = road.world().clock.now();
    let signer = Signer { credentials, region, service, now };
    signer.sign_request(&mut head, body).unwrap();
    let (source_ip, body) = ("127.0.0.1".into(), body.to_vec().into());
    road.travel(Box::new(Received { head, body, source_ip, tls: None, now, real_now: now })).await
}

/// CreateRole, for a role that this service may assume.
pub(crate) fn create_role(name: &str, service: &str) -> (http::request::Builder, String) {
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"Service": service}, "Action": "sts:AssumeRole"}});
    let document = escaped(&trust);
    iam("CreateRole", &format!("RoleName={name}&AssumeRolePolicyDocument={document}"))
}

/// PutRolePolicy, with one statement.
pub(crate) fn put_role_policy(role: &str, statement: Value) -> (http::request::Builder, String) {
    let policy = json!({"Version": "2012-10-17", "Statement": statement});
    let document = escaped(&policy);
    let form = format!("RoleName={role}&PolicyName=p&PolicyDocument={document}");
    iam("PutRolePolicy", &form)
}

fn iam(action: &str, members: &str) -> (http::request::Builder, String) {
    let request = http::Request::post("http://localhost/")
        .header("content-type", "application/x-www-form-urlencoded");
    (request, format!("Action={action}&Version=2010-05-08&{members}"))
}

fn escaped(document: &Value) -> String {
    document.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Where callers call when nothing else is said.
const REGION: &str = "us-east-1";
