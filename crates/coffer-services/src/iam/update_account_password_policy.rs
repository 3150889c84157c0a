//! UpdateAccountPasswordPolicy: says what passwords have to be like.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::account::{self, PasswordPolicyRules};
use super::errors::IamError;
use super::find::demand_on_all;

/// Says what passwords have to be like. coffer has no passwords; it keeps what is said.
pub(super) struct UpdateAccountPasswordPolicy;

/// The rules.
#[derive(Input, Debug)]
#[shape(name = "UpdateAccountPasswordPolicyRequest")]
pub(super) struct UpdateAccountPasswordPolicyInput {
    #[shape(min = 6, max = 128)]
    minimum_password_length: Option<i32>,
    require_symbols: Option<bool>,
    require_numbers: Option<bool>,
    require_uppercase_characters: Option<bool>,
    require_lowercase_characters: Option<bool>,
    allow_users_to_change_password: Option<bool>,
    #[shape(min = 1, max = 1095)]
    max_password_age: Option<i32>,
    #[shape(min = 1, max = 24)]
    password_reuse_prevention: Option<i32>,
    hard_expiry: Option<bool>,
}

impl Operation for UpdateAccountPasswordPolicy {
    const NAME: &'static str = "UpdateAccountPasswordPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::MalformedPolicyDocumentException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UpdateAccountPasswordPolicyInput;
    type Output = ();

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:UpdateAccountPasswordPolicy"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut account = account::of_caller(call).await?;
        // AWS: what is not said goes back to its default (IAM API reference).
        account.password_policy = Some(PasswordPolicyRules {
            length_min: input.minimum_password_length.unwrap_or(LENGTH_MIN_USUAL),
            require_symbols: input.require_symbols.unwrap_or_default(),
            require_numbers: input.require_numbers.unwrap_or_default(),
            require_uppercase: input.require_uppercase_characters.unwrap_or_default(),
            require_lowercase: input.require_lowercase_characters.unwrap_or_default(),
            allow_change: input.allow_users_to_change_password.unwrap_or_default(),
            age_days_max: input.max_password_age,
            reuse_prevention: input.password_reuse_prevention,
            hard_expiry: input.hard_expiry.unwrap_or_default(),
        });
        call.put(account).await
    }
}

const LENGTH_MIN_USUAL: i32 = 6;
