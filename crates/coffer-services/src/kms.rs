//! Key Management Service: the keys that everything is sealed under.

mod alias;
mod cancel_key_deletion;
mod create_alias;
mod create_key;
mod decrypt;
mod delete_alias;
pub(crate) mod delete_due_key;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
mod enable_key;
mod enable_key_rotation;
mod encrypt;
pub mod envelope;
pub mod errors;
mod find;
mod generate_data_key;
mod generate_data_key_without_plaintext;
mod generate_random;
mod get_key_policy;
mod get_key_rotation_status;
#[cfg(test)]
mod golden;
pub mod key;
mod key_policy;
mod list_aliases;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod material;
mod pages;
mod put_key_policy;
mod re_encrypt;
mod request;
pub(crate) mod reseal;
pub(crate) mod rotate_due_key;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod source;
mod tag_resource;
mod tags;
mod target;
mod untag_resource;
mod update_alias;
mod update_key_description;
mod wire;

use coffer_pipeline::{Entry, Protocol, Service};

/// KMS on the port.
pub const SERVICE: Service = Service {
    name: "kms",
    protocol: Protocol::Json { target_prefix: "TrentService" },
    operations: &[
        Entry::of::<cancel_key_deletion::CancelKeyDeletion>(),
        Entry::of::<create_alias::CreateAlias>(),
        Entry::of::<create_key::CreateKey>(),
        Entry::of::<decrypt::Decrypt>(),
        Entry::of::<delete_alias::DeleteAlias>(),
        Entry::of::<describe_key::DescribeKey>(),
        Entry::of::<disable_key::DisableKey>(),
        Entry::of::<disable_key_rotation::DisableKeyRotation>(),
        Entry::of::<enable_key::EnableKey>(),
        Entry::of::<enable_key_rotation::EnableKeyRotation>(),
        Entry::of::<encrypt::Encrypt>(),
        Entry::of::<generate_data_key::GenerateDataKey>(),
        Entry::of::<generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext>(),
        Entry::of::<generate_random::GenerateRandom>(),
        Entry::of::<get_key_policy::GetKeyPolicy>(),
        Entry::of::<get_key_rotation_status::GetKeyRotationStatus>(),
        Entry::of::<list_aliases::ListAliases>(),
        Entry::of::<list_key_policies::ListKeyPolicies>(),
        Entry::of::<list_key_rotations::ListKeyRotations>(),
        Entry::of::<list_keys::ListKeys>(),
        Entry::of::<list_resource_tags::ListResourceTags>(),
        Entry::of::<put_key_policy::PutKeyPolicy>(),
        Entry::of::<re_encrypt::ReEncrypt>(),
        Entry::of::<rotate_key_on_demand::RotateKeyOnDemand>(),
        Entry::of::<schedule_key_deletion::ScheduleKeyDeletion>(),
        Entry::of::<tag_resource::TagResource>(),
        Entry::of::<untag_resource::UntagResource>(),
        Entry::of::<update_alias::UpdateAlias>(),
        Entry::of::<update_key_description::UpdateKeyDescription>(),
    ],
};
