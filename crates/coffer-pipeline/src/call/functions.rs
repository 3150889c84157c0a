//! What a decision may know of functions, and how it orders one to be run.

use super::Call;
use crate::outside::{FunctionOrder, NamedCode};

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
}
