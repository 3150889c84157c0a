//! ListRotations: where the rotations of an account's secrets stand.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

use super::errors::CofferError;
use super::rotation_state::RotationState;
use crate::page;
use crate::secretsmanager::SecretRecord;

/// Lists the secrets of the caller's account and region that rotate or have rotated, by their names.
pub(super) struct ListRotations;

/// Which page.
#[derive(Input, Debug)]
pub(super) struct ListRotationsInput {
    /// How many secrets are looked at, which may be more than rotate.
    #[shape(min = 1, max = 100)]
    max_results: Option<i32>,
    #[shape(max = 4096)]
    next_token: Option<String>,
}

/// A page of rotations.
#[derive(Output, Debug)]
pub(super) struct ListRotationsOutput {
    rotations: Option<Vec<RotationState>>,
    next_token: Option<String>,
}

impl Operation for ListRotations {
    const NAME: &'static str = "ListRotations";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[CofferError::InvalidNextTokenException.row()];
    type Input = ListRotationsInput;
    type Output = ListRotationsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:ListRotations"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let prefix = SecretRecord::by_name(call.scope()).prefix();
        let after = match &input.next_token {
            Some(token) => Some(page::place(token, &prefix).ok_or_else(|| {
                CofferError::InvalidNextTokenException.with("The token is not valid.")
            })?),
            None => None,
        };
        let rows_max = usize::try_from(input.max_results.unwrap_or(PAGE_USUAL)).unwrap_or(1);
        let order = Direction::Ascending;
        let rows = call.scan::<SecretRecord>(&prefix, after.as_ref(), rows_max, order).await?;
        let last = rows.last().filter(|_| rows.len() == rows_max);
        let next_token = last.map(|(key, _)| page::token(key));
        let rotations = rows.iter().filter_map(|(_, secret)| RotationState::of(secret)).collect();
        Ok(ListRotationsOutput { rotations: Some(rotations), next_token })
    }
}

const PAGE_USUAL: i32 = 100;
