//! A year of rotations by the real job runner: each when its window opens, none twice, none missed.

#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::{
    NewValue, NotRotated, Outside, RotatorAction, RotatorKind, RotatorStep, Unreachable,
};
use coffer_services::JOBS;
use coffer_store::Sim;
use serde_json::{Value, json};

use crate::port::Port;
use crate::rotation_calendar::{Case, SET, cases, hours};
use crate::rotation_port::{ROTATOR, token};
use crate::world::world_on;

/// Databases that take every password, and keep whose was set.
#[derive(Default)]
struct Databases(Mutex<Vec<String>>);

impl Databases {
    /// The users whose passwords were set since this was last asked, in the order of their names.
    fn changed(&self) -> Vec<String> {
        let mut changed = std::mem::take(&mut *self.0.lock().unwrap());
        changed.sort();
        changed
    }
}

#[async_trait]
impl Outside for Databases {
    async fn get(&self, _: &str) -> Result<Vec<u8>, Unreachable> {
        Err(Unreachable("they are databases".to_owned()))
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }

    fn rotator(&self, name: &str) -> Result<RotatorKind, Unreachable> {
        match ROTATOR.ends_with(name) {
            true => Ok(RotatorKind::default()),
            false => Err(Unreachable(format!("there is no rotator `{name}`"))),
        }
    }

    fn check_values(
        &self,
        _: &str,
        _: &Sensitive<String>,
        _: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable> {
        Ok(())
    }

    async fn rotate(&self, step: RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        let value: Value = serde_json::from_str(step.current.expose()).unwrap();
        match &step.action {
            RotatorAction::Create(new) => {
                let mut next = value;
                next["password"] = json!(new.expose());
                Ok(Some(NewValue { text: next.to_string().into(), made: None }))
            }
            RotatorAction::Set(_) => {
                self.0.lock().unwrap().push(value["username"].as_str().unwrap().to_owned());
                Ok(None)
            }
            RotatorAction::Test(_) | RotatorAction::Finish(_) => Ok(None),
        }
    }
}

struct Year {
    port: Port,
    databases: Arc<Databases>,
}

impl Year {
    fn new() -> Self {
        let databases = Arc::new(Databases::default());
        let mut world = world_on(Arc::new(Sim::new()));
        world.outside = Arc::clone(&databases) as Arc<dyn Outside>;
        let this = Self { port: Port::new(world), databases };
        this.go_to(SET);
        this
    }

    async fn must(&self, operation: &str, input: Value) -> Value {
        let answer = self.port.call("000000000000", "secretsmanager", operation, &input).await;
        answer.unwrap_or_else(|error| panic!("{operation} {input}: {error:?}"))
    }

    async fn rotate(&self, name: &str, rules: &Value, at_once: bool) {
        let value = json!({"username": name, "password": "first"}).to_string();
        self.must(
            "CreateSecret",
            json!({"Name": name, "SecretString": value, "ClientRequestToken": token(0)}),
        )
        .await;
        let input = json!({
            "SecretId": name,
            "ClientRequestToken": token(1),
            "RotationLambdaARN": ROTATOR,
            "RotationRules": rules,
            "RotateImmediately": at_once,
        });
        self.must("RotateSecret", input).await;
    }

    /// Runs what is due, by two runners that get into each other's way.
    async fn work(&self) {
        let run = || run_due(self.port.world(), JOBS, 100);
        loop {
            let (one, other) = tokio::join!(run(), run());
            if one.unwrap().0 + other.unwrap().0 == 0 {
                return;
            }
        }
    }

    /// Moves the clock to an instant, such as `2027-01-15T10:30:00`.
    fn go_to(&self, text: &str) {
        let now = self.port.world().clock.now();
        let instant = at(text);
        assert!(instant >= now, "{text} is past");
        self.port.world().clock.advance(instant.since(now)).unwrap();
    }

    /// When a secret rotated last and rotates next, in whole seconds.
    async fn dates(&self, name: &str) -> (Option<i64>, Option<i64>) {
        let described = self.must("DescribeSecret", json!({"SecretId": name})).await;
        let seconds = |member: &str| {
            let date = described[member].as_f64()?;
            Some(i64::try_from(Duration::from_secs_f64(date).as_secs()).unwrap())
        };
        (seconds("LastRotatedDate"), seconds("NextRotationDate"))
    }
}

fn at(text: &str) -> Timestamp {
    format!("{text}Z").parse().unwrap()
}

fn seconds(text: &str) -> i64 {
    at(text).as_millis() / 1000
}

#[tokio::test]
async fn a_year_of_schedules_fires_as_worked_out() {
    let (year, cases) = (Year::new(), cases());
    let mut due: BTreeMap<String, Vec<(&Case, String)>> = BTreeMap::new();
    for case in &cases {
        let openings = case.openings();
        let following = openings.iter().skip(1).map(|next| case.closes(next));
        for (opening, next) in openings.iter().zip(following) {
            due.entry(opening.clone()).or_default().push((case, next));
        }
        year.rotate(case.name, &case.rules, case.at_once).await;
        year.work().await;
        let (last, next) = year.dates(case.name).await;
        assert_eq!(last, case.at_once.then(|| seconds(SET)), "{}", case.name);
        assert_eq!(next, Some(seconds(&case.closes(&openings[0]))), "{}", case.name);
        assert_eq!(year.databases.changed().len(), usize::from(case.at_once), "{}", case.name);
    }
    let mut rotations = 0;
    for hour in hours().map(|hour| hour.text()) {
        let due = due.remove(&hour).unwrap_or_default();
        if due.is_empty() {
            year.go_to(&format!("{hour}:00:00"));
            year.work().await;
            assert_eq!(year.databases.changed(), [""; 0], "nothing is due at {hour}");
            continue;
        }
        // The last moment before the hour is within the one before it.
        let before = at(&format!("{hour}:00:00")).minus(Duration::from_millis(1));
        year.go_to(before.to_iso8601().trim_end_matches('Z'));
        year.work().await;
        assert_eq!(year.databases.changed(), [""; 0], "just before {hour}");
        year.go_to(&format!("{hour}:00:00"));
        year.work().await;
        let mut names: Vec<&str> = due.iter().map(|(case, _)| case.name).collect();
        names.sort_unstable();
        assert_eq!(year.databases.changed(), names, "at {hour}");
        for (case, next) in &due {
            let dates = year.dates(case.name).await;
            let expected = (Some(seconds(&format!("{hour}:00:00"))), Some(seconds(next)));
            assert_eq!(dates, expected, "{} at {hour}", case.name);
        }
        rotations += due.len();
    }
    for case in &cases {
        // What there was is over: two labels, none of them of a rotation that stands half way.
        let described = year.must("DescribeSecret", json!({"SecretId": case.name})).await;
        let labelled = described["VersionIdsToStages"].as_object().unwrap().values();
        let mut labels: Vec<&Value> = labelled.flat_map(|it| it.as_array().unwrap()).collect();
        labels.sort_by_key(|label| label.to_string());
        assert_eq!(labels, ["AWSCURRENT", "AWSPREVIOUS"], "{}", case.name);
    }
    let late = due.keys().filter(|hour| hour.as_str() < crate::rotation_calendar::END);
    assert_eq!(late.count(), 0, "all hours were gone through");
    assert!(rotations > 3000, "{rotations} rotations");
}

#[tokio::test]
async fn a_value_put_by_hand_moves_days_and_no_calendar() {
    let year = Year::new();
    year.rotate("days", &json!({"AutomaticallyAfterDays": 90}), false).await;
    let expression = json!({"ScheduleExpression": "cron(0 4 L * ? *)"});
    year.rotate("calendar", &expression, false).await;
    year.work().await;
    let mut fired = Vec::new();
    for hour in hours().map(|hour| hour.text()) {
        year.go_to(&format!("{hour}:00:00"));
        year.work().await;
        fired.extend(year.databases.changed().into_iter().map(|name| format!("{name} {hour}")));
        if hour == "2027-03-10T15" {
            for name in ["days", "calendar"] {
                let value = json!({"username": name, "password": "by hand"}).to_string();
                let put = json!({
                    "SecretId": name, "SecretString": value, "ClientRequestToken": token(7),
                });
                year.must("PutSecretValue", put).await;
            }
            assert_eq!(year.dates("days").await, (None, Some(seconds("2027-06-08T23:59:59"))));
        }
    }
    let days: Vec<&str> = fired.iter().filter_map(|it| it.strip_prefix("days ")).collect();
    // By hand: not the 15th of April, but 90 days after the 10th of March, and so on over the leap
    // day.
    assert_eq!(
        days,
        ["2027-06-08T00", "2027-09-06T00", "2027-12-05T00", "2028-03-04T00"],
        "the value put by hand counts"
    );
    let calendar = cases().into_iter().find(|case| case.name == "last-day").unwrap().openings();
    let fired: Vec<&str> = fired.iter().filter_map(|it| it.strip_prefix("calendar ")).collect();
    assert_eq!(fired, calendar[..calendar.len() - 1]);
}
