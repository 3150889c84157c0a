//! The filters of ListSecrets and BatchGetSecretValue: which secrets a caller asks for.

mod words;

use coffer_protocol::{AwsEnum, Fault, Input};

use self::words::words;
use super::errors::SecretsManagerError;

/// One filter, as a caller writes it.
#[derive(Input, Debug, Clone)]
#[shape(name = "Filter")]
pub(super) struct Filter {
    key: Option<FilterKey>,
    #[shape(min = 1, max = 10, member(max = 512, pattern = r"^\!?[a-zA-Z0-9 :_@\/\+\=\.\-\!]*$"))]
    values: Option<Vec<String>>,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
enum FilterKey {
    #[shape(wire = "description")]
    Description,
    #[shape(wire = "name")]
    Name,
    #[shape(wire = "tag-key")]
    TagKey,
    #[shape(wire = "tag-value")]
    TagValue,
    #[shape(wire = "primary-region")]
    PrimaryRegion,
    #[shape(wire = "owning-service")]
    OwningService,
    #[shape(wire = "all")]
    All,
}

/// What filters can see of a secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// The name.
    pub(super) name: &'a str,
    /// The description, empty where there is none.
    pub(super) description: &'a str,
    /// The tags' keys and values.
    pub(super) tags: &'a std::collections::BTreeMap<String, String>,
    /// The primary's region, for a secret that is or has a replica.
    pub(super) primary_region: Option<&'a str>,
    /// The service that manages the secret.
    pub(super) owning_service: Option<&'a str>,
}

/// Filters that are complete: all of them must be met, each by any of its values.
#[derive(Debug)]
pub(super) struct Filters(Vec<Criterion>);

#[derive(Debug)]
struct Criterion {
    key: FilterKey,
    values: Vec<Value>,
}

/// One value to look for, or with `!` before it one that must not be found.
#[derive(Debug)]
struct Value {
    is_negated: bool,
    text: String,
    words: Vec<String>,
}

impl Filters {
    /// Takes in what a caller wrote.
    ///
    /// # Errors
    /// `InvalidParameterException` for a filter without a key or without values.
    pub(super) fn read(filters: Option<&[Filter]>) -> Result<Self, Fault> {
        let criteria = filters.unwrap_or_default().iter().map(Criterion::read);
        Ok(Self(criteria.collect::<Result<_, _>>()?))
    }

    /// Whether a secret meets all of them.
    pub(super) fn admit(&self, subject: &Subject<'_>) -> bool {
        self.0.iter().all(|criterion| {
            criterion
                .values
                .iter()
                .any(|value| criterion.key.finds(value, subject) != value.is_negated)
        })
    }

    /// What every admitted name begins with, if one filter says so: rows with other names need
    /// not be looked at.
    pub(super) fn name_start(&self) -> &str {
        let starts = self.0.iter().filter_map(|criterion| match criterion.values.as_slice() {
            [only] if criterion.key == FilterKey::Name && !only.is_negated => Some(&only.text),
            _ => None,
        });
        starts.max_by_key(|start| start.len()).map_or("", String::as_str)
    }
}

impl Criterion {
    fn read(filter: &Filter) -> Result<Self, Fault> {
        let invalid = SecretsManagerError::InvalidParameterException;
        let key = filter.key.ok_or_else(|| invalid.with("Invalid filter key"))?;
        let values = filter.values.as_deref().unwrap_or_default();
        if values.is_empty() {
            let key = key.as_str();
            return Err(invalid.with(format!("Invalid filter values for key: {key}")));
        }
        Ok(Self { key, values: values.iter().map(|text| Value::read(text)).collect() })
    }
}

impl Value {
    fn read(text: &str) -> Self {
        let (is_negated, text) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        Self { is_negated, text: text.to_owned(), words: words(text) }
    }

    fn starts(&self, text: &str) -> bool {
        text.starts_with(&self.text)
    }

    /// Whether each word of the value begins some word of the text.
    fn is_spoken_in(&self, text: &str) -> bool {
        if self.words.is_empty() || text.is_empty() {
            return false;
        }
        let spoken = words(text);
        self.words.iter().all(|word| spoken.iter().any(|other| other.starts_with(word)))
    }
}

impl FilterKey {
    fn finds(self, value: &Value, subject: &Subject<'_>) -> bool {
        match self {
            Self::Name => value.starts(subject.name),
            Self::TagKey => subject.tags.keys().any(|key| value.starts(key)),
            Self::TagValue => subject.tags.values().any(|text| value.starts(text)),
            Self::PrimaryRegion => subject.primary_region.is_some_and(|text| value.starts(text)),
            Self::OwningService => subject.owning_service.is_some_and(|text| value.starts(text)),
            // AWS: "two" finds the description "one two", so it is words whose beginnings are
            // compared, not the whole text's (observed on AWS by moto's verified tests).
            Self::Description => value.is_spoken_in(subject.description),
            Self::All => {
                let tags = subject.tags.iter().flat_map(|(key, text)| [key.as_str(), text]);
                let mut texts = [subject.name, subject.description].into_iter().chain(tags);
                texts.any(|text| value.is_spoken_in(text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Filter, FilterKey, Filters, Subject};

    /// Tests one filter against a secret: name, description, one tag.
    fn admits(key: FilterKey, values: &[&str], secret: (&str, &str, &str, &str)) -> bool {
        let values = values.iter().map(|&text| text.to_owned()).collect();
        let filter = Filter { key: Some(key), values: Some(values) };
        let (name, description, tag_key, tag_value) = secret;
        let tags = BTreeMap::from([(tag_key.to_owned(), tag_value.to_owned())]);
        let region = Some("us-east-1");
        let subject = Subject {
            name,
            description,
            tags: &tags,
            primary_region: region,
            owning_service: None,
        };
        Filters::read(Some(&[filter])).unwrap().admit(&subject)
    }

    const SECRET: (&str, &str, &str, &str) = ("prod/AppBeta", "Main Database", "Team", "Blue");

    #[test]
    fn names_tags_and_regions_are_found_by_their_beginning() {
        for (key, value, found) in [
            (FilterKey::Name, "prod/App", true),
            (FilterKey::Name, "prod/app", false),
            (FilterKey::Name, "AppBeta", false),
            (FilterKey::TagKey, "Te", true),
            (FilterKey::TagKey, "te", false),
            (FilterKey::TagValue, "Blue", true),
            (FilterKey::TagValue, "lue", false),
            (FilterKey::PrimaryRegion, "us-", true),
            (FilterKey::PrimaryRegion, "eu-", false),
            (FilterKey::OwningService, "", false),
        ] {
            assert_eq!(admits(key, &[value], SECRET), found, "{key:?} {value}");
        }
    }

    #[test]
    fn descriptions_are_found_by_the_beginnings_of_words() {
        for (value, found) in
            [("main", true), ("MAIN D", true), ("data", true), ("base", false), ("main x", false)]
        {
            assert_eq!(admits(FilterKey::Description, &[value], SECRET), found, "{value}");
        }
    }

    /// The values and names are those that moto's tests compare with AWS.
    #[test]
    fn all_finds_the_beginnings_of_words_anywhere() {
        for (value, name, description, found) in [
            ("SecretOne", "SecretOne3f2a1b", "", true),
            ("secret", "SecretOne3f2a1b", "", true),
            ("sec", "SecretFTag", "", true),
            ("ret", "SecretOne", "", false),
            ("SomeSecret", "SecretOne", "", false),
            ("secret", "Thirdsecret", "", false),
            ("d", "SecretTwo", "DescTwo", true),
            ("d t", "SecretTwo", "DescTwo", true),
            ("t", "SecretFTag", "", true),
            ("t", "SecretOne", "", false),
            ("3f2a1b", "prod+AppBeta+3f2a1b", "", true),
            ("Beta", "prod_AppBeta_3f", "", true),
            ("+", "prod+AppBeta", "", false),
            ("company", "uat/COMPANY/3f", "", true),
            ("company", "uat/COMPANYthings/3f", "", false),
            ("things", "uat/COMPANYthings/3f", "", false),
            ("Ythings", "uat/COMPANYthings/3f", "", true),
            ("N", "uat/COMPANYthings/3f", "", false),
        ] {
            let secret = (name, description, "", "");
            assert_eq!(admits(FilterKey::All, &[value], secret), found, "{value} in {name}");
        }
    }

    #[test]
    fn a_mark_negates_and_any_value_is_enough() {
        assert!(!admits(FilterKey::Name, &["!prod"], SECRET));
        assert!(admits(FilterKey::Name, &["!test"], SECRET));
        assert!(admits(FilterKey::Name, &["!prod", "prod/App"], SECRET));
        assert!(admits(FilterKey::Name, &["test", "prod"], SECRET));
        assert!(!admits(FilterKey::All, &["!database"], SECRET));
    }

    #[test]
    fn a_filter_needs_a_key_and_values() {
        let message = |key, values| Filters::read(Some(&[Filter { key, values }])).unwrap_err();
        assert_eq!(message(None, Some(vec!["a".to_owned()])).message, "Invalid filter key");
        let fault = message(Some(FilterKey::TagKey), None);
        assert_eq!(fault.message, "Invalid filter values for key: tag-key");
        assert_eq!(fault.code, "InvalidParameterException");
    }

    #[test]
    fn the_longest_beginning_of_a_name_bounds_the_scan() {
        let filter = |values: &[&str]| Filter {
            key: Some(FilterKey::Name),
            values: Some(values.iter().map(|&text| text.to_owned()).collect()),
        };
        let start =
            |filters: &[Filter]| Filters::read(Some(filters)).unwrap().name_start().to_owned();
        assert_eq!(start(&[filter(&["a"]), filter(&["a/b"])]), "a/b");
        assert_eq!(start(&[filter(&["a", "b"])]), "");
        assert_eq!(start(&[filter(&["!a"])]), "");
    }
}
