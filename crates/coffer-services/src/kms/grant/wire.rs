//! Grants as requests and answers have them.

use std::collections::BTreeMap;

use coffer_model::Timestamp;
use coffer_protocol::{AwsEnum, Fault, Input, Output};
use serde::{Deserialize, Serialize};

use super::{Constraints, GrantRecord, Principal};
use crate::kms::spec::KeyKind;
use crate::kms::wire::KeyUsageType;

/// What a grant can allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AwsEnum, Serialize, Deserialize)]
pub(in crate::kms) enum GrantOperation {
    Decrypt,
    Encrypt,
    GenerateDataKey,
    GenerateDataKeyWithoutPlaintext,
    ReEncryptFrom,
    ReEncryptTo,
    Sign,
    Verify,
    GetPublicKey,
    CreateGrant,
    RetireGrant,
    DescribeKey,
    GenerateDataKeyPair,
    GenerateDataKeyPairWithoutPlaintext,
    GenerateMac,
    VerifyMac,
    DeriveSharedSecret,
    Encapsulate,
    Decapsulate,
}

/// The conditions of a grant.
#[derive(Input, Output, Debug)]
pub(in crate::kms) struct GrantConstraints {
    encryption_context_subset: Option<BTreeMap<String, String>>,
    encryption_context_equals: Option<BTreeMap<String, String>>,
    #[shape(
        min = 20,
        max = 512,
        pattern = r"^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$"
    )]
    source_arn: Option<String>,
}

/// A grant.
#[derive(Output, Debug)]
pub(in crate::kms) struct GrantListEntry {
    key_id: Option<String>,
    grant_id: Option<String>,
    name: Option<String>,
    creation_date: Option<Timestamp>,
    grantee_principal: Option<String>,
    retiring_principal: Option<String>,
    issuing_account: Option<String>,
    operations: Option<Vec<GrantOperation>>,
    constraints: Option<GrantConstraints>,
    grantee_service_principal: Option<String>,
    retiring_service_principal: Option<String>,
}

impl GrantOperation {
    /// Whether a key has the operation at all.
    pub(in crate::kms) fn is_of(self, kind: &KeyKind) -> bool {
        match self {
            Self::CreateGrant | Self::RetireGrant | Self::DescribeKey => true,
            Self::Decrypt | Self::Encrypt | Self::ReEncryptFrom | Self::ReEncryptTo => {
                kind.usage == KeyUsageType::EncryptDecrypt
            }
            Self::GenerateDataKey
            | Self::GenerateDataKeyWithoutPlaintext
            | Self::GenerateDataKeyPair
            | Self::GenerateDataKeyPairWithoutPlaintext => kind.is_symmetric(),
            Self::Sign | Self::Verify => kind.usage == KeyUsageType::SignVerify,
            Self::GetPublicKey => {
                !kind.is_symmetric() && kind.usage != KeyUsageType::GenerateVerifyMac
            }
            Self::GenerateMac | Self::VerifyMac => kind.usage == KeyUsageType::GenerateVerifyMac,
            Self::DeriveSharedSecret => kind.usage == KeyUsageType::KeyAgreement,
            Self::Encapsulate | Self::Decapsulate => {
                kind.usage == KeyUsageType::EncapsulateDecapsulate
            }
        }
    }

    /// The IAM action.
    pub(in crate::kms) fn action(self) -> &'static str {
        match self {
            Self::Decrypt => "kms:Decrypt",
            Self::Encrypt => "kms:Encrypt",
            Self::GenerateDataKey => "kms:GenerateDataKey",
            Self::GenerateDataKeyWithoutPlaintext => "kms:GenerateDataKeyWithoutPlaintext",
            Self::ReEncryptFrom => "kms:ReEncryptFrom",
            Self::ReEncryptTo => "kms:ReEncryptTo",
            Self::Sign => "kms:Sign",
            Self::Verify => "kms:Verify",
            Self::GetPublicKey => "kms:GetPublicKey",
            Self::CreateGrant => "kms:CreateGrant",
            Self::RetireGrant => "kms:RetireGrant",
            Self::DescribeKey => "kms:DescribeKey",
            Self::GenerateDataKeyPair => "kms:GenerateDataKeyPair",
            Self::GenerateDataKeyPairWithoutPlaintext => "kms:GenerateDataKeyPairWithoutPlaintext",
            Self::GenerateMac => "kms:GenerateMac",
            Self::VerifyMac => "kms:VerifyMac",
            Self::DeriveSharedSecret => "kms:DeriveSharedSecret",
            Self::Encapsulate => "kms:Encapsulate",
            Self::Decapsulate => "kms:Decapsulate",
        }
    }

    /// Whether requests of the operation have an encryption context.
    pub(in crate::kms) fn has_context(self) -> bool {
        matches!(
            self,
            Self::Decrypt
                | Self::Encrypt
                | Self::GenerateDataKey
                | Self::GenerateDataKeyWithoutPlaintext
                | Self::ReEncryptFrom
                | Self::ReEncryptTo
                | Self::GenerateDataKeyPair
                | Self::GenerateDataKeyPairWithoutPlaintext
        )
    }
}

impl GrantConstraints {
    /// What kind of constraint it is on encryption contexts, as `kms:GrantConstraintType` has it.
    pub(in crate::kms) fn kind(&self) -> Option<&'static str> {
        match (&self.encryption_context_equals, &self.encryption_context_subset) {
            (Some(_), _) => Some("EncryptionContextEquals"),
            (None, Some(_)) => Some("EncryptionContextSubset"),
            (None, None) => None,
        }
    }

    /// The conditions as they are kept.
    ///
    /// # Errors
    /// What is too large, or of no use on a key of this kind.
    pub(in crate::kms) fn read(&self, kind: &KeyKind) -> Result<Constraints, Fault> {
        let contexts = [&self.encryption_context_subset, &self.encryption_context_equals];
        let given = || contexts.into_iter().flatten();
        if given().next().is_some() && !kind.is_symmetric() {
            return Err(Fault::validation(format!(
                "Encryption context constraints are not supported for key spec {}.",
                kind.spec
            )));
        }
        // AWS: both bounds stand in the API reference.
        let is_large = given().any(|context| {
            context.len() > PAIRS_MAX
                || context.values().any(|value| value.chars().count() > VALUE_CHARS_MAX)
        });
        if is_large {
            return Err(Fault::validation(format!(
                "An encryption context constraint has at most {PAIRS_MAX} pairs, whose values have \
                 at most {VALUE_CHARS_MAX} characters."
            )));
        }
        let filled = |context: &Option<BTreeMap<String, String>>| {
            context.clone().filter(|context| !context.is_empty())
        };
        Ok(Constraints {
            context_subset: filled(&self.encryption_context_subset),
            context_equals: filled(&self.encryption_context_equals),
            source_arn: self.source_arn.clone(),
        })
    }
}

impl GrantListEntry {
    /// What is told of a grant.
    pub(in crate::kms) fn of(grant: &GrantRecord) -> Self {
        let arn = |principal: Option<&Principal>| match principal {
            Some(Principal::Arn(arn)) => Some(arn.clone()),
            _ => None,
        };
        let service = |principal: Option<&Principal>| match principal {
            Some(Principal::Service(name)) => Some(name.clone()),
            _ => None,
        };
        let constraints = Some(&grant.constraints).filter(|constraints| !constraints.is_empty());
        Self {
            key_id: Some(grant.scope().arn_text("kms", &["key/", &grant.key_id])),
            grant_id: Some(grant.grant_id.clone()),
            name: Some(grant.name.clone().unwrap_or_default()),
            creation_date: Some(grant.created),
            grantee_principal: arn(Some(&grant.grantee)),
            retiring_principal: arn(grant.retiring.as_ref()),
            issuing_account: Some(coffer_model::Arn::root(grant.issuing_account).to_string()),
            operations: Some(grant.operations.iter().copied().collect()),
            constraints: constraints.map(|constraints| GrantConstraints {
                encryption_context_subset: constraints.context_subset.clone(),
                encryption_context_equals: constraints.context_equals.clone(),
                source_arn: constraints.source_arn.clone(),
            }),
            grantee_service_principal: service(Some(&grant.grantee)),
            retiring_service_principal: service(grant.retiring.as_ref()),
        }
    }
}

const PAIRS_MAX: usize = 8;
const VALUE_CHARS_MAX: usize = 384;
