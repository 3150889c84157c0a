//! The policies that a request bounds its session by, and the room they take together with tags.

use std::collections::BTreeMap;

use coffer_model::AccountId;
use coffer_pipeline::Call;
use coffer_pipeline::identity::{ManagedPolicyRecord, SessionClaims};
use coffer_policy::{Grammar, Policy};
use coffer_protocol::Fault;

use super::credentials::percent;
use super::errors::StsError;
use super::wire::PolicyDescriptorType;

/// The policies of a session.
#[derive(Debug, Default)]
pub(super) struct SessionPolicies {
    pub(super) inline: Option<String>,
    pub(super) arns: Vec<String>,
}

impl SessionPolicies {
    /// Checks the policies that a request gives for a session in an account.
    ///
    /// # Errors
    /// A document that is none, policies that are not there or not the account's, and too many.
    pub(super) async fn given(
        call: &mut Call<'_>,
        account: AccountId,
        inline: Option<&str>,
        arns: Option<&[PolicyDescriptorType]>,
    ) -> Result<Self, Fault> {
        let arns: Vec<String> =
            arns.unwrap_or_default().iter().filter_map(|each| each.arn.clone()).collect();
        if arns.len() > ARNS_MAX {
            return Err(too_long("policyArns", ARNS_MAX));
        }
        let characters: usize = inline
            .into_iter()
            .chain(arns.iter().map(String::as_str))
            .map(|text| text.chars().count())
            .sum();
        if characters > PLAIN_CHARACTERS_MAX {
            return Err(too_long("policy", PLAIN_CHARACTERS_MAX));
        }
        if let Some(text) = inline {
            Policy::parse(text, Grammar::Session).map_err(|malformed| {
                StsError::MalformedPolicyDocumentException.with(malformed.message())
            })?;
        }
        for arn in &arns {
            must_be_there(call, account, arn).await?;
        }
        Ok(Self { inline: inline.map(str::to_owned), arns })
    }

    /// Puts policies and tags into a session's claims.
    ///
    /// Gives the room they take, in percent; nothing where there are none.
    ///
    /// # Errors
    /// `PackedPolicyTooLarge`.
    pub(super) fn bound(self, claims: &mut SessionClaims) -> Result<Option<i32>, Fault> {
        claims.policy = self.inline;
        claims.policy_arns = self.arns;
        if claims.policy.is_none() && claims.policy_arns.is_empty() && claims.tags.is_empty() {
            return Ok(None);
        }
        let packed = packed_percent(claims);
        if packed <= 100 {
            return Ok(Some(packed));
        }
        // AWS: recorded from AssumeRole, with tags and without.
        Err(StsError::PackedPolicyTooLargeException.with(match claims.tags.is_empty() {
            false => format!("Packed size of session tags consumes {packed}% of allotted space."),
            true => format!(
                "Packed policy consumes {packed}% of allotted space, please use smaller policy."
            ),
        }))
    }
}

/// AWS packs policies, ARNs and tags in a way that it does not tell. Here it is their characters
/// without the white space between the elements of a policy.
fn packed_percent(claims: &SessionClaims) -> i32 {
    let of_tags = |tags: &BTreeMap<String, String>| -> usize {
        tags.iter().map(|(name, value)| name.len() + value.len()).sum()
    };
    let policy = claims.policy.as_deref().map_or(0, |text| {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => value.to_string().len(),
            Err(_) => text.len(),
        }
    });
    let arns: usize = claims.policy_arns.iter().map(String::len).sum();
    let bytes = i32::try_from(policy + arns + of_tags(&claims.tags)).unwrap_or(i32::MAX);
    percent(bytes, PACKED_BYTES_MAX)
}

async fn must_be_there(call: &mut Call<'_>, account: AccountId, arn: &str) -> Result<(), Fault> {
    if arn.starts_with(AWS_MANAGED) {
        return Ok(());
    }
    let invalid =
        || Fault::validation(format!("Policy {arn} does not exist or is not attachable."));
    let key = ManagedPolicyRecord::key_of_arn(arn).ok_or_else(invalid)?;
    let found = call.get::<ManagedPolicyRecord>(&key).await?;
    let found = found.filter(|found| found.account == account && found.arn() == arn);
    found.map(drop).ok_or_else(invalid)
}

fn too_long(member: &str, max: usize) -> Fault {
    Fault::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member \
         must have length less than or equal to {max}"
    ))
}

const AWS_MANAGED: &str = "arn:aws:iam::aws:policy/";
/// AWS: "You can provide up to 10 managed policy ARNs".
const ARNS_MAX: usize = 10;
/// AWS: the document's and the ARNs' characters together (IAM quotas).
const PLAIN_CHARACTERS_MAX: usize = 2048;
const PACKED_BYTES_MAX: i32 = 4096;
