//! The tags of a session: those that a request gives, and those that its caller's session hands on.

use std::collections::BTreeMap;

use coffer_pipeline::Demand;
use coffer_pipeline::identity::SessionClaims;
use coffer_protocol::Fault;

use super::errors::invalid_parameter;
use super::wire::Tag;

/// Tags for a session to be.
#[derive(Debug, Default)]
pub(super) struct SessionTags {
    /// Those that the request gives.
    given: BTreeMap<String, String>,
    /// The names of those among them that are handed on.
    given_transitive: Vec<String>,
    /// Those that the caller's session hands on.
    inherited: BTreeMap<String, String>,
}

impl SessionTags {
    /// Checks the tags of a request.
    ///
    /// # Errors
    /// Names that differ in case only, names that only AWS gives, transitive names without a tag,
    /// and tags in the place of inherited ones.
    pub(super) fn of(
        tags: Option<&[Tag]>,
        transitive: Option<&[String]>,
        session: Option<&SessionClaims>,
    ) -> Result<Self, Fault> {
        let pairs = tags.unwrap_or_default().iter().map(|tag| (&*tag.key, &*tag.value));
        Self::of_pairs(pairs, transitive.unwrap_or_default(), session)
    }

    /// The same, of pairs of names and values.
    ///
    /// # Errors
    /// See [`SessionTags::of`].
    pub(super) fn of_pairs<'t>(
        pairs: impl Iterator<Item = (&'t str, &'t str)>,
        transitive: &[String],
        session: Option<&SessionClaims>,
    ) -> Result<Self, Fault> {
        let inherited = session.map(handed_on).unwrap_or_default();
        let has = |tags: &BTreeMap<String, String>, name: &str| {
            tags.keys().any(|known| known.eq_ignore_ascii_case(name))
        };
        let mut given = BTreeMap::new();
        for (name, value) in pairs {
            // AWS: recorded from AssumeRole.
            if has(&given, name) {
                return Err(invalid_parameter(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                ));
            }
            if has(&inherited, name) {
                return Err(invalid_parameter(
                    "One of the specified transitive tag keys can't be set because it conflicts \
                     with a transitive tag key from the calling session.",
                ));
            }
            if name.get(..RESERVED.len()).is_some_and(|it| it.eq_ignore_ascii_case(RESERVED)) {
                return Err(invalid_parameter("Tag keys beginning with aws: are reserved."));
            }
            given.insert(name.to_owned(), value.to_owned());
        }
        if !transitive.iter().all(|name| has(&given, name)) {
            return Err(invalid_parameter(
                "The specified transitive tag key must be included in the requested tags.",
            ));
        }
        Ok(Self { given, given_transitive: transitive.to_vec(), inherited })
    }

    /// Whether the session gets any tag, for which its caller needs `sts:TagSession`.
    pub(super) fn are_there(&self) -> bool {
        !self.given.is_empty() || !self.inherited.is_empty()
    }

    /// A demand with what policies may ask about the tags.
    pub(super) fn asked_for(&self, demand: Demand) -> Demand {
        let given = self.given.iter().map(|(name, value)| (&**name, &**value));
        let demand = demand.requesting_tags(given);
        match self.given_transitive.is_empty() {
            true => demand,
            false => demand.with_many("sts:transitivetagkeys", self.given_transitive.clone()),
        }
    }

    /// Puts the tags into a session's claims.
    pub(super) fn put_into(self, claims: &mut SessionClaims) {
        claims.transitive = self.inherited.keys().cloned().collect();
        claims.transitive.extend(self.given_transitive);
        claims.tags = self.inherited;
        claims.tags.extend(self.given);
    }
}

/// The tags that a session hands on.
fn handed_on(session: &SessionClaims) -> BTreeMap<String, String> {
    let is_transitive =
        |name: &String| session.transitive.iter().any(|known| known.eq_ignore_ascii_case(name));
    let tags = session.tags.iter().filter(|(name, _)| is_transitive(name));
    tags.map(|(name, value)| (name.clone(), value.clone())).collect()
}

const RESERVED: &str = "aws:";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use coffer_model::{AccountId, Timestamp};
    use coffer_pipeline::identity::{SessionClaims, SessionKind};

    use super::SessionTags;

    fn session(tags: &[(&str, &str)], transitive: &[&str]) -> SessionClaims {
        SessionClaims {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            account: AccountId::dev(),
            kind: SessionKind::Root,
            issued: Timestamp::EPOCH,
            expires: Timestamp::EPOCH,
            mfa_authenticated: None,
            policy: None,
            policy_arns: Vec::new(),
            tags: tags.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            transitive: transitive.iter().map(ToString::to_string).collect(),
            source_identity: None,
            federation: BTreeMap::new(),
            is_chained: false,
        }
    }

    fn told(
        pairs: &[(&str, &str)],
        transitive: &[&str],
        caller: Option<&SessionClaims>,
    ) -> Result<(String, String), String> {
        let transitive: Vec<String> = transitive.iter().map(ToString::to_string).collect();
        let tags = SessionTags::of_pairs(pairs.iter().copied(), &transitive, caller);
        let tags = tags.map_err(|fault| fault.message)?;
        let mut claims = session(&[], &[]);
        tags.put_into(&mut claims);
        Ok((format!("{:?}", claims.tags), format!("{:?}", claims.transitive)))
    }

    #[test]
    fn transitive_tags_go_on_through_chains_and_others_do_not() {
        let caller = session(&[("Team", "a"), ("job", "7")], &["team"]);
        let expected = (r#"{"Team": "a", "x": "1"}"#.to_owned(), r#"["Team", "x"]"#.to_owned());
        assert_eq!(told(&[("x", "1")], &["x"], Some(&caller)), Ok(expected));
        let refused = told(&[("TEAM", "b")], &[], Some(&caller)).unwrap_err();
        assert!(refused.contains("conflicts with a transitive tag key"), "{refused}");
    }

    #[test]
    fn what_no_tags_can_be_is_refused() {
        for (pairs, transitive, part) in [
            (&[("a", "1"), ("A", "2")][..], &[][..], "Duplicate tag keys"),
            (&[("aws:x", "1")], &[], "reserved"),
            (&[("a", "1")], &["b"], "must be included"),
        ] {
            let refused = told(pairs, transitive, None).unwrap_err();
            assert!(refused.contains(part), "{refused}");
        }
        assert!(told(&[("a", "1")], &["A"], None).is_ok());
    }
}
