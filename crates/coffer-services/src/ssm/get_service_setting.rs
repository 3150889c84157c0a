//! GetServiceSetting: a setting's value, and who changed it.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::setting::{ServiceSetting, Setting, SettingRecord, demands_on};

/// Reads a setting, changed or not.
pub(super) struct GetServiceSetting;

/// Which setting.
#[derive(Input, Debug)]
#[shape(name = "GetServiceSettingRequest")]
pub(super) struct GetServiceSettingInput {
    #[shape(required, min = 1, max = 1000)]
    setting_id: String,
}

/// The setting.
#[derive(Output, Debug)]
#[shape(name = "GetServiceSettingResult")]
pub(super) struct GetServiceSettingOutput {
    service_setting: Option<ServiceSetting>,
}

impl Operation for GetServiceSetting {
    const NAME: &'static str = "GetServiceSetting";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[SsmError::InternalServerError.row(), SsmError::ServiceSettingNotFound.row()];
    type Input = GetServiceSettingInput;
    type Output = GetServiceSettingOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demands_on("ssm:GetServiceSetting", &input.setting_id, call.context()))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let setting = Setting::named(&input.setting_id, call.scope())?;
        let key = SettingRecord::key_of(call.scope(), setting);
        let kept = call.get::<SettingRecord>(&key).await?;
        let setting = ServiceSetting::of(call.scope(), setting, kept.as_deref());
        Ok(GetServiceSettingOutput { service_setting: Some(setting) })
    }
}
