//! The rules of a key's tags.

use std::collections::BTreeMap;

use coffer_pipeline::ContextValues;
use coffer_pipeline::demand::requested_tags;
use coffer_protocol::Fault;

use super::errors::KmsError;
use super::wire::Tag;

/// The tags that a request gives a key, joined to those it has.
///
/// # Errors
/// `TagException` for a name given twice or reserved by AWS, and for too many of them.
pub(super) fn joined(
    has: &BTreeMap<String, String>,
    given: &[Tag],
) -> Result<BTreeMap<String, String>, Fault> {
    let mut tags = has.clone();
    let mut names = std::collections::BTreeSet::new();
    for tag in given {
        must_be_free(&tag.tag_key)?;
        if !names.insert(&tag.tag_key) {
            return Err(KmsError::TagException.with("Duplicate tag keys"));
        }
        tags.insert(tag.tag_key.clone(), tag.tag_value.clone());
    }
    if tags.len() > TAGS_MAX {
        return Err(KmsError::TagException.with("Too many tags"));
    }
    Ok(tags)
}

/// What the tags of a request say of condition keys.
pub(super) fn condition<'t>(given: Option<&'t [Tag]>, key: &str) -> Option<ContextValues<'t>> {
    let given = given.filter(|tags| !tags.is_empty())?;
    requested_tags(key, given.iter().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str())))
}

/// Refuses a name that only AWS gives.
pub(super) fn must_be_free(name: &str) -> Result<(), Fault> {
    let is_reserved =
        name.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED));
    if is_reserved {
        return Err(KmsError::TagException.with("Tags beginning with aws: are reserved"));
    }
    Ok(())
}

const RESERVED: &str = "aws:";

/// AWS: a key has at most so many tags.
pub(super) const TAGS_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::joined;
    use crate::kms::wire::Tag;

    fn tags(names: &[&str]) -> Vec<Tag> {
        let tag = |name: &&str| Tag { tag_key: (*name).to_owned(), tag_value: "v".to_owned() };
        names.iter().map(tag).collect()
    }

    #[test]
    fn tags_are_unique_free_and_bounded() {
        let has = BTreeMap::from([("a".to_owned(), "old".to_owned())]);
        let both = joined(&has, &tags(&["a", "b"])).unwrap();
        assert_eq!(both.get("a").map(String::as_str), Some("v"));
        assert_eq!(both.len(), 2);
        for refused in [&["x", "x"][..], &["aws:x"], &["AWS:x"]] {
            assert_eq!(joined(&has, &tags(refused)).unwrap_err().code, "TagException");
        }
        let names: Vec<_> = (0..50).map(|number| number.to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(joined(&BTreeMap::new(), &tags(&names)).unwrap().len(), 50);
        assert_eq!(joined(&has, &tags(&names)).unwrap_err().message, "Too many tags");
    }
}
