//! ResetServiceSetting: gives a setting its usual value again.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::setting::{ServiceSetting, Setting, SettingRecord, arn_of, demands_on};

/// Takes back what was changed of a setting.
pub(super) struct ResetServiceSetting;

/// Which setting.
#[derive(Input, Debug)]
#[shape(name = "ResetServiceSettingRequest")]
pub(super) struct ResetServiceSettingInput {
    #[shape(required, min = 1, max = 1000)]
    setting_id: String,
}

/// The setting as it stands now.
#[derive(Output, Debug)]
#[shape(name = "ResetServiceSettingResult")]
pub(super) struct ResetServiceSettingOutput {
    service_setting: Option<ServiceSetting>,
}

impl Operation for ResetServiceSetting {
    const NAME: &'static str = "ResetServiceSetting";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::ServiceSettingNotFound.row(),
        SsmError::TooManyUpdates.row(),
    ];
    type Input = ResetServiceSettingInput;
    type Output = ResetServiceSettingOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demands_on("ssm:ResetServiceSetting", &input.setting_id, call.context()))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let setting = Setting::named(&input.setting_id, call.scope())?;
        call.acted_on(&arn_of(call.scope(), setting.id()));
        let record = SettingRecord::new(call, setting, None);
        let answer = ServiceSetting::of(call.scope(), setting, Some(&record));
        call.put(record).await?;
        Ok(ResetServiceSettingOutput { service_setting: Some(answer) })
    }
}
