//! Rekey: asks for a change of the root key.

use coffer_pipeline::{Access, Call, Demand, NextRootKey, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::change_root_key::ChangeRootKey;
use super::errors::CofferError;
use super::operator::must_operate;
use super::root_key_change::{ChangeState, RootKeyChangeRecord};

/// Has the root key changed by a job, as reading the new one reaches outside of the server.
pub(super) struct Rekey;

/// Where the new root key comes from: it is drawn, where neither is given.
#[derive(Input, Debug)]
pub(super) struct RekeyInput {
    #[shape(min = 1, max = 4096)]
    new_root_key_file: Option<String>,
    reread: Option<bool>,
}

/// The change that was asked for.
#[derive(Output, Debug)]
pub(super) struct RekeyOutput {
    change_id: Option<String>,
}

impl Operation for Rekey {
    const NAME: &'static str = "Rekey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CofferError::InvalidRootKeySourceException.row(),
        CofferError::RekeyInProgressException.row(),
    ];
    type Input = RekeyInput;
    type Output = RekeyOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:Rekey"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_operate(call, "coffer:Rekey").await?;
        let source = match (&input.new_root_key_file, input.reread.unwrap_or(false)) {
            (None, false) => NextRootKey::Drawn,
            (None, true) => NextRootKey::Reread,
            (Some(file), false) if file.starts_with('/') => NextRootKey::File(file.clone()),
            (Some(_), false) => {
                return Err(CofferError::InvalidRootKeySourceException
                    .with("The file of the new root key has to be an absolute path."));
            }
            (Some(_), true) => {
                return Err(CofferError::InvalidRootKeySourceException
                    .with("Either a file is read or the configured source is read again."));
            }
        };
        let last = call.get::<RootKeyChangeRecord>(&RootKeyChangeRecord::row()).await?;
        if last.is_some_and(|last| !last.has_ended()) {
            return Err(CofferError::RekeyInProgressException
                .with("The root key is being changed; ask again when that has ended."));
        }
        let id = call.uuid();
        call.put(RootKeyChangeRecord {
            id: id.clone(),
            source,
            state: ChangeState::Obtaining,
            started: call.now(),
            ended: None,
            from: None,
            to: None,
            keys_resealed: 0,
            after: None,
            failure: None,
        })
        .await?;
        call.schedule(call.now(), &ChangeRootKey { change: id.clone() }).await?;
        Ok(RekeyOutput { change_id: Some(id) })
    }
}
