//! The host of functions that this process has.

use std::sync::Arc;

use async_trait::async_trait;
use coffer_pipeline::{
    FunctionCodeSource, FunctionHost, FunctionOrder, FunctionOutcome, NamedCode, NoFunctions,
    NotRun,
};

/// The host of functions, where the operator has turned them on.
pub(crate) fn host(is_enabled: bool) -> Arc<dyn FunctionHost> {
    if is_enabled { Arc::new(Keeper) } else { Arc::new(NoFunctions) }
}

/// Lets functions be made and kept, and starts none: this build has nothing that runs them.
struct Keeper;

#[async_trait]
impl FunctionHost for Keeper {
    fn is_enabled(&self) -> bool {
        true
    }

    fn allows(&self, _: &NamedCode) -> bool {
        false
    }

    async fn invoke(
        &self,
        _: FunctionOrder,
        _: &dyn FunctionCodeSource,
    ) -> Result<FunctionOutcome, NotRun> {
        Err(NotRun::Failed("this build has no host of functions".to_owned()))
    }
}
