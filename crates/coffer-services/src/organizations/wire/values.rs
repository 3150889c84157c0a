//! The values that members may have, as AWS's model lists them.

use coffer_protocol::AwsEnum;

/// How an account came into its organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum AccountJoinedMethod {
    #[shape(wire = "INVITED")]
    Invited,
    #[shape(wire = "CREATED")]
    Created,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum AccountState {
    #[shape(wire = "PENDING_ACTIVATION")]
    PendingActivation,
    #[shape(wire = "ACTIVE")]
    Active,
    #[shape(wire = "SUSPENDED")]
    Suspended,
    #[shape(wire = "PENDING_CLOSURE")]
    PendingClosure,
    #[shape(wire = "CLOSED")]
    Closed,
}

/// Whether an account may be used, under its former name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum AccountStatus {
    #[shape(wire = "ACTIVE")]
    Active,
    #[shape(wire = "SUSPENDED")]
    Suspended,
    #[shape(wire = "PENDING_CLOSURE")]
    PendingClosure,
}

/// What is below a root or unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum ChildType {
    #[shape(wire = "ACCOUNT")]
    Account,
    #[shape(wire = "ORGANIZATIONAL_UNIT")]
    OrganizationalUnit,
}

/// Why an account was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum CreateAccountFailureReason {
    #[shape(wire = "ACCOUNT_LIMIT_EXCEEDED")]
    AccountLimitExceeded,
    #[shape(wire = "EMAIL_ALREADY_EXISTS")]
    EmailAlreadyExists,
    #[shape(wire = "INVALID_ADDRESS")]
    InvalidAddress,
    #[shape(wire = "INVALID_EMAIL")]
    InvalidEmail,
    #[shape(wire = "CONCURRENT_ACCOUNT_MODIFICATION")]
    ConcurrentAccountModification,
    #[shape(wire = "INTERNAL_FAILURE")]
    InternalFailure,
    #[shape(wire = "GOVCLOUD_ACCOUNT_ALREADY_EXISTS")]
    GovcloudAccountAlreadyExists,
    #[shape(wire = "MISSING_BUSINESS_VALIDATION")]
    MissingBusinessValidation,
    #[shape(wire = "FAILED_BUSINESS_VALIDATION")]
    FailedBusinessValidation,
    #[shape(wire = "PENDING_BUSINESS_VALIDATION")]
    PendingBusinessValidation,
    #[shape(wire = "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION")]
    InvalidIdentityForBusinessValidation,
    #[shape(wire = "UNKNOWN_BUSINESS_VALIDATION")]
    UnknownBusinessValidation,
    #[shape(wire = "MISSING_PAYMENT_INSTRUMENT")]
    MissingPaymentInstrument,
    #[shape(wire = "INVALID_PAYMENT_INSTRUMENT")]
    InvalidPaymentInstrument,
    #[shape(wire = "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED")]
    UpdateExistingResourcePolicyWithTagsNotSupported,
}

/// How far the making of an account has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum CreateAccountState {
    #[shape(wire = "IN_PROGRESS")]
    InProgress,
    #[shape(wire = "SUCCEEDED")]
    Succeeded,
    #[shape(wire = "FAILED")]
    Failed,
}

/// Whether users of the account may see bills; coffer has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum IamUserAccessToBilling {
    #[shape(wire = "ALLOW")]
    Allow,
    #[shape(wire = "DENY")]
    Deny,
}

/// What an organization may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum OrganizationFeatureSet {
    #[shape(wire = "ALL")]
    All,
    #[shape(wire = "CONSOLIDATED_BILLING")]
    ConsolidatedBilling,
}

/// What is above a unit or account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum ParentType {
    #[shape(wire = "ROOT")]
    Root,
    #[shape(wire = "ORGANIZATIONAL_UNIT")]
    OrganizationalUnit,
}

/// The types of policies; coffer has the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum PolicyType {
    #[shape(wire = "SERVICE_CONTROL_POLICY")]
    ServiceControlPolicy,
    #[shape(wire = "RESOURCE_CONTROL_POLICY")]
    ResourceControlPolicy,
    #[shape(wire = "TAG_POLICY")]
    TagPolicy,
    #[shape(wire = "BACKUP_POLICY")]
    BackupPolicy,
    #[shape(wire = "AISERVICES_OPT_OUT_POLICY")]
    AiservicesOptOutPolicy,
    #[shape(wire = "CHATBOT_POLICY")]
    ChatbotPolicy,
    #[shape(wire = "DECLARATIVE_POLICY_EC2")]
    DeclarativePolicyEc2,
    #[shape(wire = "SECURITYHUB_POLICY")]
    SecurityhubPolicy,
    #[shape(wire = "SECURITYHUB_CSPM_POLICY")]
    SecurityhubCspmPolicy,
    #[shape(wire = "INSPECTOR_POLICY")]
    InspectorPolicy,
    #[shape(wire = "UPGRADE_ROLLOUT_POLICY")]
    UpgradeRolloutPolicy,
    #[shape(wire = "BEDROCK_POLICY")]
    BedrockPolicy,
    #[shape(wire = "S3_POLICY")]
    S3Policy,
    #[shape(wire = "NETWORK_SECURITY_DIRECTOR_POLICY")]
    NetworkSecurityDirectorPolicy,
    #[shape(wire = "GUARDDUTY_POLICY")]
    GuarddutyPolicy,
}

/// Whether a type of policies is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum PolicyTypeStatus {
    #[shape(wire = "ENABLED")]
    Enabled,
    #[shape(wire = "PENDING_ENABLE")]
    PendingEnable,
    #[shape(wire = "PENDING_DISABLE")]
    PendingDisable,
}

/// What a policy can be attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::organizations) enum TargetType {
    #[shape(wire = "ACCOUNT")]
    Account,
    #[shape(wire = "ORGANIZATIONAL_UNIT")]
    OrganizationalUnit,
    #[shape(wire = "ROOT")]
    Root,
}
