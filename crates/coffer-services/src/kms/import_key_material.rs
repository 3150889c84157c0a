//! ImportKeyMaterial: gives a key the material that its owner brings.

use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::expire_key_material::ExpireKeyMaterial;
use super::find::find_to_change;
use super::import_token::ImportToken;
use super::imports::{self, Incoming};
use super::material::{Imported, OpenMaterial, imported_id};
use super::multi_region::put_with_replicas;
use super::permission::demand_on;
use super::usage;
use super::wire::{ExpirationModelType, ImportType};

/// Gives a key material: its first, the same again, or the next one to rotate to.
pub(super) struct ImportKeyMaterial;

/// Which material, for how long.
#[derive(Input, Debug)]
#[shape(name = "ImportKeyMaterialRequest")]
pub(super) struct ImportKeyMaterialInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 1, max = 6144)]
    import_token: Vec<u8>,
    #[shape(required, min = 1, max = 6144)]
    encrypted_key_material: Vec<u8>,
    valid_to: Option<Timestamp>,
    expiration_model: Option<ExpirationModelType>,
    import_type: Option<ImportType>,
    #[shape(min = 0, max = 256, pattern = r"^[a-zA-Z0-9:/_\s.-]+$")]
    key_material_description: Option<String>,
    #[shape(min = 64, max = 64, pattern = r"^[a-f0-9]+$")]
    key_material_id: Option<String>,
}

/// The material's id.
#[derive(Output, Debug)]
#[shape(name = "ImportKeyMaterialResponse")]
pub(super) struct ImportKeyMaterialOutput {
    key_id: Option<String>,
    key_material_id: Option<String>,
}

impl Operation for ImportKeyMaterial {
    const NAME: &'static str = "ImportKeyMaterial";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::InvalidArnException.row(),
        KmsError::UnsupportedOperationException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::NotFoundException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::InvalidCiphertextException.row(),
        KmsError::IncorrectKeyMaterialException.row(),
        KmsError::ExpiredImportTokenException.row(),
        KmsError::InvalidImportTokenException.row(),
    ];
    type Input = ImportKeyMaterialInput;
    type Output = ImportKeyMaterialOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:ImportKeyMaterial", &input.key_id).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:expirationmodel" => Some(model_of(input).to_string().into()),
            "kms:validto" => input.valid_to.map(ContextValues::from),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:ImportKeyMaterial").await?;
        if !key.kind.is_external() {
            return Err(usage::invalid_origin(&key));
        }
        key.must_stay()?;
        let expires = expiry(call.now(), input)?;
        if !key.kind.is_symmetric() {
            must_say_nothing_of_symmetric_keys(input)?;
        }
        let token = ImportToken::open(call, &key, &input.import_token)?;
        let bytes = token.unwrap(&input.encrypted_key_material)?;
        if OpenMaterial::read(key.material_kind()?, &bytes).is_none() {
            return Err(KmsError::IncorrectKeyMaterialException
                .with(format!("The key material is not valid for key spec {}.", key.kind.spec)));
        }
        let id = imported_id(&key.key_id, &bytes);
        let imported = Imported { expires, description: input.key_material_description.clone() };
        let incoming = Incoming {
            id: &id,
            bytes: &bytes,
            imported,
            said_type: input.import_type,
            said_id: input.key_material_id.as_deref(),
        };
        let changed = imports::with(call, &key, incoming)?;
        let (arn, material_id) = (key.arn(), key.kind.is_symmetric().then(|| id.clone()));
        call.acted_on(&arn);
        if let Some(due) = expires {
            let job = ExpireKeyMaterial { key_id: key.key_id.clone(), material_id: id, due };
            call.schedule(due, &job).await?;
        }
        put_with_replicas(call, changed).await?;
        Ok(ImportKeyMaterialOutput { key_id: Some(arn), key_material_id: material_id })
    }
}

fn model_of(input: &ImportKeyMaterialInput) -> ExpirationModelType {
    input.expiration_model.unwrap_or(ExpirationModelType::KeyMaterialExpires)
}

/// When the material is to be deleted again, where it is.
fn expiry(now: Timestamp, input: &ImportKeyMaterialInput) -> Result<Option<Timestamp>, Fault> {
    match (model_of(input), input.valid_to) {
        (ExpirationModelType::KeyMaterialDoesNotExpire, None) => Ok(None),
        (ExpirationModelType::KeyMaterialDoesNotExpire, Some(_)) => Err(Fault::validation(
            "A validTo date must not be set if the ExpirationModel is \
             KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        // AWS: recorded (LocalStack's snapshots, 2024-01).
        (ExpirationModelType::KeyMaterialExpires, None) => Err(Fault::validation(
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
        )),
        // AWS: at most a year ahead (API reference).
        (ExpirationModelType::KeyMaterialExpires, Some(at)) => {
            if at > now && at <= now.plus(VALID_MAX) {
                Ok(Some(at))
            } else {
                Err(Fault::validation(
                    "The validTo date must be in the future, and at most 365 days ahead",
                ))
            }
        }
    }
}

fn must_say_nothing_of_symmetric_keys(input: &ImportKeyMaterialInput) -> Result<(), Fault> {
    let said = input.import_type.is_some()
        || input.key_material_id.is_some()
        || input.key_material_description.is_some();
    if !said {
        return Ok(());
    }
    Err(Fault::validation(
        "ImportType, KeyMaterialDescription and KeyMaterialId are supported for symmetric \
         encryption keys only",
    ))
}

const VALID_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);
