//! DescribeRekey: how far the change of the root key has come.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::operator::must_operate;
use super::progress::WireState;
use super::root_key_change::{ChangeState, RootKeyChangeRecord};

/// Tells of the change of the root key that is going on, or of the last one.
pub(super) struct DescribeRekey;

/// Nothing is taken.
#[derive(Input, Debug)]
pub(super) struct DescribeRekeyInput {}

/// The change; nothing where none was ever asked for.
#[derive(Output, Debug)]
pub(super) struct DescribeRekeyOutput {
    root_key_id: Option<String>,
    change_id: Option<String>,
    state: Option<WireState>,
    former_root_key_id: Option<String>,
    keys_resealed: Option<i64>,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    failure: Option<String>,
}

impl Operation for DescribeRekey {
    const NAME: &'static str = "DescribeRekey";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = DescribeRekeyInput;
    type Output = DescribeRekeyOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:DescribeRekey"))
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        must_operate(call, "coffer:DescribeRekey").await?;
        let root_key_id = Some(call.root_key().id().to_owned());
        let last = call.get::<RootKeyChangeRecord>(&RootKeyChangeRecord::row()).await?;
        let Some(change) = last else {
            return Ok(DescribeRekeyOutput {
                root_key_id,
                change_id: None,
                state: None,
                former_root_key_id: None,
                keys_resealed: None,
                started: None,
                ended: None,
                failure: None,
            });
        };
        Ok(DescribeRekeyOutput {
            root_key_id,
            change_id: Some(change.id.clone()),
            state: Some(match change.state {
                ChangeState::Done => WireState::Done,
                ChangeState::Failed => WireState::Failed,
                ChangeState::Obtaining
                | ChangeState::Switching
                | ChangeState::Resealing
                | ChangeState::Settling => WireState::InProgress,
            }),
            former_root_key_id: change.from.clone(),
            keys_resealed: i64::try_from(change.keys_resealed).ok(),
            started: Some(change.started),
            ended: change.ended,
            failure: change.failure.clone(),
        })
    }
}
