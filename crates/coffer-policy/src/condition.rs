//! Conditions of statements, compiled.

mod operator;
mod test;

use crate::context::{ContextKeys, ContextValues};
use crate::template::Version;

pub(crate) use operator::{Operator, SetOperator};
pub(crate) use test::{Kind, Test};

/// A condition: an operator, a key, and the values that the key is held against.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// The key, in lower case.
    key: Box<str>,
    set: SetOperator,
    is_negated: bool,
    is_if_exists: bool,
    test: Test,
}

impl Condition {
    pub(crate) fn new(operator: Operator, key: &str, values: &[&str], version: Version) -> Self {
        Self {
            key: key.to_ascii_lowercase().into(),
            set: operator.set,
            is_negated: operator.is_negated,
            is_if_exists: operator.is_if_exists,
            test: Test::new(operator.kind, values, version),
        }
    }

    /// Whether the condition holds for a request.
    // AWS: IAM user guide, "Policy elements: Condition operators" and "Set operators for
    // multivalued context keys".
    pub(crate) fn holds(&self, keys: &dyn ContextKeys) -> bool {
        let values = keys.values(&self.key).filter(|values| !values.is_empty());
        if let Test::Null(wanted) = &self.test {
            return wanted.contains(&values.is_none());
        }
        let Some(values) = values else { return self.holds_without_key() };
        let passes = |value| self.test.is_passed_by(value, keys) != self.is_negated;
        match self.set {
            SetOperator::None if self.is_negated => values.iter().all(passes),
            SetOperator::None => values.iter().any(passes),
            SetOperator::ForAllValues => is_empty_set(&values) || values.iter().all(passes),
            SetOperator::ForAnyValue => !is_empty_set(&values) && values.iter().any(passes),
        }
    }

    /// The keys that it asks for: its own and those of the variables in its values.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.key).chain(self.test.variables())
    }

    fn holds_without_key(&self) -> bool {
        match self.set {
            SetOperator::ForAllValues => true,
            SetOperator::ForAnyValue => false,
            SetOperator::None => self.is_if_exists || self.is_negated,
        }
    }
}

/// AWS: for the set operators, an empty text is a key without values.
fn is_empty_set(values: &ContextValues<'_>) -> bool {
    matches!(values.as_slice(), [only] if only.is_empty_text())
}
