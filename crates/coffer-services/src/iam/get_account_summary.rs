//! GetAccountSummary: how much an account has of what IAM keeps, and how much it may have.

use std::collections::BTreeMap;

use coffer_pipeline::identity::{
    GroupRecord, InstanceProfileRecord, ManagedPolicyRecord, MfaDeviceRecord, OidcProviderRecord,
    RoleRecord, UserRecord,
};
use coffer_pipeline::{Access, Call, CallerKind, Demand, Operation};
use coffer_protocol::audit::{Audit, Veil};
use coffer_protocol::shape::{Rules, Shape};
use coffer_protocol::{AwsEnum, Encode, ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::demand_on_all;
use super::{account, pages};

/// Counts what the account has.
pub(super) struct GetAccountSummary;

/// Nothing is taken.
#[derive(Input, Debug)]
#[shape(name = "GetAccountSummaryRequest")]
pub(super) struct GetAccountSummaryInput {}

/// The counts and quotas.
#[derive(Output, Debug)]
#[shape(name = "GetAccountSummaryResponse")]
pub(super) struct GetAccountSummaryOutput {
    summary_map: Option<SummaryMap>,
}

impl Operation for GetAccountSummary {
    const NAME: &'static str = "GetAccountSummary";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = GetAccountSummaryInput;
    type Output = GetAccountSummaryOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:GetAccountSummary"))
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        let mut map = SummaryMap::default();
        for (key, quota) in QUOTAS {
            map.insert(key, *quota);
        }
        let of = call.account();
        let users = pages::all::<UserRecord>(call, &UserRecord::all_of(of)).await?;
        map.count(SummaryKey::Users, users.len());
        let groups = pages::all::<GroupRecord>(call, &GroupRecord::all_of(of)).await?;
        map.count(SummaryKey::Groups, groups.len());
        let roles = pages::all::<RoleRecord>(call, &RoleRecord::all_of(of)).await?;
        map.count(SummaryKey::Roles, roles.len());
        let prefix = ManagedPolicyRecord::all_of(of);
        let policies = pages::all::<ManagedPolicyRecord>(call, &prefix).await?;
        map.count(SummaryKey::Policies, policies.len());
        let versions = policies.iter().map(|policy| policy.versions.len()).sum();
        map.count(SummaryKey::PolicyVersionsInUse, versions);
        let devices = pages::all::<MfaDeviceRecord>(call, &MfaDeviceRecord::all_of(of)).await?;
        map.count(SummaryKey::MFADevices, devices.len());
        let in_use = devices.iter().filter(|device| device.user.is_some()).count();
        map.count(SummaryKey::MFADevicesInUse, in_use);
        let prefix = OidcProviderRecord::all_of(of);
        let providers = pages::all::<OidcProviderRecord>(call, &prefix).await?;
        map.count(SummaryKey::Providers, providers.len());
        let prefix = InstanceProfileRecord::all_of(of);
        let profiles = pages::all::<InstanceProfileRecord>(call, &prefix).await?;
        map.count(SummaryKey::InstanceProfiles, profiles.len());
        // The key that came with the account is in no list, but may be the one that signs.
        let caller = &call.context().caller;
        let has_keys = (caller.kind == CallerKind::Root && !caller.is_session())
            || !account::of_caller(call).await?.root_access_keys.is_empty();
        map.count(SummaryKey::AccountAccessKeysPresent, usize::from(has_keys));
        Ok(GetAccountSummaryOutput { summary_map: Some(map) })
    }
}

/// Numbers by what they are of.
#[derive(Debug, Default)]
pub(super) struct SummaryMap(BTreeMap<String, i32>);

impl SummaryMap {
    fn insert(&mut self, key: &SummaryKey, number: i32) {
        self.0.insert(key.as_str().to_owned(), number);
    }

    fn count(&mut self, key: SummaryKey, count: usize) {
        self.insert(&key, i32::try_from(count).unwrap_or(i32::MAX));
    }
}

impl Encode for SummaryMap {
    fn shape(rules: &Rules) -> Shape {
        let key = Shape::string(SummaryKey::VALUES, Rules::NONE);
        Shape::map(key, <i32 as Encode>::shape(Rules::NONE), rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        self.0.encode_json(out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        self.0.encode_xml(out);
    }
}

impl<const SIDE: bool> Audit<SIDE> for SummaryMap {
    fn audit(&self, rules: &Rules, veil: Veil, out: &mut Vec<u8>) {
        Audit::<SIDE>::audit(&self.0, rules, veil, out);
    }
}

/// What is counted, in AWS's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
enum SummaryKey {
    Users,
    UsersQuota,
    Groups,
    GroupsQuota,
    ServerCertificates,
    ServerCertificatesQuota,
    UserPolicySizeQuota,
    GroupPolicySizeQuota,
    GroupsPerUserQuota,
    SigningCertificatesPerUserQuota,
    AccessKeysPerUserQuota,
    MFADevices,
    MFADevicesInUse,
    AccountMFAEnabled,
    AccountAccessKeysPresent,
    AccountPasswordPresent,
    AccountSigningCertificatesPresent,
    AttachedPoliciesPerGroupQuota,
    AttachedPoliciesPerRoleQuota,
    AttachedPoliciesPerUserQuota,
    Policies,
    PoliciesQuota,
    PolicySizeQuota,
    PolicyVersionsInUse,
    PolicyVersionsInUseQuota,
    VersionsPerPolicyQuota,
    GlobalEndpointTokenVersion,
    AssumeRolePolicySizeQuota,
    InstanceProfiles,
    InstanceProfilesQuota,
    Providers,
    RolePolicySizeQuota,
    Roles,
    RolesQuota,
}

/// What is always the same: AWS's quotas for accounts that have not asked for more (IAM user guide,
/// quotas), and what coffer has none of.
const QUOTAS: &[(SummaryKey, i32)] = &[
    (SummaryKey::UsersQuota, 5000),
    (SummaryKey::GroupsQuota, 300),
    (SummaryKey::ServerCertificates, 0),
    (SummaryKey::ServerCertificatesQuota, 20),
    (SummaryKey::UserPolicySizeQuota, 2048),
    (SummaryKey::GroupPolicySizeQuota, 5120),
    (SummaryKey::GroupsPerUserQuota, 10),
    (SummaryKey::SigningCertificatesPerUserQuota, 2),
    (SummaryKey::AccessKeysPerUserQuota, 2),
    (SummaryKey::AccountMFAEnabled, 0),
    (SummaryKey::AccountPasswordPresent, 0),
    (SummaryKey::AccountSigningCertificatesPresent, 0),
    (SummaryKey::AttachedPoliciesPerGroupQuota, 10),
    (SummaryKey::AttachedPoliciesPerRoleQuota, 10),
    (SummaryKey::AttachedPoliciesPerUserQuota, 10),
    (SummaryKey::PoliciesQuota, 1500),
    (SummaryKey::PolicySizeQuota, 6144),
    (SummaryKey::PolicyVersionsInUseQuota, 10_000),
    (SummaryKey::VersionsPerPolicyQuota, 5),
    (SummaryKey::GlobalEndpointTokenVersion, 2),
    (SummaryKey::AssumeRolePolicySizeQuota, 2048),
    (SummaryKey::InstanceProfilesQuota, 1000),
    (SummaryKey::RolePolicySizeQuota, 10_240),
    (SummaryKey::RolesQuota, 1000),
];
