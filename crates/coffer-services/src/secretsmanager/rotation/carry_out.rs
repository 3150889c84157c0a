//! The errand that carries a rotation out, one step at a time: what is done outside between two
//! commits, the first of which says that it is being done, the second what came of it.

use std::sync::Arc;

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{Call, Errand, Outside, Prepared, RotatorAction, RotatorStep, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::super::get_random_password::{self, GetRandomPasswordInput};
use super::super::seal::{self, Plain};
use super::super::secret::{CURRENT, PENDING, PREVIOUS, RotationStep, SecretRecord, UnderWay};
use super::super::write::Change;
use super::rotator::Rotator;
use super::superuser;
use super::turn;
use crate::kms::through::Through;

/// Carries out the rotation of this id, from the step that it has come to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CarryOutRotation {
    name: String,
    suffix: String,
    id: String,
}

/// A step to be done outside.
#[derive(Debug)]
pub(crate) struct Order {
    step: RotationStep,
    rotator: RotatorStep,
}

/// What came of it: the new value of a version that had none, or why nothing did.
pub(crate) struct Report {
    step: RotationStep,
    outcome: Result<Option<Sensitive<String>>, String>,
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
        let Some((secret, mut under_way)) = self.found(call).await? else {
            return Ok(Prepared::Over(Verdict::Done));
        };
        if let Some(retry_at) = under_way.retry_at.filter(|at| *at > call.now()) {
            return Ok(Prepared::Over(Verdict::Again(retry_at)));
        }
        let mut change = Change::of(&secret);
        if has_gone_another_way(&secret, &under_way) {
            turn::abandon(call, change, &under_way).await?;
            return Ok(Prepared::Over(Verdict::Done));
        }
        let is_begun = under_way.retry_at.take().is_some();
        match next(call, &mut change, &mut under_way).await {
            Ok(Next::Order(order)) => {
                if is_begun {
                    keep(call, change, under_way).await?;
                }
                Ok(Prepared::Order(order))
            }
            Ok(Next::Done) => {
                turn::succeed(call, change, &under_way).await?;
                Ok(Prepared::Over(Verdict::Done))
            }
            Ok(Next::Step) => {
                keep(call, change, under_way).await?;
                Ok(Prepared::Over(Verdict::Again(call.now())))
            }
            Err(fault) if fault.is_server_fault() => Err(fault),
            Err(fault) => {
                let change = Change::of(&secret);
                let verdict = failed(call, change, under_way, &fault.message).await?;
                Ok(Prepared::Over(verdict))
            }
        }
    }

    async fn perform(outside: &dyn Outside, order: Order) -> Report {
        let outcome = outside.rotate(order.rotator).await.map_err(|why| why.0);
        Report { step: order.step, outcome }
    }

    async fn conclude(&self, call: &mut Call<'_>, report: &Report) -> Result<Verdict, Fault> {
        let Some((secret, mut under_way)) = self.found(call).await? else {
            return Ok(Verdict::Done);
        };
        if under_way.step != report.step || under_way.retry_at.is_some() {
            return Ok(Verdict::Again(call.now()));
        }
        let mut change = Change::of(&secret);
        let value = match &report.outcome {
            Ok(value) => value,
            Err(reason) => return failed(call, change, under_way, reason).await,
        };
        if has_gone_another_way(&secret, &under_way) {
            turn::abandon(call, change, &under_way).await?;
            return Ok(Verdict::Done);
        }
        if let Some(value) = value {
            let labels = [PENDING.to_owned()];
            change.add_version(call, &under_way.version_id, Plain::Text(value.clone()), &labels)?;
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
    reason: &str,
) -> Result<Verdict, Fault> {
    let retry_at: Option<Timestamp> = turn::fail(call, change, under_way, reason).await?;
    Ok(retry_at.map_or(Verdict::Done, Verdict::Again))
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
) -> Result<Next, Fault> {
    let version_id = under_way.version_id.clone();
    if change.secret.version_with(CURRENT) == Some(&version_id) {
        return Ok(Next::Done);
    }
    change.begin_version(call, &version_id)?;
    let arn = change.secret.rotation.as_ref().and_then(|rotation| rotation.lambda_arn.clone());
    let rotator = Rotator::read(&change.secret, arn.as_deref().unwrap_or_default())?;
    let Rotator::Native(rotator) = rotator else {
        return Err(Fault::internal("functions cannot be run"));
    };
    let has_value = change.secret.versions.get(&version_id).is_some_and(|it| it.has_value);
    let current = value_of(call, &change.secret, CURRENT).await?;
    let current = current.ok_or_else(|| refused("The secret has no current value."))?;
    if under_way.is_test && !has_value {
        let copy = [PENDING.to_owned()];
        change.add_version(call, &version_id, Plain::Text(current.clone()), &copy)?;
        return Ok(Next::Step);
    }
    let action = match under_way.step {
        RotationStep::Create if has_value => {
            under_way.step = RotationStep::Set;
            return Ok(Next::Step);
        }
        RotationStep::Create => RotatorAction::Create(password(call)?),
        RotationStep::Set => RotatorAction::Set(pending(call, change).await?),
        RotationStep::Test => RotatorAction::Test(pending(call, change).await?),
        RotationStep::Finish => {
            change.secret.attach(CURRENT, &version_id);
            return Ok(Next::Done);
        }
    };
    let superuser = superuser::value(call, &change.secret, &current).await?;
    let previous = value_of(call, &change.secret, PREVIOUS).await?;
    let rotator = RotatorStep { rotator, action, current, previous, superuser };
    Ok(Next::Order(Order { step: under_way.step, rotator }))
}

async fn pending(call: &mut Call<'_>, change: &Change) -> Result<Sensitive<String>, Fault> {
    let value = value_of(call, &change.secret, PENDING).await?;
    value.ok_or_else(|| refused("The version with the label AWSPENDING has no value."))
}

/// The value of the version with a label; nothing where there is none.
async fn value_of(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    label: &str,
) -> Result<Option<Sensitive<String>>, Fault> {
    let Some(version_id) = secret.version_with(label) else { return Ok(None) };
    match seal::open(call, Through::Itself, secret, version_id).await? {
        Some((Plain::Text(text), _)) => Ok(Some(text)),
        Some((Plain::Binary(_), _)) => Err(refused("A binary value cannot be rotated.")),
        None => Ok(None),
    }
}

/// A new password, as AWS's rotation templates draw it.
fn password(call: &Call<'_>) -> Result<Sensitive<String>, Fault> {
    let input = GetRandomPasswordInput::excluding(PASSWORD_EXCLUDED);
    get_random_password::draw(call.entropy(), &input)
}

fn refused(message: &str) -> Fault {
    Fault::validation(message)
}

/// AWS: what its rotation templates leave out of passwords (EXCLUDE_CHARACTERS), with the colon that
/// those for RDS leave out besides.
const PASSWORD_EXCLUDED: &str = ":/@\"'\\";
