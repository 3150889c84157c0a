//! JSON as policies need it: numbers as they are written, and no member twice.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// `null`.
    Null,
    /// A boolean or a number, as text.
    Scalar(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object.
    Members(BTreeMap<String, Node>),
}

impl Node {
    /// The string that this is.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A string, or strings in a list.
    pub(crate) fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Text(text) => Some(vec![text]),
            Self::List(items) => items.iter().map(Self::text).collect(),
            _ => None,
        }
    }

    /// A string, number or boolean, or several in a list, all as texts.
    pub(crate) fn scalars(&self) -> Option<Vec<&str>> {
        match self {
            Self::List(items) => items.iter().map(Self::scalar).collect(),
            one => Some(vec![one.scalar()?]),
        }
    }

    fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = entries.next_entry::<String, Node>()? {
            // The last of two would silently undo the first, a condition for one.
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(Node::Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn a_member_is_there_once() {
        assert!(serde_json::from_str::<Node>(r#"{"a":{"b":1,"c":1}}"#).is_ok());
        assert!(serde_json::from_str::<Node>(r#"{"a":{"b":1,"b":2}}"#).is_err());
        assert!(serde_json::from_str::<Node>(r#"{"a":1,"\u0061":2}"#).is_err());
    }

    #[test]
    fn scalars_are_texts() {
        let node = serde_json::from_str::<Node>(r#"[1, 2.50, true, "x"]"#).unwrap();
        assert_eq!(node.scalars(), Some(vec!["1", "2.5", "true", "x"]));
        assert_eq!(node.texts(), None);
        assert_eq!(serde_json::from_str::<Node>("[[]]").unwrap().scalars(), None);
        assert_eq!(Node::Null.scalars(), None);
    }

    #[test]
    fn depth_is_bounded() {
        let text = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(serde_json::from_str::<Node>(&text).is_err());
    }
}
