//! Key Management Service: the keys that everything is sealed under.

mod alias;
mod cancel_key_deletion;
mod cipher;
mod create_alias;
mod create_grant;
mod create_key;
mod data_key_pair;
mod decapsulate;
mod decrypt;
mod delete_alias;
pub(crate) mod delete_due_key;
mod delete_imported_key_material;
mod derive_shared_secret;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
mod enable_key;
mod enable_key_rotation;
mod encapsulate;
mod encrypt;
pub mod envelope;
pub mod errors;
pub(crate) mod expire_key_material;
mod find;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod generate_data_key;
mod generate_data_key_pair;
mod generate_data_key_pair_without_plaintext;
mod generate_data_key_without_plaintext;
mod generate_mac;
mod generate_random;
mod get_key_last_usage;
mod get_key_policy;
mod get_key_rotation_status;
mod get_parameters_for_import;
mod get_public_key;
#[cfg(test)]
mod golden;
mod grant;
mod grant_token;
mod import_key_material;
mod import_token;
mod imports;
pub mod key;
mod key_policy;
mod last_use;
mod list_aliases;
mod list_grants;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod list_retirable_grants;
mod material;
mod metadata;
mod multi_region;
mod pages;
mod permission;
mod put_key_policy;
mod quota;
mod re_encrypt;
mod replicate_key;
mod request;
pub(crate) mod reseal;
mod retire_grant;
mod revoke_grant;
pub(crate) mod rotate_due_key;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod sign;
mod signing;
mod source;
mod spec;
mod tag_resource;
mod tags;
mod target;
pub mod through;
mod untag_resource;
mod update_alias;
mod update_key_description;
mod update_primary_region;
mod usage;
mod verify;
mod verify_mac;
mod wire;

use coffer_pipeline::{Entry, Protocol, Service};

use crate::quotas;

/// KMS on the port.
pub const SERVICE: Service = Service {
    name: "kms",
    protocol: Protocol::Json { target_prefix: "TrentService" },
    throttled: quotas::kms_rate_exceeded,
    operations: &[
        Entry::of::<cancel_key_deletion::CancelKeyDeletion>(),
        Entry::of::<create_alias::CreateAlias>(),
        Entry::of::<create_grant::CreateGrant>(),
        Entry::of::<create_key::CreateKey>(),
        Entry::of::<decapsulate::Decapsulate>(),
        Entry::of::<decrypt::Decrypt>(),
        Entry::of::<delete_alias::DeleteAlias>(),
        Entry::of::<delete_imported_key_material::DeleteImportedKeyMaterial>(),
        Entry::of::<derive_shared_secret::DeriveSharedSecret>(),
        Entry::of::<describe_key::DescribeKey>(),
        Entry::of::<disable_key::DisableKey>(),
        Entry::of::<disable_key_rotation::DisableKeyRotation>(),
        Entry::of::<enable_key::EnableKey>(),
        Entry::of::<enable_key_rotation::EnableKeyRotation>(),
        Entry::of::<encapsulate::Encapsulate>(),
        Entry::of::<encrypt::Encrypt>(),
        Entry::of::<generate_data_key::GenerateDataKey>(),
        Entry::of::<generate_data_key_pair::GenerateDataKeyPair>(),
        Entry::of::<generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintext>(
        ),
        Entry::of::<generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext>(),
        Entry::of::<generate_mac::GenerateMac>(),
        Entry::of::<generate_random::GenerateRandom>(),
        Entry::of::<get_key_last_usage::GetKeyLastUsage>(),
        Entry::of::<get_key_policy::GetKeyPolicy>(),
        Entry::of::<get_key_rotation_status::GetKeyRotationStatus>(),
        Entry::of::<get_parameters_for_import::GetParametersForImport>(),
        Entry::of::<get_public_key::GetPublicKey>(),
        Entry::of::<import_key_material::ImportKeyMaterial>(),
        Entry::of::<list_aliases::ListAliases>(),
        Entry::of::<list_grants::ListGrants>(),
        Entry::of::<list_key_policies::ListKeyPolicies>(),
        Entry::of::<list_key_rotations::ListKeyRotations>(),
        Entry::of::<list_keys::ListKeys>(),
        Entry::of::<list_resource_tags::ListResourceTags>(),
        Entry::of::<list_retirable_grants::ListRetirableGrants>(),
        Entry::of::<put_key_policy::PutKeyPolicy>(),
        Entry::of::<re_encrypt::ReEncrypt>(),
        Entry::of::<replicate_key::ReplicateKey>(),
        Entry::of::<retire_grant::RetireGrant>(),
        Entry::of::<revoke_grant::RevokeGrant>(),
        Entry::of::<rotate_key_on_demand::RotateKeyOnDemand>(),
        Entry::of::<schedule_key_deletion::ScheduleKeyDeletion>(),
        Entry::of::<sign::Sign>(),
        Entry::of::<tag_resource::TagResource>(),
        Entry::of::<untag_resource::UntagResource>(),
        Entry::of::<update_alias::UpdateAlias>(),
        Entry::of::<update_key_description::UpdateKeyDescription>(),
        Entry::of::<update_primary_region::UpdatePrimaryRegion>(),
        Entry::of::<verify::Verify>(),
        Entry::of::<verify_mac::VerifyMac>(),
    ],
};
