//! The errand that carries a rotation out, one step at a time: what is done outside between two
//! commits, the first of which says that it is being done, the second what came of it.

use std::sync::Arc;
use std::time::Duration;

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{
    Call, Errand, FunctionOrder, NewValue, Prepared, RotatorAction, RotatorStep, Verdict, World,
};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::super::get_random_password::{self, GetRandomPasswordInput};
use super::super::seal::{self, Plain};
use super::super::secret::{CURRENT, PENDING, PREVIOUS, RotationStep, SecretRecord, UnderWay};
use super::super::write::Change;
use super::rotator::{Native, Rotator};
use super::turn::{NotDone, Reason};
use super::{function, superuser, turn};
use crate::kms::through::Through;

/// Carries out the rotation of this id, from the step that it has come to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CarryOutRotation {
    name: String,
    suffix: String,
    id: String,
}

/// A step to be done outside.
pub(crate) struct Order {
    step: RotationStep,
    work: Work,
}

/// Who does it.
pub(super) enum Work {
    /// A rotator of coffer's own.
    Rotator(Box<RotatorStep>),
    /// A function, which changes the secret by itself.
    Function(Box<FunctionOrder>),
}

/// What came of it: the new value of a version that had none, or why nothing did.
pub(crate) struct Report {
    step: RotationStep,
    /// The rotator of coffer's own that did it, which moves no label by itself.
    rotator: Option<String>,
    outcome: Result<Option<NewValue>, NotDone>,
}

impl CarryOutRotation {
    /// The errand of a secret's rotation.
    pub(super) fn of(secret: &SecretRecord, id: &str) -> Self {
        let (name, suffix) = (secret.name.clone(), secret.suffix.clone());
        Self { name, suffix, id: id.to_owned() }
    }

    /// The secret, and its rotation, as long as that is the one of this errand.
    async fn found(
        &self,
        call: &mut Call<'_>,
    ) -> Result<Option<(Arc<SecretRecord>, UnderWay)>, Fault> {
        let row = SecretRecord::key_of(call.scope(), &self.name);
        let Some(secret) = call.get::<SecretRecord>(&row).await? else { return Ok(None) };
        let under_way = secret.rotation.as_ref().and_then(|rotation| rotation.under_way.clone());
        let under_way = under_way.filter(|it| it.id == self.id && secret.suffix == self.suffix);
        Ok(under_way.map(|under_way| (secret, under_way)))
    }
}

impl Errand for CarryOutRotation {
    const KIND: &'static str = "secretsmanager.carry-out-rotation";
    type Order = Order;
    type Report = Report;

    async fn prepare(&self, call: &mut Call<'_>) -> Result<Prepared<Order>, Fault> {
        let Some((secret, under_way)) = self.found(call).await? else {
            return Ok(Prepared::Over(Verdict::Done));
        };
        if let Some(retry_at) = under_way.retry_at.filter(|at| *at > call.now()) {
            return Ok(Prepared::Over(Verdict::Again(retry_at)));
        }
        let change = Change::of(&secret);
        if has_gone_another_way(&secret, &under_way) {
            turn::abandon(call, change, &under_way).await?;
            return Ok(Prepared::Over(Verdict::Done));
        }
        match proceed(call, change, under_way.clone()).await {
            Err(fault) if !fault.is_server_fault() => {
                let reason = Reason::of(&fault.message);
                let verdict = failed(call, Change::of(&secret), under_way, &reason).await?;
                Ok(Prepared::Over(verdict))
            }
            done => done,
        }
    }

    async fn perform(world: &World, order: Order) -> Report {
        let (rotator, outcome) = match order.work {
            Work::Rotator(step) => {
                let rotator = step.rotator.clone();
                let outcome = world.outside.rotate(*step).await;
                (Some(rotator), outcome.map_err(NotDone::of))
            }
            Work::Function(order) => (None, function::run(world, *order).await.map(|()| None)),
        };
        Report { step: order.step, rotator, outcome }
    }

    async fn conclude(&self, call: &mut Call<'_>, report: &Report) -> Result<Verdict, Fault> {
        let Some((secret, under_way)) = self.found(call).await? else {
            report.tell_left();
            return Ok(Verdict::Done);
        };
        if under_way.step != report.step || under_way.retry_at.is_some() {
            report.tell_left();
            return Ok(Verdict::Again(call.now()));
        }
        let change = Change::of(&secret);
        let value = match &report.outcome {
            Ok(value) => value.as_ref(),
            Err(NotDone::Busy(_)) if waits(&under_way, call.now()) => {
                return Ok(Verdict::Again(call.now().plus(BUSY_PAUSE)));
            }
            Err(NotDone::Failed(reason) | NotDone::Busy(reason)) => {
                return failed(call, change, under_way, reason).await;
            }
            Err(NotDone::Final(reason)) => {
                turn::fail_for_good(call, change, under_way, reason).await?;
                return Ok(Verdict::Done);
            }
        };
        if has_gone_another_way(&secret, &under_way) {
            report.tell_left();
            turn::abandon(call, change, &under_way).await?;
            return Ok(Verdict::Done);
        }
        match report.keep(call, change, under_way.clone(), value).await {
            // The value could not be kept, as where its key cannot be used any more.
            Err(fault) if !fault.is_server_fault() => {
                report.tell_left();
                let left = report.left().map(|made| format!(" Nothing uses {made}."));
                let reason = [fault.message.as_ref(), left.as_deref().unwrap_or_default()].concat();
                let reason = Reason::of(&reason);
                failed(call, Change::of(&secret), under_way, &reason).await
            }
            done => done,
        }
    }

    async fn give_up(&self, call: &mut Call<'_>) -> Result<(), Fault> {
        let Some((secret, under_way)) = self.found(call).await? else { return Ok(()) };
        turn::give_up(call, Change::of(&secret), under_way, &Reason::of(GIVEN_UP)).await
    }
}

impl Report {
    /// Keeps what the step has come to, and that it is done.
    async fn keep(
        &self,
        call: &mut Call<'_>,
        mut change: Change,
        mut under_way: UnderWay,
        value: Option<&NewValue>,
    ) -> Result<Verdict, Fault> {
        if let Some(NewValue { text, .. }) = value {
            let plain = Plain::of_request(Some(text), None)?.ok_or_else(no_value)?;
            change.add_version(call, &under_way.version_id, plain, &[PENDING.to_owned()])?;
            if let Some(version) = change.secret.versions.get_mut(&under_way.version_id) {
                version.rotated_by.clone_from(&self.rotator);
            }
        }
        if under_way.step == RotationStep::Finish && self.rotator.is_some() {
            change.secret.attach(CURRENT, &under_way.version_id);
        }
        if under_way.step == RotationStep::Finish
            && change.secret.version_with(CURRENT) != Some(under_way.version_id.as_str())
        {
            return failed(call, change, under_way, &Reason::of(NOT_FINISHED)).await;
        }
        match under_way.step.next() {
            Some(next) if !under_way.is_test => {
                under_way.step = next;
                keep(call, change, under_way).await?;
                Ok(Verdict::Again(call.now()))
            }
            _ => {
                turn::succeed(call, change, &under_way).await?;
                Ok(Verdict::Done)
            }
        }
    }

    /// What was made outside.
    fn left(&self) -> Option<&str> {
        let value = self.outcome.as_ref().ok()?.as_ref();
        value.and_then(|value| value.made.as_deref())
    }

    /// Tells the log of what was made outside for a value that nobody keeps: somebody has to take it
    /// away.
    fn tell_left(&self) {
        if let Some(made) = self.left() {
            tracing::error!("the new value of a secret was not kept, and nothing uses {made}");
        }
    }
}

/// Whether the secret is to be deleted, does not rotate any more, or has another current version
/// than the one that is rotated from or to.
fn has_gone_another_way(secret: &SecretRecord, under_way: &UnderWay) -> bool {
    let current = secret.version_with(CURRENT);
    let is_moved = current != under_way.from_version.as_deref()
        && current != Some(under_way.version_id.as_str());
    let pending = secret.version_with(PENDING);
    let is_taken = pending.is_some_and(|pending| pending != under_way.version_id);
    secret.deletion.is_some() || is_moved || is_taken
}

/// Whether a step that there is no room for may wait for its turn. When many secrets are due at one
/// time, those that have to wait have not failed, and lose none of their attempts.
fn waits(under_way: &UnderWay, now: Timestamp) -> bool {
    let next = now.plus(BUSY_PAUSE);
    let is_open = under_way.closes.is_none_or(|closes| next <= closes);
    is_open && next <= under_way.begun.plus(BUSY_TIME_MAX)
}

/// Keeps how far a rotation has come.
async fn keep(call: &mut Call<'_>, mut change: Change, under_way: UnderWay) -> Result<(), Fault> {
    if let Some(rotation) = &mut change.secret.rotation {
        rotation.under_way = Some(under_way);
    }
    change.stage(call).await?;
    Ok(())
}

async fn failed(
    call: &mut Call<'_>,
    change: Change,
    under_way: UnderWay,
    reason: &Reason,
) -> Result<Verdict, Fault> {
    let retry_at: Option<Timestamp> = turn::fail(call, change, under_way, reason).await?;
    Ok(retry_at.map_or(Verdict::Done, Verdict::Again))
}

/// Does what of an attempt can be done here, and keeps it.
async fn proceed(
    call: &mut Call<'_>,
    mut change: Change,
    mut under_way: UnderWay,
) -> Result<Prepared<Order>, Fault> {
    let is_begun = under_way.retry_at.take().is_some();
    match next(call, &mut change, &mut under_way, is_begun).await? {
        Next::Order(order) => {
            if is_begun {
                keep(call, change, under_way).await?;
            }
            Ok(Prepared::Order(order))
        }
        Next::Done => {
            turn::succeed(call, change, &under_way).await?;
            Ok(Prepared::Over(Verdict::Done))
        }
        Next::Step => {
            keep(call, change, under_way).await?;
            Ok(Prepared::Over(Verdict::Again(call.now())))
        }
    }
}

/// What a rotation comes to next.
enum Next {
    /// This is to be done outside.
    Order(Order),
    /// The step needed nothing outside, and is done.
    Step,
    /// It is over.
    Done,
}

/// Does what of the next step can be done here.
async fn next(
    call: &mut Call<'_>,
    change: &mut Change,
    under_way: &mut UnderWay,
    is_begun: bool,
) -> Result<Next, Fault> {
    let version_id = under_way.version_id.clone();
    if change.secret.version_with(CURRENT) == Some(&version_id) {
        return Ok(Next::Done);
    }
    change.begin_version(call, &version_id)?;
    let rotation = change.secret.rotation.clone().unwrap_or_default();
    let rotator = Rotator::of(call, &change.secret, &rotation)?;
    let rotator = rotator.ok_or_else(|| refused("Nothing rotates the secret."))?;
    let has_value = change.secret.versions.get(&version_id).is_some_and(|it| it.has_value);
    if under_way.is_test && !has_value {
        let current = value_of(call, &change.secret, CURRENT).await?.ok_or_else(no_value)?;
        change.add_version(call, &version_id, current, &[PENDING.to_owned()])?;
        return Ok(Next::Step);
    }
    match rotator {
        // The first of two commits around each attempt says that it is begun.
        Rotator::Native(rotator)
            if rotator.kind.creates_outside
                && under_way.step == RotationStep::Create
                && !has_value
                && !is_begun =>
        {
            Err(refused(&format!("{CUT_OFF} {version_id}.")))
        }
        Rotator::Function(arn) => {
            let order = function::order(call, &change.secret, &arn, under_way).await?;
            Ok(Next::Order(Order { step: under_way.step, work: Work::Function(order) }))
        }
        Rotator::Native(rotator) => native_step(call, change, under_way, rotator).await,
    }
}

/// The step for a rotator of coffer's own.
async fn native_step(
    call: &mut Call<'_>,
    change: &mut Change,
    under_way: &mut UnderWay,
    rotator: Native,
) -> Result<Next, Fault> {
    let version_id = under_way.version_id.clone();
    let has_value = change.secret.versions.get(&version_id).is_some_and(|it| it.has_value);
    let action = match under_way.step {
        RotationStep::Create if has_value => {
            under_way.step = RotationStep::Set;
            return Ok(Next::Step);
        }
        RotationStep::Create => RotatorAction::Create(password(call)?),
        RotationStep::Set => RotatorAction::Set(pending(call, change).await?),
        RotationStep::Test => RotatorAction::Test(pending(call, change).await?),
        RotationStep::Finish if rotator.kind.finishes => {
            RotatorAction::Finish(pending(call, change).await?)
        }
        RotationStep::Finish => {
            change.secret.attach(CURRENT, &version_id);
            return Ok(Next::Done);
        }
    };
    let current = text_of(call, &change.secret, CURRENT).await?.ok_or_else(no_value)?;
    let superuser = superuser::value(call, &change.secret, &current).await?;
    let previous = text_of(call, &change.secret, PREVIOUS).await?;
    let previous_id = change.secret.version_with(PREVIOUS);
    let previous_by =
        previous_id.and_then(|id| change.secret.versions.get(id)?.rotated_by.as_ref());
    let is_previous_rotated = previous_by == Some(&rotator.name);
    let step = RotatorStep {
        rotator: rotator.name,
        version_id,
        action,
        current,
        previous,
        is_previous_rotated,
        superuser,
    };
    Ok(Next::Order(Order { step: under_way.step, work: Work::Rotator(Box::new(step)) }))
}

async fn pending(call: &mut Call<'_>, change: &Change) -> Result<Sensitive<String>, Fault> {
    let value = text_of(call, &change.secret, PENDING).await?;
    value.ok_or_else(|| refused("The version with the label AWSPENDING has no value."))
}

/// The text of the version with a label, as coffer's own rotators need it; nothing where there is
/// no such version or value.
async fn text_of(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    label: &str,
) -> Result<Option<Sensitive<String>>, Fault> {
    match value_of(call, secret, label).await? {
        Some(Plain::Text(text)) => Ok(Some(text)),
        Some(Plain::Binary(_)) => Err(refused(superuser::BINARY)),
        None => Ok(None),
    }
}

/// The value of the version with a label; nothing where there is none.
async fn value_of(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    label: &str,
) -> Result<Option<Plain>, Fault> {
    let Some(version_id) = secret.version_with(label) else { return Ok(None) };
    let opened = seal::open(call, Through::Itself, secret, version_id).await?;
    Ok(opened.map(|(value, _)| value))
}

/// A new password, as AWS's rotation templates draw it.
fn password(call: &Call<'_>) -> Result<Sensitive<String>, Fault> {
    let input = GetRandomPasswordInput::excluding(PASSWORD_EXCLUDED);
    get_random_password::draw(call.entropy(), &input)
}

fn no_value() -> Fault {
    refused("The secret has no current value.")
}

fn refused(message: &str) -> Fault {
    Fault::validation(message)
}

const CUT_OFF: &str = "An attempt was cut off when it made a new value at a service: what it made \
                       there is used by nobody. It was made for the version";
const GIVEN_UP: &str = "The server failed in each of many attempts at this step; its log says why.";
const NOT_FINISHED: &str =
    "The function's finishSecret step has not moved AWSCURRENT to the new version.";
/// Between two looks at whether there is room for a step.
const BUSY_PAUSE: Duration = Duration::from_secs(3);
/// How long a rotation waits for room before that counts as a failure: some thousand rotations by one
/// function come to their turn in that time.
const BUSY_TIME_MAX: Duration = Duration::from_secs(3600);
/// AWS: what its rotation templates leave out of passwords (EXCLUDE_CHARACTERS), with the colon that
/// those for RDS leave out besides.
const PASSWORD_EXCLUDED: &str = ":/@\"'\\";
