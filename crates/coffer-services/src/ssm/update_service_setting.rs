//! UpdateServiceSetting: gives a setting a value.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::setting::{Setting, SettingRecord, arn_of, demands_on};

/// Changes a setting for the account and region.
pub(super) struct UpdateServiceSetting;

/// Which setting, to what.
#[derive(Input, Debug)]
#[shape(name = "UpdateServiceSettingRequest")]
pub(super) struct UpdateServiceSettingInput {
    #[shape(required, min = 1, max = 1000)]
    setting_id: String,
    #[shape(required, min = 1, max = 4096)]
    setting_value: String,
}

/// Nothing is given.
#[derive(Output, Debug)]
#[shape(name = "UpdateServiceSettingResult")]
pub(super) struct UpdateServiceSettingOutput {}

impl Operation for UpdateServiceSetting {
    const NAME: &'static str = "UpdateServiceSetting";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::ServiceSettingNotFound.row(),
        SsmError::TooManyUpdates.row(),
    ];
    type Input = UpdateServiceSettingInput;
    type Output = UpdateServiceSettingOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demands_on("ssm:UpdateServiceSetting", &input.setting_id, call.context()))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let setting = Setting::named(&input.setting_id, call.scope())?;
        setting.must_take(&input.setting_value)?;
        call.acted_on(&arn_of(call.scope(), setting.id()));
        let record = SettingRecord::new(call, setting, Some(&input.setting_value));
        call.put(record).await?;
        Ok(UpdateServiceSettingOutput {})
    }
}
