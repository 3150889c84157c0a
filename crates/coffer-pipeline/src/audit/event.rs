//! A record as CloudTrail writes it.

use coffer_model::{AccountId, Arn, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{AuditRecord, TlsDetails};

/// A resource of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditedResource<'a> {
    /// The account that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// CloudFormation's name of its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    event_version: &'static str,
    user_identity: Value,
    event_time: String,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'a str,
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<&'a RawValue>,
    response_elements: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<&'a RawValue>,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<AuditedResource<'a>>,
    event_type: &'a str,
    management_event: bool,
    recipient_account_id: AccountId,
    #[serde(rename = "sharedEventID", skip_serializing_if = "Option::is_none")]
    shared_event_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_endpoint_id: Option<&'a str>,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<&'a TlsDetails>,
}

impl AuditRecord {
    /// The record as CloudTrail writes it: JSON, its members in CloudTrail's order.
    pub fn to_cloudtrail(&self) -> String {
        let event = Event {
            event_version: EVENT_VERSION,
            user_identity: self.identity_json(),
            event_time: to_seconds(self.event_time),
            event_source: &self.event_source,
            event_name: &self.event_name,
            aws_region: self.aws_region.as_str(),
            source_ip_address: &self.source_ip_address,
            user_agent: &self.user_agent,
            error_code: self.error_code.as_deref(),
            error_message: self.error_message.as_deref(),
            request_parameters: self.request_parameters.as_deref(),
            response_elements: self.response_elements.as_deref(),
            additional_event_data: self.additional_event_data.as_deref(),
            request_id: &self.request_id,
            event_id: self.event_id(),
            read_only: self.is_told_read_only(),
            resources: self.audited_resources().collect(),
            event_type: &self.event_type,
            management_event: true,
            recipient_account_id: self.recipient_account_id,
            shared_event_id: self.shared_event_id.as_deref(),
            vpc_endpoint_id: self.vpc_endpoint_id.as_deref(),
            event_category: "Management",
            tls_details: self.tls_details.as_ref(),
        };
        serde_json::to_string(&event).unwrap_or_default()
    }

    /// Whether CloudTrail calls it read only, which of giving out credentials does not follow from
    /// what is written.
    pub fn is_told_read_only(&self) -> bool {
        let is_this = |(source, name, _): &&(&str, &str, bool)| {
            *source == self.event_source && *name == self.event_name
        };
        READ_ONLY.iter().find(is_this).map_or(self.read_only, |(_, _, told)| *told)
    }

    /// The resources, each with its owner and type.
    pub fn audited_resources(&self) -> impl Iterator<Item = AuditedResource<'_>> {
        self.resources.iter().map(|arn| resource_of(arn))
    }

    fn identity_json(&self) -> Value {
        let mut identity = serde_json::to_value(&self.user_identity).unwrap_or_default();
        if let Some(context) = &self.user_identity.session_context {
            let attributes = &context.attributes;
            // AWS: both are texts.
            let json = json!({
                "creationDate": to_seconds(attributes.creation_date),
                "mfaAuthenticated": attributes.mfa_authenticated.to_string(),
            });
            if let Some(place) = identity.pointer_mut("/sessionContext/attributes") {
                *place = json;
            }
        }
        identity
    }
}

/// What an ARN says of its resource.
pub fn resource_of(arn: &str) -> AuditedResource<'_> {
    let owner = Arn::owner_of(arn).ok().flatten();
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2).unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    let word = resource.split([':', '/']).next().unwrap_or_default();
    let known = TYPES.iter().find(|(of, kind, _)| *of == service && *kind == word);
    AuditedResource { account_id: owner, kind: known.map(|(_, _, name)| *name), arn }
}

/// ISO 8601 to the second, as CloudTrail writes instants.
fn to_seconds(instant: Timestamp) -> String {
    instant.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Services, the word that their ARNs' resources begin with, and CloudFormation's type.
const TYPES: &[(&str, &str, &str)] = &[
    ("secretsmanager", "secret", "AWS::SecretsManager::Secret"),
    ("ssm", "parameter", "AWS::SSM::Parameter"),
    ("kms", "key", "AWS::KMS::Key"),
    ("kms", "alias", "AWS::KMS::Alias"),
    ("iam", "role", "AWS::IAM::Role"),
    ("iam", "user", "AWS::IAM::User"),
    ("iam", "group", "AWS::IAM::Group"),
    ("iam", "policy", "AWS::IAM::Policy"),
    ("iam", "instance-profile", "AWS::IAM::InstanceProfile"),
    ("iam", "oidc-provider", "AWS::IAM::OIDCProvider"),
    ("cloudtrail", "trail", "AWS::CloudTrail::Trail"),
];
/// AWS: the `readOnly` of its records of these, in examples of its guides and in records at large.
/// Decided: GetSessionToken, of which there are none, is told as GetFederationToken is.
const READ_ONLY: &[(&str, &str, bool)] = &[
    ("sts.amazonaws.com", "AssumeRole", true),
    ("sts.amazonaws.com", "AssumeRoleWithWebIdentity", true),
    ("sts.amazonaws.com", "GetFederationToken", false),
    ("sts.amazonaws.com", "GetSessionToken", false),
];
/// AWS: the version that the user guide calls current ("CloudTrail record contents", 2026-11).
const EVENT_VERSION: &str = "1.11";
