//! GenerateRandom: draws random bytes.

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use zeroize::Zeroizing;

use super::errors::KmsError;
use super::request::must_have_no_recipient;
use super::wire::RecipientInfo;

/// Draws up to a kilobyte of random bytes.
pub(super) struct GenerateRandom;

/// How many bytes.
#[derive(Input, Debug)]
#[shape(name = "GenerateRandomRequest")]
pub(super) struct GenerateRandomInput {
    #[shape(min = 1, max = 1024)]
    number_of_bytes: Option<i32>,
    #[shape(min = 1, max = 64)]
    custom_key_store_id: Option<String>,
    recipient: Option<RecipientInfo>,
}

/// The bytes.
#[derive(Output, Debug)]
#[shape(name = "GenerateRandomResponse")]
pub(super) struct GenerateRandomOutput {
    plaintext: Option<Sensitive<Vec<u8>>>,
    ciphertext_for_recipient: Option<Vec<u8>>,
}

impl Operation for GenerateRandom {
    const NAME: &'static str = "GenerateRandom";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::UnsupportedOperationException.row(),
        KmsError::CustomKeyStoreNotFoundException.row(),
        KmsError::CustomKeyStoreInvalidStateException.row(),
    ];
    type Input = GenerateRandomInput;
    type Output = GenerateRandomOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("kms:GenerateRandom"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_have_no_recipient(input.recipient.as_ref())?;
        if let Some(store) = &input.custom_key_store_id {
            let message = format!("Custom key store {store} does not exist");
            return Err(KmsError::CustomKeyStoreNotFoundException.with(message));
        }
        // AWS: recorded (LocalStack's snapshots, 2023-04).
        let bytes =
            input.number_of_bytes.ok_or_else(|| Fault::validation("NumberOfBytes is required."))?;
        let mut drawn = Zeroizing::new(vec![0; usize::try_from(bytes).unwrap_or_default()]);
        call.entropy().fill(&mut drawn);
        Ok(GenerateRandomOutput {
            plaintext: Some(Sensitive::new(std::mem::take(&mut *drawn))),
            ciphertext_for_recipient: None,
        })
    }
}
