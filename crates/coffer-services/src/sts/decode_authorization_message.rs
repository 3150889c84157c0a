//! DecodeAuthorizationMessage: why a request was denied, for those who may know.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::authorization_message::decode_authorization_message;
use super::errors::StsError;

/// Opens the message that came with a denial.
pub(super) struct DecodeAuthorizationMessage;

/// The message as it came.
#[derive(Input, Debug)]
#[shape(name = "DecodeAuthorizationMessageRequest")]
pub(super) struct DecodeAuthorizationMessageInput {
    #[shape(required, min = 1, max = 10240)]
    encoded_message: String,
}

/// What it says, as JSON.
#[derive(Output, Debug)]
#[shape(name = "DecodeAuthorizationMessageResponse")]
pub(super) struct DecodeAuthorizationMessageOutput {
    decoded_message: Option<String>,
}

impl Operation for DecodeAuthorizationMessage {
    const NAME: &'static str = "DecodeAuthorizationMessage";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[StsError::InvalidAuthorizationMessageException.row()];
    type Input = DecodeAuthorizationMessageInput;
    type Output = DecodeAuthorizationMessageOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("sts:DecodeAuthorizationMessage"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let decoded = decode_authorization_message(call, &input.encoded_message);
        let decoded = decoded.ok_or_else(|| {
            // AWS: recorded from DecodeAuthorizationMessage.
            StsError::InvalidAuthorizationMessageException.with("Message is not valid")
        })?;
        Ok(DecodeAuthorizationMessageOutput { decoded_message: Some(decoded) })
    }
}
