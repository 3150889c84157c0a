//! The structures that several operations take or give, as AWS's model has them.

mod values;

use coffer_model::Timestamp;
use coffer_protocol::{Input, Output};

use self::values::KeyEncryptionMechanism;
pub(super) use self::values::{
    AlgorithmSpec, CustomerMasterKeySpec, DataKeyPairSpec, DataKeySpec, DryRunModifierType,
    EncapsulationAlgorithmSpec, EncryptionAlgorithmSpec, ExpirationModelType, ImportType,
    KeyAgreementAlgorithmSpec, KeyManagerType, KeySpec, KeyUsageType, MacAlgorithmSpec,
    MessageType, MultiRegionKeyType, OriginType, SigningAlgorithmSpec, WireKeyState,
    WrappingKeySpec,
};

/// What is told of a key.
#[derive(Output, Debug, Default)]
pub(super) struct KeyMetadata {
    #[shape(wire = "AWSAccountId")]
    pub(super) aws_account_id: Option<String>,
    #[shape(required)]
    pub(super) key_id: String,
    pub(super) arn: Option<String>,
    pub(super) creation_date: Option<Timestamp>,
    pub(super) enabled: Option<bool>,
    pub(super) description: Option<String>,
    pub(super) key_usage: Option<KeyUsageType>,
    pub(super) key_state: Option<WireKeyState>,
    pub(super) deletion_date: Option<Timestamp>,
    pub(super) valid_to: Option<Timestamp>,
    pub(super) origin: Option<OriginType>,
    pub(super) custom_key_store_id: Option<String>,
    pub(super) cloud_hsm_cluster_id: Option<String>,
    pub(super) expiration_model: Option<ExpirationModelType>,
    pub(super) key_manager: Option<KeyManagerType>,
    pub(super) customer_master_key_spec: Option<CustomerMasterKeySpec>,
    pub(super) key_spec: Option<KeySpec>,
    pub(super) encryption_algorithms: Option<Vec<EncryptionAlgorithmSpec>>,
    pub(super) signing_algorithms: Option<Vec<SigningAlgorithmSpec>>,
    pub(super) key_agreement_algorithms: Option<Vec<KeyAgreementAlgorithmSpec>>,
    pub(super) encapsulation_algorithms: Option<Vec<EncapsulationAlgorithmSpec>>,
    pub(super) multi_region: Option<bool>,
    pub(super) multi_region_configuration: Option<MultiRegionConfiguration>,
    pub(super) pending_deletion_window_in_days: Option<i32>,
    pub(super) mac_algorithms: Option<Vec<MacAlgorithmSpec>>,
    pub(super) xks_key_configuration: Option<XksKeyConfigurationType>,
    pub(super) current_key_material_id: Option<String>,
}

/// How a key for several regions is related to others.
#[derive(Output, Debug)]
pub(super) struct MultiRegionConfiguration {
    pub(super) multi_region_key_type: Option<MultiRegionKeyType>,
    pub(super) primary_key: Option<MultiRegionKey>,
    pub(super) replica_keys: Option<Vec<MultiRegionKey>>,
}

/// One key of several regions.
#[derive(Output, Debug)]
pub(super) struct MultiRegionKey {
    pub(super) arn: Option<String>,
    pub(super) region: Option<String>,
}

/// A key outside; coffer has none.
#[derive(Output, Debug)]
pub(super) struct XksKeyConfigurationType {
    id: Option<String>,
}

/// A tag.
#[derive(Input, Output, Debug)]
pub(super) struct Tag {
    #[shape(required, min = 1, max = 128)]
    pub(super) tag_key: String,
    #[shape(required, min = 0, max = 256)]
    pub(super) tag_value: String,
}

/// Who alone is to read the answer: an enclave that attests itself.
#[derive(Input, Debug)]
pub(super) struct RecipientInfo {
    key_encryption_algorithm: Option<KeyEncryptionMechanism>,
    #[shape(min = 1, max = 262144)]
    attestation_document: Option<Vec<u8>>,
}
