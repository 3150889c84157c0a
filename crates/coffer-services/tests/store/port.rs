//! The road to a world, travelled by signed requests.

use std::sync::Arc;
use std::time::Duration;

use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::{Received, Road, World};
use coffer_protocol::sigv4::{Credentials, Signer};
use coffer_services::{JOBS, SERVICES};
use serde_json::Value;

/// A road whose callers are the roots of accounts.
pub(crate) struct Port {
    road: Road,
}

impl Port {
    pub(crate) fn new(world: World) -> Self {
        Self { road: Road::new(Arc::new(world), SERVICES) }
    }

    pub(crate) fn world(&self) -> &World {
        self.road.world()
    }

    /// Calls an operation; what it answers, or the code and the message of its refusal.
    pub(crate) async fn call(
        &self,
        account: &str,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, (String, String)> {
        let target_prefix = match service {
            "coffer" => "Coffer_20261123",
            "kms" => "TrentService",
            "secretsmanager" => "secretsmanager",
            _ => "AWSOrganizationsV20161128",
        };
        let body = input.to_string().into_bytes();
        let request = http::Request::post("http://localhost/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{target_prefix}.{operation}"));
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        let credentials = Credentials {
            access_key_id: account.to_owned(),
            secret_access_key: "test".to_owned().into(),
            session_token: None,
        };
        let now = self.world().clock.now();
        let signer = Signer { credentials: &credentials, region: "us-east-1", service, now };
        signer.sign_request(&mut head, &body).unwrap();
        let answer = self
            .road
            .travel(Received {
                head,
                body: body.into(),
                source_ip: "127.0.0.1".into(),
                tls: None,
                now,
                real_now: now,
            })
            .await;
        if answer.status == 200 {
            let read = |body: &[u8]| serde_json::from_slice(body).unwrap_or(Value::Null);
            return Ok(read(&answer.body));
        }
        let fault = answer.fault.unwrap();
        Err((fault.code.to_owned(), fault.for_log()))
    }

    /// Runs one due job, if there is one; tells whether there was.
    pub(crate) async fn run_job(&self) -> bool {
        self.world().clock.advance(Duration::from_secs(1)).unwrap();
        let (done, _) = run_due(self.world(), JOBS, 1).await.unwrap();
        done > 0
    }
}
