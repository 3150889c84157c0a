//! What a decision may know of functions, and how it orders one to be run.

use super::Call;
use crate::context::CallerKind;
use crate::outside::{FunctionOrder, FunctionOutcome, NamedCode, NotRun};

impl Call<'_> {
    /// Whether the operator lets functions be made and run.
    pub fn has_functions(&self) -> bool {
        self.world.functions.is_enabled()
    }

    /// Whether the operator lets a command or URL be run as a function.
    pub fn allows_code(&self, code: &NamedCode) -> bool {
        self.world.functions.allows(code)
    }

    /// Orders a function to be run once this decision stands, outside of it; the operation's
    /// [`carried_out`](crate::Operation::carried_out) is told what came of it. Of several orders the
    /// last one counts.
    pub fn order(&mut self, order: FunctionOrder) {
        self.order = Some(Box::new(order));
    }

    /// Runs a function here and now; only for jobs, since nothing outside happens while a request
    /// is decided. A job whose commit conflicts is run again, and so is the function.
    ///
    /// # Errors
    /// Why it was not run.
    pub async fn run_function(&self, order: FunctionOrder) -> Result<FunctionOutcome, NotRun> {
        if self.context.caller.kind != CallerKind::Service {
            return Err(NotRun::Failed("a request asked for it before it was decided".to_owned()));
        }
        self.world.run_function(order).await
    }
}
