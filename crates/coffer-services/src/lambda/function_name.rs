//! The ways to name a function: by its name, a part of its ARN or the whole, and with a version.

use std::sync::Arc;

use coffer_model::Region;
use coffer_pipeline::{Call, Demand, Guard, RequestContext, Scope};
use coffer_protocol::Fault;

use super::errors::LambdaError;
use super::function::{FunctionRecord, arn_of};
use super::policy::FunctionPolicyRecord;

/// A function as a caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FunctionName {
    /// Where it is.
    pub(super) scope: Scope,
    /// Its own name.
    pub(super) name: String,
    /// The version that is meant, where one is named.
    pub(super) qualifier: Option<String>,
}

impl FunctionName {
    /// Reads a name that may have a version in it.
    ///
    /// # Errors
    /// A function of another region; a name that is too long.
    pub(super) fn read(given: &str, context: &RequestContext) -> Result<Self, Fault> {
        Self::qualified(given, None, context)
    }

    /// Reads a name, and the version that stands beside it.
    ///
    /// # Errors
    /// See [`FunctionName::read`]; two versions that differ.
    pub(super) fn qualified(
        given: &str,
        qualifier: Option<&str>,
        context: &RequestContext,
    ) -> Result<Self, Fault> {
        let parts = Parts::of(given);
        let own = &context.scope;
        let name = parts.name;
        if name.chars().count() > NAME_MAX {
            return Err(Fault::validation(format!(
                "1 validation error detected: Value '{name}' at 'functionName' failed to satisfy \
                 constraint: Member must have length less than or equal to {NAME_MAX}"
            )));
        }
        if let Some(region) = parts.region.filter(|region| *region != own.region.as_str()) {
            return Err(LambdaError::ResourceNotFoundException.with(format!(
                "Functions from '{region}' are not reachable in this region ('{}')",
                own.region
            )));
        }
        let account = match parts.account.map(str::parse) {
            Some(Ok(account)) => account,
            _ => own.account,
        };
        let qualifier = match (parts.qualifier, qualifier) {
            (Some(inner), Some(beside)) if inner != beside => {
                return Err(LambdaError::InvalidParameterValueException.with(
                    "The derived qualifier from the function name does not match the specified \
                     qualifier.",
                ));
            }
            (inner, beside) => inner.or(beside).map(str::to_owned),
        };
        let scope = Scope { account, region: own.region.clone() };
        Ok(Self { scope, name: name.to_owned(), qualifier })
    }

    /// Reads a name that must have no version.
    ///
    /// # Errors
    /// See [`FunctionName::read`]; a version.
    pub(super) fn unqualified(given: &str, context: &RequestContext) -> Result<Self, Fault> {
        let read = Self::read(given, context)?;
        match &read.qualifier {
            None => Ok(read),
            Some(_) => Err(LambdaError::InvalidParameterValueException
                .with("The function name must not include a version or an alias.")),
        }
    }

    /// The ARN, with the version where one is named.
    pub(super) fn arn(&self) -> String {
        let arn = arn_of(&self.scope, &self.name);
        match &self.qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }

    /// The demand for an action on what is named.
    pub(super) async fn demand(
        &self,
        call: &mut Call<'_>,
        action: &'static str,
    ) -> Result<Demand, Fault> {
        let demand = Demand::of(action, self.arn()).owned_by(self.scope.account);
        let key = FunctionRecord::key_of(&self.scope, &self.name);
        let Some(function) = call.get::<FunctionRecord>(&key).await? else { return Ok(demand) };
        let demand = demand.known_by(Arc::new(function.tags.clone()));
        let policy = FunctionPolicyRecord::of(call, self).await?;
        Ok(match policy {
            Some(policy) => demand.guarded_by(Guard::Resource(vec![policy.document.clone()])),
            None => demand,
        })
    }

    /// The one demand for an action on what is named.
    pub(super) async fn demands(
        &self,
        call: &mut Call<'_>,
        action: &'static str,
    ) -> Result<Vec<Demand>, Fault> {
        Ok(vec![self.demand(call, action).await?])
    }

    /// Finds the function, whatever the version.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub(super) async fn find(&self, call: &mut Call<'_>) -> Result<Arc<FunctionRecord>, Fault> {
        let key = FunctionRecord::key_of(&self.scope, &self.name);
        call.get::<FunctionRecord>(&key).await?.ok_or_else(|| self.not_found())
    }

    /// How a caller is told that there is none.
    pub(super) fn not_found(&self) -> Fault {
        LambdaError::ResourceNotFoundException.with(format!("Function not found: {}", self.arn()))
    }
}

/// The parts of a name, all but one of which may be missing.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    region: Option<&'a str>,
    account: Option<&'a str>,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Takes a name apart, which the model's pattern has let in.
    fn of(given: &'a str) -> Self {
        let mut rest = given;
        if let Some((_, after)) =
            given.strip_prefix("arn:").and_then(|it| it.split_once(":lambda:"))
        {
            rest = after;
        }
        let mut take = |is_part: fn(&str) -> bool| {
            let (part, after) = rest.split_once(':').filter(|(part, _)| is_part(part))?;
            rest = after;
            Some(part)
        };
        let region = take(is_region);
        let account = take(|part| part.len() == 12 && part.bytes().all(|it| it.is_ascii_digit()));
        let _function = take(|part| part == "function");
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        Self { region, account, name, qualifier }
    }
}

/// Whether a part is a region's name: with two hyphens at least, as the model's pattern has it.
fn is_region(part: &str) -> bool {
    part.parse::<Region>().is_ok()
        && part.matches('-').count() >= 2
        && part.ends_with(|last: char| last.is_ascii_digit())
}

/// AWS: a function's own name (Lambda developer guide, quotas).
const NAME_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::Parts;

    #[test]
    fn every_form_of_a_name_is_taken_apart() {
        fn parts(given: &str) -> (Option<&str>, Option<&str>, &str, Option<&str>) {
            let Parts { region, account, name, qualifier } = Parts::of(given);
            (region, account, name, qualifier)
        }
        let (region, account) = (Some("us-east-1"), Some("111122223333"));
        assert_eq!(parts("f"), (None, None, "f", None));
        assert_eq!(parts("f:$LATEST"), (None, None, "f", Some("$LATEST")));
        assert_eq!(parts("function:f"), (None, None, "f", None));
        assert_eq!(parts("111122223333:function:f:7"), (None, account, "f", Some("7")));
        assert_eq!(parts("us-east-1:111122223333:function:f"), (region, account, "f", None));
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:f";
        assert_eq!(parts(arn), (region, account, "f", None));
        let qualified = format!("{arn}:1");
        assert_eq!(parts(&qualified), (region, account, "f", Some("1")));
        assert_eq!(parts("111122223333"), (None, None, "111122223333", None));
        assert_eq!(parts("my-long-name-1"), (None, None, "my-long-name-1", None));
    }
}
