//! Quotas on the rates of requests: those that AWS publishes, and the operator's own.

use std::path::Path;

use coffer_model::{AccountId, Arn};
use coffer_pipeline::{Quota, QuotaScope, Quotas, RequestRate, Service};
use coffer_services::SERVICES;
use serde::Deserialize;
use toml::Spanned;

use super::table_file::{Wrong, parse, with_line};
use super::{InvalidConfig, wrong};

/// The operator's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(default)]
    quota: Vec<QuotaText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaText {
    service: Spanned<String>,
    #[serde(default)]
    operations: Vec<Spanned<String>>,
    scope: Spanned<String>,
    requests_per_second: Spanned<f64>,
    burst: Option<Spanned<u32>>,
    #[serde(default)]
    accounts: Vec<Spanned<String>>,
    #[serde(default)]
    principals: Vec<Spanned<String>>,
}

/// The quotas that are in force; nothing where there are none, so that nothing is counted.
pub(super) fn quotas(
    whose: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<Quotas>, InvalidConfig> {
    let mut all = match whose {
        None | Some("off") => Vec::new(),
        Some("aws") => coffer_services::quotas::aws(),
        Some(other) => return Err(wrong(&format!("quotas `{other}`: give aws or off"))),
    };
    if let Some(path) = file {
        let told =
            |why: String| wrong(&format!("cannot use the quotas in `{}`: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
        all.extend(read(&text).map_err(told)?);
    }
    Ok((!all.is_empty()).then(|| Quotas::new(SERVICES, all)))
}

pub(super) fn read(text: &str) -> Result<Vec<Quota>, String> {
    let at = |wrong| with_line(text, wrong);
    let file: FileText = parse(text)?;
    if file.quota.is_empty() {
        return Err("it has none; write each as a table `[[quota]]`".to_owned());
    }
    if file.quota.len() > QUOTAS_MAX {
        return Err(format!("it has more than {QUOTAS_MAX}"));
    }
    file.quota.into_iter().map(|quota| quota.read().map_err(at)).collect()
}

impl QuotaText {
    fn read(self) -> Result<Quota, Wrong> {
        let name = self.service.get_ref();
        let service = SERVICES.iter().find(|service| service.name == name);
        let service = service.ok_or_else(|| {
            let known: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
            let why = format!("there is no service `{name}`; give one of {}", known.join(", "));
            (self.service.span(), why)
        })?;
        let operations = self.operations.iter().map(|name| operation(service, name));
        let operations = operations.collect::<Result<Vec<_>, _>>()?;
        let rate = self.rate()?;
        let scope = match self.scope.get_ref().as_str() {
            "account" => QuotaScope::Account,
            "principal" => QuotaScope::Principal,
            other => {
                let why = format!("the scope is `{other}`; give account or principal");
                return Err((self.scope.span(), why));
            }
        };
        let accounts = self.accounts.iter().map(account).collect::<Result<Vec<_>, _>>()?;
        let principals = self.principals.iter().map(principal).collect::<Result<Vec<_>, _>>()?;
        Ok(Quota::new(service.name, &operations, rate).of(scope).only(accounts, principals))
    }

    /// The rate, with as many requests at once as a second gives where nothing is said of it.
    fn rate(&self) -> Result<RequestRate, Wrong> {
        let per_second = *self.requests_per_second.get_ref();
        let whole = RequestRate::new(per_second, 1);
        whole.map_err(|why| (self.requests_per_second.span(), why.to_owned()))?;
        match &self.burst {
            Some(burst) => RequestRate::new(per_second, *burst.get_ref())
                .map_err(|why| (burst.span(), why.to_owned())),
            None => RequestRate::of_a_second(per_second)
                .map_err(|why| (self.requests_per_second.span(), why.to_owned())),
        }
    }
}

fn operation(service: &Service, name: &Spanned<String>) -> Result<&'static str, Wrong> {
    let found = service.operations.iter().find(|entry| entry.name == name.get_ref());
    found.map(|entry| entry.name).ok_or_else(|| {
        (name.span(), format!("{} has no operation `{}` here", service.name, name.get_ref()))
    })
}

fn account(text: &Spanned<String>) -> Result<AccountId, Wrong> {
    let parsed = text.get_ref().parse();
    parsed.map_err(|_| (text.span(), "an account is named by its twelve digits".to_owned()))
}

fn principal(text: &Spanned<String>) -> Result<String, Wrong> {
    let arn = text.get_ref().parse::<Arn>();
    let is_principal = arn.is_ok_and(|arn| arn.account.is_some());
    is_principal.then(|| text.get_ref().clone()).ok_or_else(|| {
        let why = "a principal is named by its ARN; sessions of a role, by the role's";
        (text.span(), why.to_owned())
    })
}

/// Every request on an operation is counted for each of its quotas.
const QUOTAS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"# Ours.
[[quota]]
service = "ssm"
operations = ["GetParameter", "GetParameters"]
scope = "principal"
requests_per_second = 0.5
burst = 3
accounts = ["111122223333"]
principals = ["arn:aws:iam::111122223333:role/app"]

[[quota]]
service = "kms"
scope = "account"
requests_per_second = 20
"#;

    #[test]
    fn quotas_are_read_as_they_are_written() {
        let quotas = read(GOOD).unwrap();
        let [one, two] = &quotas[..] else { panic!("{}", quotas.len()) };
        let here = coffer_model::Region::global();
        assert_eq!((one.service(), one.operations().len()), ("ssm", 2));
        assert_eq!(one.rate_in(&here), RequestRate::new(0.5, 3).unwrap());
        assert_eq!((two.service(), two.operations().len()), ("kms", 0));
        assert_eq!(two.rate_in(&here), RequestRate::new(20.0, 20).unwrap());
    }

    #[test]
    fn the_example_of_the_guide_is_a_good_file() {
        // Read when the test runs: the sources are built where there are no documents.
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate/quotas.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        let (_, rest) = guide.split_once("```toml\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        assert_eq!(read(example).unwrap().len(), 2);
    }

    #[test]
    fn a_wrong_file_is_refused_by_its_line() {
        let cases = [
            ("\"ssm\"", "\"s3\"", "line 3: there is no service `s3`; give one of cloudtrail, iam,"),
            ("\"GetParameters\"", "\"GetSecretValue\"", "line 4: ssm has no operation `GetSecret"),
            ("\"principal\"", "\"user\"", "line 5: the scope is `user`; give account or principal"),
            ("= 0.5", "= 0", "line 6: give from 0.0001 to 1000000 requests per second"),
            ("= 0.5", "= \"many\"", "line 6: "),
            ("burst = 3", "burst = 0", "line 7: give a burst of 1 to"),
            ("burst = 3", "burts = 3", "line 7: unknown field `burts`"),
            (
                "111122223333\"]\np",
                "1111\"]\np",
                "line 8: an account is named by its twelve digits",
            ),
            (
                "arn:aws:iam::111122223333:role/app",
                "app",
                "line 9: a principal is named by its ARN",
            ),
            ("[[quota]]\nservice = \"kms\"", "[[quotas]]\nservice = \"kms\"", "line 11: "),
            ("requests_per_second = 20", "", "line 11: missing field `requests_per_second`"),
        ];
        for (from, to, says) in cases {
            assert!(GOOD.contains(from), "{from}");
            let told = read(&GOOD.replacen(from, to, 1)).err().unwrap_or_default();
            assert!(told.starts_with(says), "{to}: {told}");
        }
        assert!(read("").unwrap_err().contains("[[quota]]"));
        let many = GOOD.repeat(200);
        assert!(read(&many).unwrap_err().contains("more than 256"));
    }

    #[test]
    fn nothing_is_counted_where_nothing_is_limited() {
        assert!(quotas(None, None).unwrap().is_none());
        assert!(quotas(Some("off"), None).unwrap().is_none());
        assert!(quotas(Some("aws"), None).unwrap().is_some());
        assert!(quotas(Some("on"), None).unwrap_err().0.contains("give aws or off"));
        let gone = quotas(None, Some(Path::new("/gone/quotas.toml"))).unwrap_err().0;
        assert!(gone.contains("`/gone/quotas.toml`"), "{gone}");
    }
}
