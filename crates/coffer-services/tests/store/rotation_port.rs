//! A secret that rotates, and the database whose password it holds.

#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::{
    FunctionHost, NewValue, NotRotated, Outside, RotatorAction, RotatorKind, RotatorStep,
    Unreachable, World,
};
use coffer_services::JOBS;
use coffer_store::{Faults, Sim};
use serde_json::{Value, json};

use crate::port::Port;
use crate::rotation_function::RotationFunction;
use crate::world::world_on;

/// A database that knows one password, and whose steps go wrong as the test wants.
#[derive(Default)]
pub(crate) struct Database {
    pub(crate) password: Mutex<String>,
    /// The steps that were asked for.
    pub(crate) asked: Mutex<Vec<&'static str>>,
    /// What goes wrong next: the step, and how.
    pub(crate) trouble: Mutex<Vec<(&'static str, Trouble)>>,
    /// What was previous when a rotation finished, and whether a rotation had made that.
    pub(crate) finished: Mutex<Vec<(Option<String>, bool)>>,
    /// Whether a runner is stuck in a step.
    pub(crate) is_stuck: AtomicBool,
}

impl Database {
    /// The rotators that know it: one makes something at each step that creates.
    const KINDS: &[(&str, RotatorKind)] = &[
        (
            "postgresql-single-user",
            RotatorKind { needs_superuser: false, creates_outside: false, finishes: false },
        ),
        (
            "postgresql-alternating-users",
            RotatorKind { needs_superuser: true, creates_outside: false, finishes: false },
        ),
        (
            "api-key/test",
            RotatorKind { needs_superuser: false, creates_outside: true, finishes: true },
        ),
    ];
}

/// How a step goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It says why not.
    Refuses,
    /// It says why not, and that it is not to be asked again.
    Wastes,
    /// It never answers, and has done nothing.
    HangsBefore,
    /// It never answers, and has done what it should.
    HangsAfter,
    /// It panics.
    Panics,
    /// There is no room for it.
    Busy,
}

#[async_trait]
impl Outside for Database {
    async fn get(&self, _: &str) -> Result<Vec<u8>, Unreachable> {
        Err(Unreachable("it is a database".to_owned()))
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }

    async fn rotate(&self, step: RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        let name = match &step.action {
            RotatorAction::Create(_) => "createSecret",
            RotatorAction::Set(_) => "setSecret",
            RotatorAction::Test(_) => "testSecret",
            RotatorAction::Finish(_) => "finishSecret",
        };
        self.asked.lock().unwrap().push(name);
        let trouble = self.take_trouble(name);
        match trouble {
            Some(Trouble::Refuses | Trouble::Busy) => {
                return Err(Unreachable(format!("{name} was refused")).into());
            }
            Some(Trouble::Wastes) => {
                let why = format!("{name} made what nobody can use");
                return Err(NotRotated { why, is_final: true });
            }
            Some(Trouble::Panics) => panic!("{name} panics"),
            Some(Trouble::HangsBefore) => self.hang().await,
            Some(Trouble::HangsAfter) | None => {}
        }
        let done = self.done(&step);
        if trouble == Some(Trouble::HangsAfter) {
            self.hang().await;
        }
        done
    }

    fn rotator(&self, name: &str) -> Result<RotatorKind, Unreachable> {
        let none = || Unreachable(format!("There is no rotator {name}."));
        Self::KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind).ok_or_else(none)
    }

    fn check_values(
        &self,
        _: &str,
        current: &Sensitive<String>,
        _: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable> {
        let value: Value = serde_json::from_str(current.expose()).unwrap_or_default();
        let has_password = value["password"].is_string();
        has_password.then_some(()).ok_or_else(|| Unreachable("there is no password".to_owned()))
    }
}

impl Database {
    pub(crate) fn take_trouble(&self, name: &str) -> Option<Trouble> {
        let mut trouble = self.trouble.lock().unwrap();
        let place = trouble.iter().position(|(step, _)| *step == name)?;
        Some(trouble.remove(place).1)
    }

    pub(crate) async fn hang(&self) {
        self.is_stuck.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }

    pub(crate) fn done(&self, step: &RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        let password_of = |value: &Sensitive<String>| {
            let value: Value = serde_json::from_str(value.expose()).unwrap();
            value["password"].as_str().unwrap().to_owned()
        };
        let mut password = self.password.lock().unwrap();
        let is_known = |value: &Sensitive<String>| *password == password_of(value);
        match &step.action {
            RotatorAction::Create(new) => {
                let mut value: Value = serde_json::from_str(step.current.expose()).unwrap();
                value["password"] = json!(new.expose());
                let kind = self.rotator(&step.rotator)?;
                let made = kind.creates_outside.then(|| format!("what {} made", step.version_id));
                Ok(Some(NewValue { text: value.to_string().into(), made }))
            }
            RotatorAction::Set(pending) => {
                let may = is_known(pending)
                    || is_known(&step.current)
                    || step.previous.as_ref().is_some_and(is_known);
                if !may {
                    return Err(Unreachable("no password opens the database".to_owned()).into());
                }
                *password = password_of(pending);
                Ok(None)
            }
            RotatorAction::Test(pending) if is_known(pending) => Ok(None),
            RotatorAction::Test(_) => Err(Unreachable("the password is another".to_owned()).into()),
            RotatorAction::Finish(_) => {
                let previous = step.previous.as_ref().map(password_of);
                self.finished.lock().unwrap().push((previous, step.is_previous_rotated));
                Ok(None)
            }
        }
    }
}

/// A server with one secret, `db`, and its database.
pub(crate) struct Rotating {
    pub(crate) port: Arc<Port>,
    pub(crate) database: Arc<Database>,
    /// What rotates it.
    pub(crate) rotator: String,
}

impl Rotating {
    /// With the secret made, and nothing said of rotation.
    pub(crate) async fn new(faults: Option<(u64, Faults)>) -> Self {
        let database = Arc::new(Database::default());
        let mut world = world_with(faults);
        world.outside = Arc::clone(&database) as Arc<dyn Outside>;
        let this = Self { port: Arc::new(Port::new(world)), database, rotator: ROTATOR.to_owned() };
        this.make(json!({"SecretString": FIRST})).await;
        this
    }

    /// With a function, which is to rotate a secret of this value.
    pub(crate) async fn by_function(
        faults: Option<(u64, Faults)>,
        value: Value,
    ) -> (Self, Arc<RotationFunction>) {
        let database = Arc::new(Database::default());
        let function = Arc::new(RotationFunction::of(&database));
        let mut world = world_with(faults);
        world.functions = Arc::clone(&function) as Arc<dyn FunctionHost>;
        let port = Arc::new(Port::new(world));
        let rotator = function.deploy(&port).await;
        let this = Self { port, database, rotator };
        this.make(value).await;
        (this, function)
    }

    async fn make(&self, value: Value) {
        "first".clone_into(&mut self.database.password.lock().unwrap());
        let mut input = json!({"Name": "db", "ClientRequestToken": token(0)});
        let members = value.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(members);
        self.must("CreateSecret", input).await;
    }

    pub(crate) async fn call(
        &self,
        operation: &str,
        input: Value,
    ) -> Result<Value, (String, String)> {
        self.ask("secretsmanager", operation, input).await
    }

    pub(crate) async fn ask(
        &self,
        service: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, (String, String)> {
        for _ in 0..100 {
            let answer = self.port.call(ACCOUNT, service, operation, &input).await;
            match answer {
                // What a store with faults answers, and a client tries again.
                Err((code, _)) if code == "ServiceUnavailable" => {}
                answer => {
                    // Events of one instant are in no order.
                    self.advance(Duration::from_millis(1));
                    return answer;
                }
            }
        }
        panic!("{operation} failed a hundred times");
    }

    pub(crate) async fn must(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input).await.unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    /// RotateSecret with a rotator of a single user, and whatever else is given.
    pub(crate) async fn rotate(&self, number: u32, more: Value) -> Result<Value, (String, String)> {
        let mut input = json!({
            "SecretId": "db",
            "ClientRequestToken": token(number),
            "RotationLambdaARN": self.rotator,
        });
        let members = more.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(members);
        self.call("RotateSecret", input).await
    }

    /// Runs what is due now.
    pub(crate) async fn work(&self) {
        for _ in 0..1_000 {
            match run_due(self.port.world(), JOBS, 1).await {
                Ok((0, _)) => return,
                Ok(_) | Err(_) => self.advance(Duration::from_millis(1)),
            }
        }
        panic!("jobs never end");
    }

    /// Runs what is due, until a runner is stuck; it is left there as by a crash, and the clock goes
    /// on until its lease has ended.
    pub(crate) async fn work_and_crash(&self) {
        let stuck = async {
            while !self.database.is_stuck.swap(false, Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = stuck => {}
            () = self.work() => panic!("nobody got stuck"),
        }
        self.advance(Duration::from_secs(61));
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.port.world().clock.advance(span).unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.port.world().clock.now()
    }

    /// Moves the clock to an instant.
    pub(crate) fn go_to(&self, text: &str) {
        let instant: Timestamp = text.parse().unwrap();
        assert!(instant >= self.now(), "{text} is past");
        self.advance(instant.since(self.now()));
    }

    pub(crate) async fn describe(&self) -> Value {
        self.must("DescribeSecret", json!({"SecretId": "db"})).await
    }

    /// The password with a label.
    pub(crate) async fn password(&self, label: &str) -> Option<String> {
        let input = json!({"SecretId": "db", "VersionStage": label});
        let answer = self.call("GetSecretValue", input).await.ok()?;
        let value: Value = serde_json::from_slice(&bytes_of(&answer)?).unwrap();
        value["password"].as_str().map(str::to_owned)
    }

    /// The password of the version of a rotation.
    pub(crate) async fn version(&self, number: u32) -> Option<String> {
        let input = json!({"SecretId": "db", "VersionId": token(number)});
        let answer = self.call("GetSecretValue", input).await.ok()?;
        let value: Value = serde_json::from_str(answer["SecretString"].as_str()?).unwrap();
        value["password"].as_str().map(str::to_owned)
    }

    /// The names of the events of rotations, in their order.
    pub(crate) async fn told(&self) -> Vec<String> {
        let name = |event: &Value| event["detail"]["eventName"].as_str().map(str::to_owned);
        self.events().await.iter().filter_map(name).collect()
    }

    /// All events, in their order.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let answer = self.ask("coffer", "ListEvents", json!({"MaxResults": 100})).await.unwrap();
        let events = answer["Events"].as_array().unwrap().iter();
        let read = |event: &Value| match event {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            event => event.clone(),
        };
        events.map(read).collect()
    }

    /// The rotation has ended well: the new password opens the database, and is the current one.
    pub(crate) async fn assert_rotated(&self, number: u32) {
        let described = self.describe().await;
        assert_eq!(stages(&described, number), json!(["AWSCURRENT"]), "{described}");
        let current = self.password("AWSCURRENT").await.unwrap();
        assert_eq!(current, *self.database.password.lock().unwrap());
        assert_ne!(current, "first");
        assert_eq!(current.len(), 32);
        assert_eq!(self.password("AWSPENDING").await, None);
    }

    /// What the operator is shown of the rotation.
    pub(crate) async fn state(&self) -> Value {
        let input = json!({"SecretId": "db"});
        self.ask("coffer", "DescribeRotation", input).await.unwrap()["Rotation"].clone()
    }
}

/// The labels of a version.
pub(crate) fn stages(described: &Value, number: u32) -> Value {
    described["VersionIdsToStages"][token(number)].clone()
}

fn world_with(faults: Option<(u64, Faults)>) -> World {
    world_on(Arc::new(match faults {
        Some((seed, faults)) => Sim::with_faults(seed, faults),
        None => Sim::new(),
    }))
}

/// The bytes of a value that was answered, text or not.
pub(crate) fn bytes_of(answer: &Value) -> Option<Vec<u8>> {
    match answer["SecretString"].as_str() {
        Some(text) => Some(text.as_bytes().to_vec()),
        None => STANDARD.decode(answer["SecretBinary"].as_str()?).ok(),
    }
}

/// The token of a request, which becomes the id of its version.
pub(crate) fn token(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

pub(crate) const ACCOUNT: &str = "000000000000";
pub(crate) const ROTATOR: &str =
    "arn:aws:coffer:us-east-1:000000000000:rotator/postgresql-single-user";
/// The value that the database knows the password of.
pub(crate) const FIRST: &str = r#"{"username": "app", "password": "first"}"#;
