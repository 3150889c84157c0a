//! CreateRole: makes a role.

use std::collections::BTreeSet;

use coffer_pipeline::identity::{EntityPermissions, RoleRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::BOUNDARY_KEY;
use super::id::IdKind;
use super::permissions::put_boundary;
use super::wire::Tag;
use super::wire_role::Role;
use super::{find, id, path, tags, trust};

/// Makes a role of the account: whom it trusts, and how long its sessions may last.
pub(super) struct CreateRole;

/// What the role is.
#[derive(Input, Debug)]
#[shape(name = "CreateRoleRequest")]
pub(super) struct CreateRoleInput {
    #[shape(min = 1, max = 512, pattern = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")]
    path: Option<String>,
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    assume_role_policy_document: String,
    #[shape(max = 1000, pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*")]
    description: Option<String>,
    #[shape(min = 3600, max = 43200)]
    max_session_duration: Option<i32>,
    #[shape(min = 20, max = 2048)]
    permissions_boundary: Option<String>,
    #[shape(max = 50)]
    tags: Option<Vec<Tag>>,
}

/// The role.
#[derive(Output, Debug)]
#[shape(name = "CreateRoleResponse")]
pub(super) struct CreateRoleOutput {
    #[shape(required)]
    role: Role,
}

impl Operation for CreateRole {
    const NAME: &'static str = "CreateRole";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::MalformedPolicyDocumentException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreateRoleInput;
    type Output = CreateRoleOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let path = path::path_of(input.path.as_ref());
        let arn = identity_arn(call.account(), "role", &path, &input.role_name);
        let demand = Demand::of("iam:CreateRole", arn)
            .with_some(BOUNDARY_KEY, input.permissions_boundary.clone());
        Ok(tags::on_creation(demand, "iam:TagRole", input.tags.as_ref()))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        path::must_be_open(input.path.as_ref())?;
        let trust = trust::checked(call, &input.assume_role_policy_document).await?;
        let tags = tags::of_new(input.tags.as_ref())?;
        let key = RoleRecord::key_of(call.account(), &input.role_name);
        if call.get::<RoleRecord>(&key).await?.is_some() {
            return Err(find::exists("Role", &input.role_name));
        }
        let mut permissions = EntityPermissions::default();
        if let Some(boundary) = &input.permissions_boundary {
            put_boundary(call, &mut permissions, boundary).await?;
        }
        let role = RoleRecord {
            account: call.account(),
            role_name: input.role_name.clone(),
            role_id: id::draw(call.entropy(), IdKind::Role),
            path: path::path_of(input.path.as_ref()),
            created: call.now(),
            description: input.description.clone(),
            session_seconds_max: input.max_session_duration.unwrap_or(SESSION_SECONDS_USUAL),
            trust: trust.document,
            trusted: trust.ids,
            tags,
            permissions,
            instance_profiles: BTreeSet::new(),
        };
        call.acted_on(&role.arn());
        let answer = Role::new(&role, &role.trust);
        call.put(role).await?;
        Ok(CreateRoleOutput { role: answer })
    }
}

/// AWS: an hour (IAM API reference, CreateRole).
const SESSION_SECONDS_USUAL: i32 = 3600;
