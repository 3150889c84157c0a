//! Keys as the services use them for their callers: each use needs the caller's own permission on
//! the key, as a call of KMS through the service.

use std::sync::Arc;

use coffer_model::{Region, Sensitive};
use coffer_pipeline::{Call, Caller, Demand, Scope};
use coffer_protocol::Fault;

use super::envelope::{self, Bound, DataKey, EncryptionContext, Sealed};
use super::find::find_key_in;
use super::grant::{GrantOperation, granting, is_granted};
use super::key::KeyRecord;
use super::permission::{
    find_through, granted, must_be_permitted, must_be_permitted_or_granted, of_key, with_context,
};

/// A service at work with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// For whoever calls, with the caller's permissions, through the service of this name.
    Caller(&'static str),
    /// For itself, carrying on what an earlier caller was allowed: replicas follow their primary.
    Itself,
}

/// What a read through a service asks for beside its own permission: to open a ciphertext with the
/// key that it names.
pub(crate) struct ToOpen {
    key: Arc<KeyRecord>,
    context: EncryptionContext,
    service: &'static str,
}

impl ToOpen {
    /// # Errors
    /// A ciphertext whose key is not there.
    pub(crate) async fn of(
        call: &mut Call<'_>,
        service: &'static str,
        region: &Region,
        context: EncryptionContext,
        blob: &[u8],
    ) -> Result<Self, Fault> {
        let key = Sealed::read(blob)?.key(call, region).await?;
        Ok(Self { key, context, service })
    }

    /// Why nobody can open it now: a key that is disabled, or waits to be deleted or imported. The
    /// state of another account's key is not told.
    pub(crate) fn unusable(&self, call: &Call<'_>) -> Option<String> {
        let fault = self.key.must_be_usable().err()?;
        let is_own = self.key.account == call.account();
        Some(if is_own { fault.message } else { "its KMS key cannot be used.".to_owned() })
    }

    /// The permission, as policies give it or as a grant does.
    pub(crate) fn demand(&self, call: &Call<'_>, by_grant: bool) -> Demand {
        let demand = of_key(call, &self.key, OPEN.action()).through(self.service);
        granted(with_context(demand, Some(&self.context)), by_grant)
    }

    /// The id of a grant that gives it to somebody.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(crate) async fn grant_to(
        &self,
        call: &mut Call<'_>,
        somebody: &Caller,
    ) -> Result<Option<String>, Fault> {
        let found = granting(call, &self.key, OPEN, &self.context, somebody).await?;
        Ok(found.map(|grant| grant.grant_id.clone()))
    }
}

impl Through {
    async fn must_permit(
        self,
        call: &mut Call<'_>,
        key: &Arc<KeyRecord>,
        operation: GrantOperation,
        context: &impl Bound,
    ) -> Result<(), Fault> {
        let Self::Caller(service) = self else { return Ok(()) };
        let action = operation.action();
        let permitted = must_be_permitted(call, key, action, service, context).await;
        let Err(refusal) = permitted else { return Ok(()) };
        // A grant may give what policies do not; most calls never come to look.
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let pairs = context.pairs().into_iter().map(owned).collect();
        if !is_granted(call, key, operation, Some(&pairs)).await? {
            return Err(refusal);
        }
        must_be_permitted_or_granted(call, key, action, service, context).await
    }

    /// Finds the key that a caller's words mean in a scope, to seal with it in this way.
    ///
    /// # Errors
    /// `NotFoundException`; `AccessDeniedException` for who could not use it if it were there.
    pub async fn find(
        self,
        call: &mut Call<'_>,
        home: &Scope,
        key_id: &str,
        action: &'static str,
    ) -> Result<Arc<KeyRecord>, Fault> {
        match self {
            Self::Itself => find_key_in(call, home, key_id).await,
            Self::Caller(service) => find_through(call, home, key_id, action, service).await,
        }
    }

    /// Seals a message under a key.
    ///
    /// # Errors
    /// `AccessDeniedException`; a key that is disabled or pending deletion.
    pub async fn encrypt(
        self,
        call: &mut Call<'_>,
        key: &Arc<KeyRecord>,
        context: &impl Bound,
        plain: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        self.must_permit(call, key, GrantOperation::Encrypt, context).await?;
        envelope::encrypt(call, key, context, plain)
    }

    /// Opens a ciphertext with the key of this region that it names.
    ///
    /// # Errors
    /// `AccessDeniedException`; see [`envelope::decrypt`] for the others.
    pub async fn decrypt(
        self,
        call: &mut Call<'_>,
        region: &Region,
        context: &impl Bound,
        blob: &[u8],
    ) -> Result<Sensitive<Vec<u8>>, Fault> {
        let sealed = Sealed::read(blob)?;
        let key = sealed.key(call, region).await?;
        self.must_permit(call, &key, GrantOperation::Decrypt, context).await?;
        sealed.open(call, &key, context)
    }

    /// Draws a data key and seals it.
    ///
    /// # Errors
    /// `AccessDeniedException`; a key that is disabled or pending deletion.
    pub async fn generate_data_key(
        self,
        call: &mut Call<'_>,
        key: &Arc<KeyRecord>,
        context: &impl Bound,
        key_bytes: usize,
    ) -> Result<DataKey, Fault> {
        self.must_permit(call, key, GrantOperation::GenerateDataKey, context).await?;
        envelope::generate_data_key(call, key, context, key_bytes)
    }

    /// Makes sure that the caller may have something sealed with a key, whenever that is done.
    ///
    /// # Errors
    /// `AccessDeniedException`.
    pub async fn must_seal(
        self,
        call: &mut Call<'_>,
        key: &Arc<KeyRecord>,
        context: &impl Bound,
    ) -> Result<(), Fault> {
        self.must_permit(call, key, GrantOperation::GenerateDataKey, context).await?;
        self.must_permit(call, key, GrantOperation::Encrypt, context).await
    }

    /// Makes sure that the caller may seal with a key and open again, without sealing anything.
    ///
    /// # Errors
    /// `AccessDeniedException`; a key that is disabled or pending deletion.
    pub async fn must_be_able_to_use(
        self,
        call: &mut Call<'_>,
        key: &Arc<KeyRecord>,
        context: &impl Bound,
    ) -> Result<(), Fault> {
        self.must_permit(call, key, GrantOperation::GenerateDataKey, context).await?;
        self.must_permit(call, key, GrantOperation::Decrypt, context).await?;
        key.must_be_usable()
    }

    /// Makes sure that the caller may open again what it seals, as Secrets Manager asks for.
    ///
    /// # Errors
    /// `AccessDeniedException`.
    pub async fn must_decrypt(
        self,
        call: &mut Call<'_>,
        key: &Arc<KeyRecord>,
        context: &impl Bound,
    ) -> Result<(), Fault> {
        self.must_permit(call, key, GrantOperation::Decrypt, context).await
    }
}

const OPEN: GrantOperation = GrantOperation::Decrypt;
