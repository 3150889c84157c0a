//! Names of condition operators.

use super::test::{Comparison, Kind};

/// How several values of a key are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetOperator {
    /// Any of them will do; under a negated operator, all must.
    None,
    /// All of them must do.
    ForAllValues,
    /// One of them must do.
    ForAnyValue,
}

/// A condition operator, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) set: SetOperator,
    pub(crate) kind: Kind,
    pub(crate) is_negated: bool,
    pub(crate) is_if_exists: bool,
}

impl Operator {
    /// Reads an operator's name, in whatever case.
    pub(crate) fn read(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (set, name) = match name.split_once(':') {
            Some(("forallvalues", rest)) => (SetOperator::ForAllValues, rest),
            Some(("foranyvalue", rest)) => (SetOperator::ForAnyValue, rest),
            Some(_) => return None,
            None => (SetOperator::None, name.as_str()),
        };
        let (name, is_if_exists) = match name.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (kind, is_negated) = kind(name)?;
        // AWS: `IfExists` goes with every operator but `Null`.
        if kind == Kind::Null && is_if_exists {
            return None;
        }
        Some(Self { set, kind, is_negated, is_if_exists })
    }
}

fn kind(name: &str) -> Option<(Kind, bool)> {
    if let Some(comparison) = name.strip_prefix("numeric") {
        return comparison_of(comparison).map(|(of, not)| (Kind::Number(of), not));
    }
    if let Some(comparison) = name.strip_prefix("date") {
        return comparison_of(comparison).map(|(of, not)| (Kind::Date(of), not));
    }
    Some(match name {
        "stringequals" => (Kind::Text, false),
        "stringnotequals" => (Kind::Text, true),
        "stringequalsignorecase" => (Kind::TextIgnoringCase, false),
        "stringnotequalsignorecase" => (Kind::TextIgnoringCase, true),
        "stringlike" => (Kind::TextLike, false),
        "stringnotlike" => (Kind::TextLike, true),
        "bool" => (Kind::Flag, false),
        "binaryequals" => (Kind::Binary, false),
        "ipaddress" => (Kind::Address, false),
        "notipaddress" => (Kind::Address, true),
        // AWS: `ArnEquals` and `ArnLike` behave identically.
        "arnequals" | "arnlike" => (Kind::Arn, false),
        "arnnotequals" | "arnnotlike" => (Kind::Arn, true),
        "null" => (Kind::Null, false),
        _ => return None,
    })
}

fn comparison_of(name: &str) -> Option<(Comparison, bool)> {
    Some(match name {
        "equals" => (Comparison::Equal, false),
        "notequals" => (Comparison::Equal, true),
        "lessthan" => (Comparison::Less, false),
        "lessthanequals" => (Comparison::LessOrEqual, false),
        "greaterthan" => (Comparison::Greater, false),
        "greaterthanequals" => (Comparison::GreaterOrEqual, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Operator;

    #[test]
    fn operators_are_known_by_their_names() {
        for name in [
            "StringEquals",
            "StringNotEqualsIgnoreCaseIfExists",
            "ForAnyValue:StringLike",
            "ForAllValues:ArnNotLikeIfExists",
            "NumericLessThanEquals",
            "DateNotEquals",
            "stringEquals",
            "Null",
        ] {
            assert!(Operator::read(name).is_some(), "{name}");
        }
        for name in [
            "",
            "x",
            "StringEqual",
            "ForAnyValue::StringEquals",
            "ForSomeValues:StringEquals",
            "NullIfExists",
            "IfExists",
            "BinaryLike",
            "StringEqualsIfExistsIfExists",
        ] {
            assert!(Operator::read(name).is_none(), "{name}");
        }
    }
}
