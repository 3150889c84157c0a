//! The tags of users, roles, policies and whatever else has them.

use std::collections::{BTreeMap, BTreeSet};

use coffer_pipeline::Demand;
use coffer_protocol::Fault;

use super::errors::IamError;
use super::pages::Page;
use super::wire::Tag;

/// The tags that a request gives, joined to those there are. AWS: names differ by more than case;
/// one given in another case takes the place of the tag there is, and its case too.
///
/// # Errors
/// A name given twice or reserved by AWS, and too many of them.
pub(super) fn joined(
    has: &BTreeMap<String, String>,
    given: &[Tag],
) -> Result<BTreeMap<String, String>, Fault> {
    let mut tags = has.clone();
    let mut names = BTreeSet::new();
    for tag in given {
        must_be_free(&tag.key)?;
        if !names.insert(tag.key.to_ascii_lowercase()) {
            return Err(IamError::InvalidInputException.with(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.retain(|known, _| !known.eq_ignore_ascii_case(&tag.key));
        tags.insert(tag.key.clone(), tag.value.clone());
    }
    must_be_few(&tags)?;
    Ok(tags)
}

/// Refuses to tag with nothing.
// AWS: the sentence, with its blank, as observed of TagUser, whoever may call it (radkawar/stackd,
// testdata/aws/iam/tag_inputs.json, 2026-09).
pub(super) fn must_be_given(tags: &[Tag]) -> Result<(), Fault> {
    if tags.is_empty() {
        return Err(IamError::InvalidInputException.with("Error occurred while validating input. "));
    }
    Ok(())
}

/// Refuses a name that only AWS gives.
// AWS: observed in the same place.
pub(super) fn must_be_free(name: &str) -> Result<(), Fault> {
    if name.to_ascii_lowercase().starts_with(RESERVED) {
        return Err(IamError::InvalidInputException
            .with("Tag keys beginning with aws: are reserved for system use."));
    }
    Ok(())
}

/// Refuses more tags than anything may have.
pub(super) fn must_be_few(tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    if tags.len() > TAGS_MAX {
        return Err(IamError::LimitExceededException
            .with("The number of tags has reached the maximum limit."));
    }
    Ok(())
}

/// The tags of something new.
///
/// # Errors
/// As [`joined`].
pub(super) fn of_new(given: Option<&Vec<Tag>>) -> Result<BTreeMap<String, String>, Fault> {
    joined(&BTreeMap::new(), given.map(Vec::as_slice).unwrap_or_default())
}

/// The tags that stay when those of these names go, whatever their case.
pub(super) fn without(
    has: &BTreeMap<String, String>,
    names: &[String],
) -> BTreeMap<String, String> {
    let goes = |key: &str| names.iter().any(|name| name.eq_ignore_ascii_case(key));
    has.iter()
        .filter(|(key, _)| !goes(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Tags as answers have them; nothing where there are none.
pub(super) fn to_wire(tags: &BTreeMap<String, String>) -> Option<Vec<Tag>> {
    (!tags.is_empty()).then(|| listed(tags).collect())
}

/// A page of tags.
///
/// # Errors
/// A marker that no listing gave.
pub(super) fn page(
    tags: &BTreeMap<String, String>,
    marker: Option<&String>,
    items_max: Option<i32>,
) -> Result<Page<Tag>, Fault> {
    Page::by_place(listed(tags), marker, items_max)
}

/// A demand with the tags that the request brings.
pub(super) fn requested(demand: Demand, given: Option<&Vec<Tag>>) -> Demand {
    let given = given.into_iter().flatten();
    demand.requesting_tags(given.map(|tag| (tag.key.as_str(), tag.value.as_str())))
}

/// What is demanded for making something with the tags that the request brings. AWS: who gives tags
/// on creation needs the permission to tag as well.
pub(super) fn on_creation(
    demand: Demand,
    tagging: &'static str,
    given: Option<&Vec<Tag>>,
) -> Vec<Demand> {
    let also = given
        .filter(|tags| !tags.is_empty())
        .map(|_| requested(Demand::of(tagging, demand.resource.clone()), given));
    [Some(requested(demand, given)), also].into_iter().flatten().collect()
}

/// A demand with the names of tags that the request takes away.
pub(super) fn untagged(demand: Demand, names: &[String]) -> Demand {
    match names.is_empty() {
        true => demand,
        false => demand.with_many("aws:tagkeys", names.to_vec()),
    }
}

fn listed(tags: &BTreeMap<String, String>) -> impl Iterator<Item = Tag> + use<'_> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() })
}

const RESERVED: &str = "aws:";
/// AWS: whatever has tags has at most so many (IAM user guide, quotas).
const TAGS_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{joined, without};
    use crate::iam::wire::Tag;

    fn tag(key: &str) -> Tag {
        Tag { key: key.to_owned(), value: "new".to_owned() }
    }

    #[test]
    fn a_tag_takes_the_place_of_one_in_another_case() {
        let has = BTreeMap::from([("Team".to_owned(), "old".to_owned())]);
        let tags = joined(&has, &[tag("team")]).unwrap();
        assert_eq!(tags, BTreeMap::from([("team".to_owned(), "new".to_owned())]));
        assert!(without(&tags, &["TEAM".to_owned()]).is_empty());
    }

    #[test]
    fn tags_are_unique_free_and_bounded() {
        let code = |given: &[Tag]| joined(&BTreeMap::new(), given).map_err(|fault| fault.code);
        assert_eq!(code(&[tag("a"), tag("A")]), Err("InvalidInput"));
        assert_eq!(code(&[tag("AWS:a")]), Err("InvalidInput"));
        let many: Vec<_> = (0..51).map(|number| tag(&number.to_string())).collect();
        assert_eq!(code(&many), Err("LimitExceeded"));
        assert_eq!(code(&many[..50]).unwrap().len(), 50);
    }
}
