//! The names that resources go by.

use crate::ssm::secret_reference::secret_of;

/// Whether a caller's words for a resource mean the one that goes by `name`, its name or its ARN.
/// The words may be either, with a version or a label behind them, or, in the place of a
/// parameter's name, a reference to a secret. `source` is the service that was asked, as records
/// name it.
pub fn is_meant(words: &str, name: &str, source: &str) -> bool {
    if words == name {
        return true;
    }
    let is_parameter = source == PARAMETERS && secret_of(words).is_none();
    let words = secret_of(words).unwrap_or_else(|| without_selector(words));
    let name = secret_of(name).unwrap_or(name);
    match (words.starts_with(ARN), name.starts_with(ARN)) {
        (true, true) => words == name || is_shortened(words, name) || is_shortened(name, words),
        (true, false) => names(words, name),
        (false, true) => names(name, words),
        (false, false) => words == name || (is_parameter && bare(words) == bare(name)),
    }
}

/// Whether a resource goes by this name: `/a/b` or `a` for a parameter, a secret's name without
/// the six characters at the end of its ARN, a key's id.
pub(super) fn names(arn: &str, name: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2).unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    match service {
        "ssm" => resource.strip_prefix("parameter/").is_some_and(|path| path == bare(name)),
        "secretsmanager" => resource.strip_prefix("secret:").is_some_and(|whole| {
            let short = whole.rsplit_once('-').filter(|(_, end)| end.len() == SUFFIX_BYTES);
            whole == name || short.is_some_and(|(short, _)| short == name)
        }),
        _ => resource.rsplit(['/', ':']).next() == Some(name),
    }
}

/// Words without the version or label that stands behind a parameter's name or ARN.
fn without_selector(words: &str) -> &str {
    let start = match words.starts_with(ARN) {
        true => words.find(":parameter/").map(|at| at + 1),
        false => Some(0),
    };
    let end = start.and_then(|start| Some(start + words.get(start..)?.find(':')?));
    end.and_then(|end| words.get(..end)).unwrap_or(words)
}

/// Whether the first is the second, a secret's ARN, without the six characters at its end.
fn is_shortened(short: &str, whole: &str) -> bool {
    let end = whole.strip_prefix(short).and_then(|end| end.strip_prefix('-'));
    end.is_some_and(|end| end.len() == SUFFIX_BYTES)
}

/// A parameter's name without the slash that some callers put before it.
fn bare(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

const ARN: &str = "arn:";
const PARAMETERS: &str = "ssm.amazonaws.com";
/// What Secrets Manager puts at the end of a secret's ARN, behind a hyphen.
const SUFFIX_BYTES: usize = 6;

#[cfg(test)]
mod tests {
    use super::{is_meant, names};

    const SECRET: &str = "arn:aws:secretsmanager:r-1:111122223333:secret:prod/db-x-AbCdEf";
    const PARAMETER: &str = "arn:aws:ssm:r-1:111122223333:parameter/a/b";

    #[test]
    fn resources_go_by_the_names_that_callers_know() {
        for (arn, name, is_its) in [
            (SECRET, "prod/db-x", true),
            (SECRET, "prod/db-x-AbCdEf", true),
            (SECRET, "prod/db", false),
            (SECRET, "db-x", false),
            (PARAMETER, "/a/b", true),
            (PARAMETER, "a/b", true),
            (PARAMETER, "b", false),
            ("arn:aws:ssm:r-1:111122223333:parameter/a", "a", true),
            ("arn:aws:kms:r-1:111122223333:key/1234", "1234", true),
            ("arn:aws:iam::111122223333:role/path/deploy", "deploy", true),
        ] {
            assert_eq!(names(arn, name), is_its, "{arn} {name}");
        }
    }

    #[test]
    fn a_resource_is_meant_by_whichever_words_are_for_it() {
        let (secrets, parameters) = ("secretsmanager.amazonaws.com", "ssm.amazonaws.com");
        let short = SECRET.trim_end_matches("-AbCdEf");
        for (words, name, source, is_it) in [
            (SECRET, "prod/db-x", secrets, true),
            ("prod/db-x", SECRET, secrets, true),
            (short, SECRET, secrets, true),
            (SECRET, short, secrets, true),
            ("prod/db-x", "prod/db-x", secrets, true),
            ("prod/db", SECRET, secrets, false),
            ("/a", "a", secrets, false),
            ("/a", "a", parameters, true),
            ("/a/b:3", "/a/b", parameters, true),
            ("/a/b:3", PARAMETER, parameters, true),
            (&format!("{PARAMETER}:3"), PARAMETER, parameters, true),
            (&format!("{PARAMETER}:label"), "/a/b", parameters, true),
            ("/a/b/c", "/a/b", parameters, false),
            ("/aws/reference/secretsmanager/prod/db-x", "prod/db-x", parameters, true),
            ("/aws/reference/secretsmanager/prod/db-x:AWSPREVIOUS", SECRET, parameters, true),
            ("/aws/reference/secretsmanager/a", "/a", parameters, false),
            ("prod/db-x", "/aws/reference/secretsmanager/prod/db-x", secrets, true),
            ("", "a", parameters, false),
            ("arn:", "a", parameters, false),
        ] {
            assert_eq!(is_meant(words, name, source), is_it, "{words} {name} {source}");
        }
    }
}
