//! What a request and the version before it make of the new version.

use coffer_pipeline::Call;
use coffer_protocol::Fault;

use super::{
    ParameterRecord, ParameterTier, ParameterType, ParameterVersion, PutParameterInput, count,
    policy, rules,
};
use crate::ssm::data_type;
use crate::ssm::parameter::{ParameterPolicy, StoredValue};
use crate::ssm::tier::{self, Needs};
use crate::ssm::{allowed_pattern, name, setting, value};

/// All of a new version that is checked before its value is sealed.
pub(super) struct Settled {
    r#type: ParameterType,
    data_type: String,
    allowed_pattern: Option<String>,
    policies: Vec<ParameterPolicy>,
    tier: ParameterTier,
}

impl Settled {
    /// Settles what the request asks for, with what it says nothing of taken from before.
    ///
    /// # Errors
    /// Those of PutParameter's model, but for what has to do with keys and names.
    pub(super) async fn of(
        call: &mut Call<'_>,
        input: &PutParameterInput,
        before: Option<&ParameterRecord>,
    ) -> Result<Self, Fault> {
        let r#type = rules::type_of(input, before)?;
        if input.key_id.is_some() && r#type != ParameterType::SecureString {
            return Err(Fault::validation(KEY_OF_PLAIN));
        }
        let version = before.map(|before| &before.current);
        let value = input.value.expose();
        let data_type = match (&input.data_type, version) {
            (Some(asked), _) if !asked.is_empty() => asked.as_str(),
            (_, Some(version)) => version.data_type.as_str(),
            _ => DATA_TYPE_USUAL,
        };
        if let Some(version) = version {
            data_type::validate_change(&version.data_type, data_type)?;
        }
        data_type::validate(data_type, r#type, value)?;
        let pattern = match (&input.allowed_pattern, version) {
            (Some(asked), _) => Some(asked.as_str()).filter(|asked| !asked.is_empty()),
            (None, version) => version.and_then(|version| version.allowed_pattern.as_deref()),
        };
        if let Some(pattern) = pattern {
            allowed_pattern::check(pattern, r#type, value)?;
        }
        let policies = match (&input.policies, version) {
            (Some(text), _) => policy::read(text, call.now())?,
            (None, Some(version)) => policy::carried_over(&version.policies),
            (None, None) => Vec::new(),
        };
        let needs = Needs {
            value_bytes: value.len(),
            has_policies: !policies.is_empty(),
            advanced_data_type: Some(data_type).filter(|it| data_type::needs_advanced_tier(it)),
        };
        Ok(Self {
            r#type,
            tier: tier_of(call, input, version, needs).await?,
            data_type: data_type.to_owned(),
            allowed_pattern: pattern.map(str::to_owned),
            policies,
        })
    }

    /// Seals the value and makes the version.
    ///
    /// # Errors
    /// `InvalidKeyId`.
    pub(super) async fn version(
        self,
        call: &mut Call<'_>,
        input: &PutParameterInput,
        name: &str,
        before: Option<&ParameterRecord>,
    ) -> Result<ParameterVersion, Fault> {
        let (stored, key_id) = match self.r#type {
            ParameterType::SecureString => {
                // AWS: a request without a key takes the default one, whatever key the version
                // before was sealed with (API reference, PutParameter, KeyId).
                let words = input.key_id.as_deref().unwrap_or(value::DEFAULT_KEY);
                let key = value::key(call, words, self.tier).await?;
                let arn = name::arn_of(call.account(), call.region(), name);
                let sealed = value::seal(call, &key, &arn, self.tier, &input.value).await?;
                (sealed, Some(words.to_owned()))
            }
            _ => (StoredValue::Plain(input.value.clone()), None),
        };
        let version = before.map(|before| &before.current);
        let described = input.description.as_ref();
        Ok(ParameterVersion {
            number: version.map_or(1, |version| version.number + 1),
            r#type: self.r#type,
            value: stored,
            data_type: self.data_type,
            tier: self.tier,
            key_id,
            description: described.or(version.and_then(|it| it.description.as_ref())).cloned(),
            allowed_pattern: self.allowed_pattern,
            policies: self.policies,
            modified: call.now(),
            modified_by: call.context().caller.arn.clone(),
        })
    }
}

async fn tier_of(
    call: &mut Call<'_>,
    input: &PutParameterInput,
    before: Option<&ParameterVersion>,
    needs: Needs<'_>,
) -> Result<ParameterTier, Fault> {
    let before = before.map(|before| before.tier);
    let asked = match (input.tier, before) {
        (Some(tier), _) => tier,
        (None, Some(ParameterTier::Advanced)) => ParameterTier::Advanced,
        (None, _) => setting::default_tier(call).await?,
    };
    let may_be_full = asked == ParameterTier::IntelligentTiering && before.is_none();
    let is_full = may_be_full && count::is_full(call, ParameterTier::Standard).await?;
    let tier = tier::choose(asked, before, needs, is_full)?;
    debug_assert!(tier != ParameterTier::IntelligentTiering, "no parameter is in that tier");
    Ok(tier)
}

const DATA_TYPE_USUAL: &str = "text";
const KEY_OF_PLAIN: &str = "KeyId is required for SecureString type parameter only.";
