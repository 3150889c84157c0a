//! A rotation function: the four steps as AWS's documentation has them, in the test's own process. It
//! calls the server with the session that it is given, as a function does.

#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::Sensitive;
use coffer_pipeline::{
    FunctionCodeSource, FunctionHost, FunctionOrder, FunctionOutcome, NamedCode, NotRun,
    RotatorAction, RotatorStep,
};
use coffer_protocol::sigv4::Credentials;
use serde_json::{Value, json};

use crate::port::{Port, create_role, put_role_policy};
use crate::rotation_port::{ACCOUNT, Database, Trouble, bytes_of};

/// The host of the one function there is.
pub(crate) struct RotationFunction {
    database: Arc<Database>,
    port: OnceLock<Weak<Port>>,
    at_work: AtomicUsize,
    /// How many of it were at work at one time, at most.
    pub(crate) at_work_most: AtomicUsize,
    /// What it does besides, at the beginning of a step: an operation, with its input.
    pub(crate) besides: Mutex<Vec<(&'static str, &'static str, Value)>>,
}

/// A run of it, until that ends in whatever way.
struct Run<'a>(&'a RotationFunction);

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl FunctionHost for RotationFunction {
    fn is_enabled(&self) -> bool {
        true
    }

    fn allows(&self, _: &NamedCode) -> bool {
        true
    }

    async fn invoke(
        &self,
        order: FunctionOrder,
        _: &dyn FunctionCodeSource,
    ) -> Result<FunctionOutcome, NotRun> {
        let at_work = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
        let _run = Run(self);
        self.at_work_most.fetch_max(at_work, Ordering::SeqCst);
        let event: Value = serde_json::from_slice(order.payload.expose()).unwrap();
        let step = STEPS.into_iter().find(|step| event["Step"] == *step).unwrap();
        self.database.asked.lock().unwrap().push(step);
        let trouble = self.database.take_trouble(step);
        match trouble {
            Some(Trouble::Refuses | Trouble::Wastes) => {
                return Ok(failed(&order, "RefusedError", "it will not"));
            }
            Some(Trouble::Busy) => return Err(NotRun::Busy),
            Some(Trouble::Panics) => panic!("{step} panics"),
            Some(Trouble::HangsBefore) => self.database.hang().await,
            Some(Trouble::HangsAfter) | None => {}
        }
        let done = Step::of(self, &order, &event).run(step).await;
        if trouble == Some(Trouble::HangsAfter) {
            self.database.hang().await;
        }
        Ok(match done {
            Ok(()) => outcome(&order, None, &Value::Null),
            Err((kind, message)) => failed(&order, &kind, &message),
        })
    }
}

impl RotationFunction {
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self {
            database: Arc::clone(database),
            port: OnceLock::new(),
            at_work: AtomicUsize::new(0),
            at_work_most: AtomicUsize::new(0),
            besides: Mutex::default(),
        }
    }

    /// Makes the function, with a role that may rotate secrets and a policy that lets Secrets Manager
    /// in; its ARN.
    pub(crate) async fn deploy(&self, port: &Arc<Port>) -> String {
        self.port.set(Arc::downgrade(port)).ok();
        let (request, form) = create_role(ROLE, "lambda.amazonaws.com");
        insist(port, "iam", request, &form).await;
        self.permit_role(port, "Allow").await;
        let create = json!({
            "FunctionName": FUNCTION,
            "Role": format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}"),
            "Code": {"S3Bucket": "coffer-command", "S3Key": "rotate"},
            "Runtime": "provided.al2023",
            "Handler": "h",
        });
        let request = http::Request::post(format!("http://localhost{FUNCTIONS}"));
        insist(port, "lambda", request, &create.to_string()).await;
        self.let_in(port).await;
        format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{FUNCTION}")
    }

    /// Lets Secrets Manager call it.
    pub(crate) async fn let_in(&self, port: &Port) {
        let permission = json!({
            "StatementId": "SecretsManager",
            "Action": "lambda:InvokeFunction",
            "Principal": "secretsmanager.amazonaws.com",
            "SourceAccount": ACCOUNT,
        });
        let target = format!("http://localhost{FUNCTIONS}/{FUNCTION}/policy");
        insist(port, "lambda", http::Request::post(target), &permission.to_string()).await;
    }

    /// Takes that back.
    pub(crate) async fn keep_out(&self, port: &Port) {
        let target = format!("http://localhost{FUNCTIONS}/{FUNCTION}/policy/SecretsManager");
        insist(port, "lambda", http::Request::delete(target), "").await;
    }

    /// Deletes it.
    pub(crate) async fn delete(&self, port: &Port) {
        let target = format!("http://localhost{FUNCTIONS}/{FUNCTION}");
        insist(port, "lambda", http::Request::delete(target), "").await;
    }

    /// Has its role's policy allow or deny all of Secrets Manager.
    pub(crate) async fn permit_role(&self, port: &Port, effect: &str) {
        let statement = json!({"Effect": effect, "Action": "secretsmanager:*", "Resource": "*"});
        let (request, form) = put_role_policy(ROLE, statement);
        insist(port, "iam", request, &form).await;
    }
}

/// Sends a request until the store takes it.
async fn insist(port: &Port, service: &str, request: http::request::Builder, body: &str) {
    let head = request.body(()).unwrap().into_parts().0;
    for _ in 0..100 {
        let request = http::Request::builder().method(head.method.clone()).uri(head.uri.clone());
        let request = head.headers.iter().fold(request, |it, (name, value)| it.header(name, value));
        let answer = port.send(ACCOUNT, service, request, body.as_bytes()).await;
        match &answer.fault {
            Some(fault) if fault.is_unavailable() => {}
            // What was not known to be done was done.
            Some(fault) if fault.status == 409 => return,
            Some(fault) => panic!("{} {}: {fault}", head.method, head.uri),
            None => return,
        }
    }
    panic!("{} {} failed a hundred times", head.method, head.uri);
}

/// One step at work.
struct Step<'a> {
    function: &'a RotationFunction,
    credentials: Credentials,
    secret: &'a str,
    token: &'a str,
}

type Failure = (String, String);

impl<'a> Step<'a> {
    fn of(function: &'a RotationFunction, order: &FunctionOrder, event: &'a Value) -> Self {
        let session = &order.credentials;
        let credentials = Credentials {
            access_key_id: session.access_key_id.clone(),
            secret_access_key: session.secret_access_key.clone(),
            session_token: Some(session.session_token.clone()),
        };
        let (secret, token) = (&event["SecretId"], &event["ClientRequestToken"]);
        let (secret, token) = (secret.as_str().unwrap(), token.as_str().unwrap());
        Self { function, credentials, secret, token }
    }

    async fn call(&self, operation: &str, more: Value) -> Result<Value, Failure> {
        let mut input = json!({"SecretId": self.secret});
        if operation == "GetRandomPassword" {
            input = json!({});
        }
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let port = self.function.port.get().unwrap().upgrade().unwrap();
        for _ in 0..100 {
            let service = "secretsmanager";
            let answer = port.call_as(&self.credentials, service, operation, &input).await;
            match answer {
                Err((code, _)) if code == "ServiceUnavailable" => {}
                answer => return answer,
            }
        }
        panic!("{operation} failed a hundred times");
    }

    async fn value(&self, label: &str) -> Result<Value, Failure> {
        self.call("GetSecretValue", json!({"VersionStage": label})).await
    }

    async fn run(&self, step: &str) -> Result<(), Failure> {
        let besides = self.function.besides.lock().unwrap().clone();
        for (_, operation, input) in besides.iter().filter(|(at, _, _)| *at == step) {
            self.call(operation, input.clone()).await?;
        }
        let described = self.call("DescribeSecret", json!({})).await?;
        let labels = &described["VersionIdsToStages"][self.token];
        let has = |label: &str| labels.as_array().is_some_and(|it| it.contains(&json!(label)));
        if has("AWSCURRENT") {
            return Ok(());
        }
        if !has("AWSPENDING") {
            let message = format!("Secret version {} not set as AWSPENDING.", self.token);
            return Err(("ValueError".to_owned(), message));
        }
        match step {
            "createSecret" => self.create().await,
            "finishSecret" => self.finish(&described).await,
            step => self.ask(step).await,
        }
    }

    async fn create(&self) -> Result<(), Failure> {
        let current = self.value("AWSCURRENT").await?;
        match self.value("AWSPENDING").await {
            Ok(_) => return Ok(()),
            Err((code, _)) if code == "ResourceNotFoundException" => {}
            Err(failure) => return Err(failure),
        }
        let drawn = self.call("GetRandomPassword", json!({"ExcludePunctuation": true})).await?;
        let mut value: Value = serde_json::from_slice(&bytes_of(&current).unwrap()).unwrap();
        value["password"] = drawn["RandomPassword"].clone();
        let mut input = json!({"ClientRequestToken": self.token, "VersionStages": ["AWSPENDING"]});
        match current["SecretString"].is_string() {
            true => input["SecretString"] = json!(value.to_string()),
            false => input["SecretBinary"] = json!(STANDARD.encode(value.to_string())),
        }
        self.call("PutSecretValue", input).await.map(drop)
    }

    /// Sets or tests the password in the database.
    async fn ask(&self, step: &str) -> Result<(), Failure> {
        let current = text_of(&self.value("AWSCURRENT").await?);
        let pending = text_of(&self.value("AWSPENDING").await?);
        let action = match step {
            "setSecret" => RotatorAction::Set(pending),
            _ => RotatorAction::Test(pending),
        };
        let rotator = "a function".to_owned();
        let step = RotatorStep {
            rotator,
            version_id: self.token.to_owned(),
            action,
            current,
            previous: None,
            is_previous_rotated: false,
            superuser: None,
        };
        let done = self.function.database.done(&step);
        done.map(drop).map_err(|why| ("ValueError".to_owned(), why.why))
    }

    async fn finish(&self, described: &Value) -> Result<(), Failure> {
        let versions = described["VersionIdsToStages"].as_object().unwrap();
        let is_current = |labels: &Value| labels.as_array().unwrap().contains(&json!("AWSCURRENT"));
        let from = versions.iter().find(|(_, labels)| is_current(labels)).unwrap().0;
        let moved = json!({
            "VersionStage": "AWSCURRENT",
            "MoveToVersionId": self.token,
            "RemoveFromVersionId": from,
        });
        self.call("UpdateSecretVersionStage", moved).await.map(drop)
    }
}

fn text_of(answer: &Value) -> Sensitive<String> {
    String::from_utf8(bytes_of(answer).unwrap()).unwrap().into()
}

fn failed(order: &FunctionOrder, kind: &str, message: &str) -> FunctionOutcome {
    outcome(order, Some("Unhandled"), &json!({"errorType": kind, "errorMessage": message}))
}

fn outcome(order: &FunctionOrder, error: Option<&str>, payload: &Value) -> FunctionOutcome {
    FunctionOutcome {
        payload: payload.to_string().into_bytes().into(),
        function_error: error.map(str::to_owned),
        log_tail: Vec::new().into(),
        executed_version: order.version.clone(),
    }
}

/// The steps, in their order.
pub(crate) const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
const FUNCTION: &str = "rotate";
const ROLE: &str = "rotate-role";
const FUNCTIONS: &str = "/2015-03-31/functions";
