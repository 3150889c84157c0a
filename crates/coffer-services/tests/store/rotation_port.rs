//! A secret that rotates, and the database whose password it holds.

#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::{Outside, RotatorAction, RotatorStep, Unreachable};
use coffer_services::JOBS;
use coffer_store::{Faults, Sim};
use serde_json::{Value, json};

use crate::port::Port;
use crate::world::world_on;

/// A database that knows one password, and whose steps go wrong as the test wants.
#[derive(Default)]
pub(crate) struct Database {
    pub(crate) password: Mutex<String>,
    /// The steps that were asked for.
    pub(crate) asked: Mutex<Vec<&'static str>>,
    /// What goes wrong next: the step, and how.
    pub(crate) trouble: Mutex<Vec<(&'static str, Trouble)>>,
    /// Whether a runner is stuck in a step.
    pub(crate) is_stuck: AtomicBool,
}

/// How a step goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It says why not.
    Refuses,
    /// It never answers, and has done nothing.
    HangsBefore,
    /// It never answers, and has done what it should.
    HangsAfter,
    /// It panics.
    Panics,
}

#[async_trait]
impl Outside for Database {
    async fn get(&self, _: &str) -> Result<Vec<u8>, Unreachable> {
        Err(Unreachable("it is a database".to_owned()))
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }

    async fn rotate(&self, step: RotatorStep) -> Result<Option<Sensitive<String>>, Unreachable> {
        let name = match &step.action {
            RotatorAction::Create(_) => "createSecret",
            RotatorAction::Set(_) => "setSecret",
            RotatorAction::Test(_) => "testSecret",
        };
        self.asked.lock().unwrap().push(name);
        let trouble = self.take_trouble(name);
        match trouble {
            Some(Trouble::Refuses) => return Err(Unreachable(format!("{name} was refused"))),
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
}

impl Database {
    fn take_trouble(&self, name: &str) -> Option<Trouble> {
        let mut trouble = self.trouble.lock().unwrap();
        let place = trouble.iter().position(|(step, _)| *step == name)?;
        Some(trouble.remove(place).1)
    }

    async fn hang(&self) {
        self.is_stuck.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }

    fn done(&self, step: &RotatorStep) -> Result<Option<Sensitive<String>>, Unreachable> {
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
                Ok(Some(value.to_string().into()))
            }
            RotatorAction::Set(pending) => {
                let may = is_known(pending)
                    || is_known(&step.current)
                    || step.previous.as_ref().is_some_and(is_known);
                if !may {
                    return Err(Unreachable("no password opens the database".to_owned()));
                }
                *password = password_of(pending);
                Ok(None)
            }
            RotatorAction::Test(pending) if is_known(pending) => Ok(None),
            RotatorAction::Test(_) => Err(Unreachable("the password is another".to_owned())),
        }
    }
}

/// A server with one secret, `db`, and its database.
pub(crate) struct Rotating {
    pub(crate) port: Port,
    pub(crate) database: Arc<Database>,
}

impl Rotating {
    /// With the secret made, and nothing said of rotation.
    pub(crate) async fn new(faults: Option<(u64, Faults)>) -> Self {
        let database = Arc::new(Database::default());
        *database.password.lock().unwrap() = "first".to_owned();
        let sim = match faults {
            Some((seed, faults)) => Sim::with_faults(seed, faults),
            None => Sim::new(),
        };
        let mut world = world_on(Arc::new(sim));
        world.outside = Arc::clone(&database) as Arc<dyn Outside>;
        let this = Self { port: Port::new(world), database };
        this.must(
            "CreateSecret",
            json!({
                "Name": "db",
                "SecretString": json!({"username": "app", "password": "first"}).to_string(),
                "ClientRequestToken": token(0),
            }),
        )
        .await;
        this
    }

    pub(crate) async fn call(
        &self,
        operation: &str,
        input: Value,
    ) -> Result<Value, (String, String)> {
        self.ask("secretsmanager", operation, input).await
    }

    async fn ask(
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
            "RotationLambdaARN": ROTATOR,
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
        let value: Value = serde_json::from_str(answer["SecretString"].as_str()?).unwrap();
        value["password"].as_str().map(str::to_owned)
    }

    /// The names of the events of rotations, in their order.
    pub(crate) async fn told(&self) -> Vec<String> {
        let answer = self.ask("coffer", "ListEvents", json!({"MaxResults": 100})).await.unwrap();
        let events = answer["Events"].as_array().unwrap().iter();
        let names = events.filter_map(|event| {
            let event = match event {
                Value::String(text) => serde_json::from_str(text).unwrap(),
                event => event.clone(),
            };
            event["detail"]["eventName"].as_str().map(str::to_owned)
        });
        names.collect()
    }
}

/// The token of a request, which becomes the id of its version.
pub(crate) fn token(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

const ACCOUNT: &str = "000000000000";
pub(crate) const ROTATOR: &str =
    "arn:aws:coffer:us-east-1:000000000000:rotator/postgresql-single-user";
