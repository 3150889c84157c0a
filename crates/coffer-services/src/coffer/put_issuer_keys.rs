//! PutIssuerKeys: the keys of an issuer that this machine cannot ask.

use coffer_pipeline::identity::OidcProviderRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CofferError;
use crate::sts::web_identity::{
    IssuerKeysRecord, KeySource, ask_for_new, read_key_set, url_of_issuer,
};

/// Gives the keys of an OpenID Connect provider of the caller's account, or has them fetched from the
/// issuer again.
pub(super) struct PutIssuerKeys;

/// Whose keys, and which.
#[derive(Input, Debug)]
pub(super) struct PutIssuerKeysInput {
    /// The issuer's URL, as its tokens have it.
    #[shape(required, min = 9, max = 264)]
    issuer: String,
    /// A set of keys as JSON; the issuer is asked where there is none.
    #[shape(min = 1, max = 65536)]
    keys: Option<String>,
}

/// What is known now.
#[derive(Output, Debug)]
pub(super) struct PutIssuerKeysOutput {
    provider_arn: Option<String>,
    key_ids: Option<Vec<String>>,
}

impl Operation for PutIssuerKeys {
    const NAME: &'static str = "PutIssuerKeys";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CofferError::InvalidIssuerKeysException.row(),
        CofferError::IssuerNotFoundException.row(),
    ];
    type Input = PutIssuerKeysInput;
    type Output = PutIssuerKeysOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let url = url_of_issuer(&input.issuer).unwrap_or(&input.issuer);
        let arn = format!("arn:aws:iam::{}:oidc-provider/{url}", call.account());
        Ok(vec![Demand::of("coffer:PutIssuerKeys", arn)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let account = call.account();
        let not_found = || {
            CofferError::IssuerNotFoundException
                .with(format!("The account has no OpenID Connect provider for {}.", input.issuer))
        };
        let url = url_of_issuer(&input.issuer).ok_or_else(not_found)?;
        let provider = OidcProviderRecord::key_of(account, url);
        let provider = call.get::<OidcProviderRecord>(&provider).await?.ok_or_else(not_found)?;
        call.acted_on(&provider.arn());
        let provider_arn = Some(provider.arn());
        let Some(text) = &input.keys else {
            ask_for_new(call, account, url).await?;
            return Ok(PutIssuerKeysOutput { provider_arn, key_ids: Some(Vec::new()) });
        };
        let keys = read_key_set(text.as_bytes())
            .map_err(|error| CofferError::InvalidIssuerKeysException.with(error.to_string()))?;
        let key_ids = keys.iter().filter_map(|key| key.kid.clone()).collect();
        call.put(IssuerKeysRecord {
            keys,
            source: KeySource::Given,
            known: Some(call.now()),
            ..IssuerKeysRecord::unknown(account, url)
        })
        .await?;
        Ok(PutIssuerKeysOutput { provider_arn, key_ids: Some(key_ids) })
    }
}
