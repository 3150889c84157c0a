//! Names, ARNs and selectors of parameters.

use std::borrow::Cow;

use coffer_model::{AccountId, Arn, Region};
use coffer_pipeline::Scope;
use coffer_protocol::Fault;

use super::errors::SsmError;

/// A name without its leading slash, which makes no difference: the last component of the row's
/// key. Blanks around it are cut off, as AWS does.
pub fn path_of(name: &str) -> &str {
    let name = name.trim_matches(BLANK);
    name.strip_prefix('/').unwrap_or(name)
}

/// The ARN of the parameter of this name: `parameter/a/b` both for `a/b` and `/a/b`.
pub fn arn_of(account: AccountId, region: &Region, name: &str) -> String {
    Arn::text("ssm", region, account, &["parameter/", path_of(name)])
}

/// A caller's words for a parameter: a name or an ARN, and perhaps a version or a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The account and region of an ARN.
    pub owner: Option<(AccountId, Region)>,
    /// The name, without its leading slash.
    pub path: &'a str,
    /// The name as the caller wrote it; an ARN has none.
    pub written: Option<&'a str>,
    /// What follows the name, without the colon.
    pub selector: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads a name or ARN.
    ///
    /// # Errors
    /// `ValidationException` for what can be no name.
    pub fn read(text: &'a str) -> Result<Self, Fault> {
        let text = text.trim_matches(BLANK);
        if !text.starts_with("arn:") {
            let named = Self::without_owner(text)?;
            // AWS: only an ARN names a path without its leading slash (observed through several
            // SDKs, GetParameter, 2023 to 2026).
            let is_qualified = !named.path.contains('/') || text.starts_with('/');
            return is_qualified.then_some(named).ok_or_else(|| Fault::validation(MALFORMED));
        }
        let (head, resource) = split_arn(text).ok_or_else(|| invalid_arn(text))?;
        let arn: Arn = format!("{head}:x").parse().map_err(|_| invalid_arn(text))?;
        let path = resource.strip_prefix("parameter/").ok_or_else(|| invalid_arn(text))?;
        match (arn.service.as_str(), arn.region, arn.account) {
            ("ssm", Some(region), Some(account)) => {
                let owner = Some((account, region));
                Ok(Self { owner, written: None, ..Self::without_owner(path)? })
            }
            _ => Err(invalid_arn(text)),
        }
    }

    fn without_owner(text: &'a str) -> Result<Self, Fault> {
        let mut colons = memchr::memchr_iter(b':', text.as_bytes());
        let (name, selector) = match colons.next() {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
            None => (text, None),
        };
        if selector.is_some_and(str::is_empty) || colons.next().is_some() {
            return Err(Fault::validation(BAD_SELECTOR));
        }
        if name.is_empty() {
            return Err(Fault::validation(BAD_SELECTOR));
        }
        // AWS: slashes side by side are refused on reading too (LocalStack's test against AWS).
        let has_other = name.bytes().fold(false, |any, byte| any | !is_allowed(byte));
        if has_other || name.as_bytes().windows(2).any(|pair| pair == b"//") {
            return Err(Fault::validation(MALFORMED));
        }
        Ok(Self { owner: None, path: path_of(name), written: Some(name), selector })
    }

    /// The scope of the parameter, for a call in `scope`.
    pub fn scope<'s>(&self, scope: &'s Scope) -> Cow<'s, Scope> {
        match &self.owner {
            None => Cow::Borrowed(scope),
            Some((account, region)) => {
                Cow::Owned(Scope { account: *account, region: region.clone() })
            }
        }
    }

    /// The parameter's ARN, for a call in `scope`.
    pub fn arn(&self, scope: &Scope) -> String {
        match &self.owner {
            None => arn_of(scope.account, &scope.region, self.path),
            Some((account, region)) => arn_of(*account, region, self.path),
        }
    }
}

/// The ARN a permission is checked on. For words that name no parameter it is that of the words as
/// they are, cut where no name is so long, so that the refusal tells what is wrong with them.
pub fn arn_for_demand(scope: &Scope, words: &str) -> String {
    arn_of_read(scope, words, Reference::read(words).as_ref().ok())
}

/// The same for words that have been read, where they name a parameter.
pub(super) fn arn_of_read(scope: &Scope, words: &str, reference: Option<&Reference<'_>>) -> String {
    let mut arn = match reference {
        Some(reference) => reference.arn(scope),
        None => arn_of(scope.account, &scope.region, words),
    };
    arn.truncate(arn.floor_char_boundary(NAME_WITH_ARN_BYTES_MAX));
    arn
}

/// Reads the name of a parameter that is there already, where AWS takes no ARN and no selector.
///
/// # Errors
/// `ValidationException`.
pub fn plain_name(text: &str) -> Result<&str, Fault> {
    let reference = Reference::read(text)?;
    match (reference.owner, reference.selector) {
        (None, None) => Ok(text.trim_matches(BLANK)),
        _ => Err(Fault::validation(MALFORMED)),
    }
}

/// Reads the name of a parameter to be written, which takes no ARN and no selector: the name
/// without the blanks around it.
///
/// # Errors
/// `ValidationException` and the other errors for each rule that a new name must follow.
pub fn new_name<'a>(scope: &Scope, text: &'a str) -> Result<&'a str, Fault> {
    let name = text.trim_matches(BLANK);
    let path = path_of(name);
    if !name.bytes().all(is_allowed) {
        return Err(Fault::validation(MALFORMED));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(Fault::validation(NOT_QUALIFIED));
    }
    refuse_reserved(path)?;
    if name.ends_with('/') {
        return Err(Fault::validation(ENDS_WITH_SLASH));
    }
    if path.split('/').any(str::is_empty) {
        return Err(Fault::validation(MALFORMED));
    }
    if path.split('/').count() > LEVELS_MAX {
        return Err(SsmError::HierarchyLevelLimitExceededException.with(TOO_DEEP));
    }
    if arn_of(scope.account, &scope.region, path).len() > NAME_WITH_ARN_BYTES_MAX {
        return Err(Fault::validation(TOO_LONG));
    }
    Ok(name)
}

/// Reads the path of a hierarchy, such as `/a/b` or `/a/b/`: what the paths of all parameters in
/// it begin with. That is empty for `/`.
///
/// # Errors
/// `ValidationException`.
pub fn hierarchy(text: &str) -> Result<String, Fault> {
    let path = text.trim_matches(BLANK);
    let within = path.strip_prefix('/').ok_or_else(|| Fault::validation(NO_HIERARCHY))?;
    let within = within.strip_suffix('/').unwrap_or(within);
    if within.is_empty() && path.len() <= 1 {
        return Ok(String::new());
    }
    if within.split('/').any(|level| level.is_empty() || !level.bytes().all(is_allowed)) {
        return Err(Fault::validation(NO_HIERARCHY));
    }
    Ok(format!("{within}/"))
}

fn refuse_reserved(path: &str) -> Result<(), Fault> {
    let start = path.get(..RESERVED_BYTES).unwrap_or_default();
    let is_path = path.contains('/');
    if start.eq_ignore_ascii_case("aws") && is_path {
        // AWS: the name stands here without its leading slash (observed through Terraform, 2026).
        let message = format!("No access to reserved parameter name: {path}.");
        return Err(Fault::access_denied(message));
    }
    if start.eq_ignore_ascii_case("aws") || start.eq_ignore_ascii_case("ssm") {
        return Err(Fault::validation(if is_path { MALFORMED } else { RESERVED }));
    }
    Ok(())
}

fn split_arn(text: &str) -> Option<(&str, &str)> {
    let colon = text.match_indices(':').nth(4)?.0;
    let (head, rest) = text.split_at_checked(colon)?;
    Some((head, rest.strip_prefix(':')?))
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/')
}

fn invalid_arn(arn: &str) -> Fault {
    Fault::validation(format!("Invalid parameter ARN: {arn}"))
}

const BLANK: [char; 2] = [' ', '\t'];
const RESERVED_BYTES: usize = 3;
/// How many levels a name has at most.
pub const LEVELS_MAX: usize = 15;
/// How long a parameter's ARN is at most; its name has what the rest of the ARN leaves.
pub const NAME_WITH_ARN_BYTES_MAX: usize = 1011;

// AWS: the two blanks are AWS's (observed, 2026-09).
const BAD_SELECTOR: &str = "Invalid parameter name. Please use correct syntax for referencing a \
                            version/label  <name>:<version/label>";
const NOT_QUALIFIED: &str = "Parameter name must be a fully qualified name";
const ENDS_WITH_SLASH: &str = "Parameter name must not end with slash.";
const RESERVED: &str =
    "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";
// AWS: this is the answer to every character that no name has, prefixed or not (observed, 2023).
const MALFORMED: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If \
                         formed as a path, it can consist of sub-paths divided by slash symbol; \
                         each sub-path can be formed as a mix of letters, numbers and the \
                         following 3 symbols .-_";
const NO_HIERARCHY: &str = "The parameter doesn't meet the parameter name requirements. The \
                            parameter name must begin with a forward slash \"/\". It can't be \
                            prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only \
                            letters, numbers, or the following symbols: . (period), - (hyphen), _ \
                            (underscore). Special characters are not allowed. All sub-paths, if \
                            specified, must use the forward slash symbol \"/\". Valid example: \
                            /get/parameters2-/by1./path0_.";
const TOO_DEEP: &str = "A hierarchy can have a maximum of 15 levels. For more information, see \
                        Requirements and constraints for parameter names in the AWS Systems \
                        Manager User Guide.";
const TOO_LONG: &str = "The parameter name is too long: with its ARN it can have a maximum of 1011 \
                        characters.";

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { account: AccountId::dev(), region: "us-east-1".parse().unwrap() }
    }

    fn refusal(text: &str) -> (&'static str, String) {
        let fault = new_name(&scope(), text).unwrap_err();
        (fault.code, fault.message)
    }

    #[test]
    fn names_are_read_as_aws_reads_them() {
        for (text, name) in [
            ("X", "X"),
            ("/X", "/X"),
            ("  /a/b-c/d.e_f\t", "/a/b-c/d.e_f"),
            ("lawss", "lawss"),
            ("/team/aws", "/team/aws"),
        ] {
            assert_eq!(new_name(&scope(), text).unwrap(), name);
        }
    }

    #[test]
    fn bad_names_are_refused_in_the_words_of_aws() {
        for (text, code, message) in [
            ("a/b", "ValidationException", NOT_QUALIFIED),
            ("awsX", "ValidationException", RESERVED),
            ("/SSMx", "ValidationException", RESERVED),
            ("/ssm/x", "ValidationException", MALFORMED),
            ("/a//b", "ValidationException", MALFORMED),
            ("/a b", "ValidationException", MALFORMED),
            ("ä", "ValidationException", MALFORMED),
            ("/a:3", "ValidationException", MALFORMED),
            ("/", "ValidationException", ENDS_WITH_SLASH),
            ("/a/", "ValidationException", ENDS_WITH_SLASH),
            ("", "ValidationException", MALFORMED),
            ("/Aws/x/y", "AccessDeniedException", "No access to reserved parameter name: Aws/x/y."),
        ] {
            assert_eq!(refusal(text), (code, message.to_owned()), "{text}");
        }
        let deep = "/a".repeat(LEVELS_MAX);
        assert!(new_name(&scope(), &deep).is_ok());
        assert_eq!(refusal(&format!("{deep}/a")).0, "HierarchyLevelLimitExceededException");
        let room = NAME_WITH_ARN_BYTES_MAX - arn_of(AccountId::dev(), &scope().region, "").len();
        assert!(new_name(&scope(), &format!("/{}", "n".repeat(room))).is_ok());
        assert_eq!(refusal(&"n".repeat(room + 1)), ("ValidationException", TOO_LONG.to_owned()));
    }

    #[test]
    fn references_are_names_or_arns_with_or_without_a_selector() {
        let read = |text| {
            let reference = Reference::read(text).unwrap();
            (reference.owner.is_some(), reference.path, reference.selector)
        };
        assert_eq!(read("/a/b"), (false, "a/b", None));
        assert_eq!(read(" X:prod "), (false, "X", Some("prod")));
        let arn = "arn:aws:ssm:us-east-1:111122223333:parameter/a/b";
        assert_eq!(read(arn), (true, "a/b", None));
        let of_version = format!("{arn}:3");
        assert_eq!(read(&of_version), (true, "a/b", Some("3")));
        assert_eq!(Reference::read(arn).unwrap().arn(&scope()), arn);
        let slashed = arn.replace("/a/b", "//a/b");
        assert_eq!(Reference::read(&slashed).unwrap().path, "a/b");
        for text in ["", ":", "a:", "a:b:c", "a b", "arn:", "arn:aws:s3:::x", "{x}"] {
            assert!(Reference::read(text).is_err(), "{text}");
        }
        let doubled = format!("{arn}//c");
        for text in ["a/b", "a/b:3", "//a", "/a//b", "/a//b:3", &doubled] {
            assert_eq!(Reference::read(text).unwrap_err().message, MALFORMED, "{text}");
        }
    }

    #[test]
    fn a_hierarchy_is_what_the_paths_in_it_begin_with() {
        for (text, start) in [("/", ""), ("/a", "a/"), ("/a/b/", "a/b/"), (" /a ", "a/")] {
            assert_eq!(hierarchy(text).unwrap(), start);
        }
        for text in ["", "a", "a/b", "//", "/a//", "/a b", "/a*"] {
            assert!(hierarchy(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_arn_of_a_demand_is_always_an_arn() {
        for words in ["/a/b:3", "a b", "", &"ä".repeat(2048)] {
            let arn = arn_for_demand(&scope(), words);
            assert!(arn.starts_with("arn:aws:ssm:us-east-1:000000000000:parameter/"), "{arn}");
            assert!(arn.parse::<Arn>().is_ok() && arn.len() <= NAME_WITH_ARN_BYTES_MAX);
        }
    }
}
