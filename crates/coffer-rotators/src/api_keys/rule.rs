//! Rules for API keys, as the operator's file describes them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::request::{RequestRule, RequestText};
use super::template::Source;

/// The rules, by their names.
#[derive(Default)]
pub struct ApiKeyRules(BTreeMap<String, ApiKeyRule>);

/// How the keys of one service are made, tested and revoked.
pub struct ApiKeyRule {
    pub(super) name: String,
    /// The member that holds the key.
    pub(super) key: String,
    /// The member by which the key may be named, as it is no secret.
    pub(super) id: Option<String>,
    pub(super) superuser: bool,
    /// The members that the answer to `create` fills, with where they are in it.
    pub(super) take: Vec<(String, String)>,
    /// The members that the answer to `test` repeats, with where they are in it.
    pub(super) same: Vec<(String, String)>,
    pub(super) create: RequestRule,
    pub(super) test: RequestRule,
    pub(super) revoke: Option<RequestRule>,
    /// Whether that is done before a key is made.
    pub(super) revoke_first: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(default)]
    api_key: BTreeMap<String, RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    key: String,
    id: Option<String>,
    #[serde(default)]
    superuser: bool,
    take: BTreeMap<String, String>,
    #[serde(default)]
    same: BTreeMap<String, String>,
    create: RequestText,
    test: RequestText,
    revoke: Option<RequestText>,
    #[serde(default)]
    revoke_first: bool,
}

impl ApiKeyRules {
    /// Reads the TOML of a file of rules. Without TLS, requests go to this very machine at most, where
    /// `allows_plain` lets them.
    ///
    /// # Errors
    /// Which rule is wrong, and how. Nothing of the text is cited but names: it may hold what it
    /// should not.
    pub fn read(text: &str, allows_plain: bool) -> Result<Self, String> {
        let file: FileText = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            format!("line {line} is not a part of a rule, or has a value of the wrong type")
        })?;
        let mut rules = BTreeMap::new();
        for (name, text) in file.api_key {
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_word) {
                return Err(format!("the rule `{name}` has a name that is no word"));
            }
            let rule = ApiKeyRule::read(&name, text, allows_plain);
            let rule = rule.map_err(|why| format!("the rule `{name}`: {why}"))?;
            rules.insert(name, rule);
        }
        Ok(Self(rules))
    }

    /// The rule of this name.
    pub fn named(&self, name: &str) -> Option<&ApiKeyRule> {
        self.0.get(name)
    }
}

impl ApiKeyRule {
    fn read(name: &str, text: RuleText, allows_plain: bool) -> Result<Self, String> {
        let mut sources = vec![Source::Key];
        sources.extend(text.superuser.then_some(Source::Superuser));
        let read = |which: &str, text, sources: &[Source], also_done: &[u16]| {
            let read = RequestRule::read(text, sources, also_done, allows_plain);
            read.map_err(|why| format!("`{which}`: {why}"))
        };
        let create = read("create", text.create, &sources, &[])?;
        let test = read("test", text.test, &sources, &[])?;
        sources.push(Source::New);
        let revoke = text.revoke.map(|text| read("revoke", text, &sources, GONE)).transpose()?;
        let rule = Self {
            name: name.to_owned(),
            key: text.key,
            id: text.id,
            superuser: text.superuser,
            take: text.take.into_iter().collect(),
            same: text.same.into_iter().collect(),
            create,
            test,
            revoke,
            revoke_first: text.revoke_first,
        };
        rule.must_be_sound()?;
        Ok(rule)
    }

    fn must_be_sound(&self) -> Result<(), String> {
        let takes = |name: &str| self.take.iter().any(|(taken, _)| taken == name);
        if !takes(&self.key) {
            return Err(format!("`take` does not say where the member `{}` is", self.key));
        }
        if let Some(id) = self.id.as_ref().filter(|id| !takes(id) || **id == self.key) {
            return Err(format!("`id` is `{id}`, which `take` does not say, or which is the key"));
        }
        let pointers = self.take.iter().chain(&self.same);
        if let Some((name, _)) = pointers.into_iter().find(|(_, at)| !at.starts_with('/')) {
            return Err(format!("`{name}` is not at a JSON pointer, such as /data/key"));
        }
        if self.revoke_first && self.revoke.is_none() {
            return Err("`revoke_first` has a meaning with `revoke` alone".to_owned());
        }
        let tested = self.test.members();
        if !tested.contains(&(Source::Key, self.key.as_str())) {
            return Err(format!("`test` does not use the key, `{{key.{}}}`", self.key));
        }
        if self.superuser { self.must_prove_what_is_named() } else { Ok(()) }
    }

    /// With the rights of somebody else, a value that whoever may put it could have written must not
    /// say whose key is made or revoked: the service has to have said it.
    fn must_prove_what_is_named(&self) -> Result<(), String> {
        let is_proven = |name: &str| name == self.key || self.same.iter().any(|it| it.0 == name);
        let is_taken = |name: &str| self.take.iter().any(|it| it.0 == name);
        let of_key = |(source, name): &(Source, &str)| (*source == Source::Key, name.to_string());
        for (is_of_key, name) in self.create.members().iter().map(of_key) {
            if is_of_key && !is_proven(&name) {
                return Err(format!(
                    "`create` acts for a superuser and uses `{{key.{name}}}`, which `same` does not \
                     prove"
                ));
            }
        }
        let revoked = self.revoke.iter().flat_map(RequestRule::members).collect::<Vec<_>>();
        for (_, name) in revoked.iter().filter(|(source, _)| *source == Source::New) {
            if self.revoke_first || !is_taken(name) {
                return Err(format!(
                    "`revoke` acts for a superuser and uses `{{new.{name}}}`, which `take` does not \
                     say, or which is not there yet with `revoke_first`"
                ));
            }
        }
        for (is_of_key, name) in revoked.iter().map(of_key) {
            let is_known = is_taken(&name) && (self.same.is_empty() || is_proven(&name));
            if is_of_key && !is_known {
                return Err(format!(
                    "`revoke` acts for a superuser and uses `{{key.{name}}}`, which `take` does not \
                     say, or `same` does not prove"
                ));
            }
        }
        Ok(())
    }

    /// Whether a superuser makes keys for whom the key of now says.
    pub(super) fn makes_for_whom_the_key_names(&self) -> bool {
        let is_of_key = |(source, _): &(Source, &str)| *source == Source::Key;
        self.superuser && self.create.members().iter().any(is_of_key)
    }
}

/// What counts as done beside what begins with a 2: the key is not there any more.
const GONE: &[u16] = &[404, 410];
const NAME_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::ApiKeyRules;

    const RULE: &str = r#"
        [api_key.shop]
        key = "api_key"
        id = "key_id"
        superuser = true
        take = { api_key = "/key", key_id = "/id" }
        same = { key_id = "/id", owner = "/owner" }
        create.method = "POST"
        create.url = "https://api.example/keys?of={key.owner}"
        create.headers = { Authorization = "Bearer {superuser.token}" }
        create.json = { name = "coffer {version}", list = [1, "{{}}"] }
        test.method = "GET"
        test.url = "https://api.example/me"
        test.basic = ["{key.key_id}", "{key.api_key}"]
        revoke.method = "DELETE"
        revoke.url = "https://api.example/keys/{key.key_id}"
    "#;

    fn refused(from: &str, to: &str) -> String {
        assert!(RULE.contains(from), "{from}");
        ApiKeyRules::read(&RULE.replace(from, to), false).err().unwrap_or_default()
    }

    #[test]
    fn a_rule_is_read_and_found_by_its_name() {
        let rules = ApiKeyRules::read(RULE, false).map_err(|why| panic!("{why}")).unwrap();
        let rule = rules.named("shop").unwrap();
        assert!(rule.needs_superuser() && rule.revokes() && rule.makes_for_whom_the_key_names());
        assert!(rules.named("other").is_none());
        assert!(ApiKeyRules::read("", false).unwrap().named("shop").is_none());
    }

    #[test]
    fn rules_that_could_not_be_followed_are_refused() {
        for (from, to, told) in [
            ("[api_key.shop]", "[api_key.\"a b\"]", "no word"),
            ("key = \"api_key\"", "key = 1", "line 3 is not"),
            ("create.method", "create.verb", "is not a part of a rule"),
            ("\"POST\"", "\"CONNECT\"", "`method`"),
            ("key = \"api_key\"", "key = \"other\"", "`take`"),
            ("id = \"key_id\"", "id = \"api_key\"", "`id`"),
            ("\"/key\"", "\"key\"", "JSON pointer"),
            ("\"{key.api_key}\"", "\"x\"", "does not use the key"),
            ("/me", "/{new.x}", "for `revoke` alone"),
            ("superuser = true", "", "needs `superuser = true`"),
            ("Authorization", "Host", "not for a rule to say"),
            ("Authorization", "\"a b\"", "is no header"),
            ("Authorization", "\"a\\r\\nb\"", "`a\\r\\nb` is no header"),
            ("Authorization", "\"a\\u0000\"", "is no header"),
            ("Bearer {", "Bearer\\r\\nx: y{", "that no header may have"),
            ("superuser.token}", "superuser.token}\\n", "that no header may have"),
            ("Bearer {", "Bearer\\u0000{", "that no header may have"),
            ("/me", "/m\\u0000e", "`url` has a blank"),
            ("/me", "/m e", "`url` has a blank"),
            ("revoke.method = \"DELETE\"", "revoke.method = \"CONNECT\"", "`method`"),
            ("keys/{key.key_id}", "keys/{key.key_id}?{new.owner}", "uses `{new.owner}`"),
            (
                "superuser = true",
                "superuser = true\nrevoke_first = 1",
                "has a value of the wrong type",
            ),
            ("example/me", "example:0/me", "a port that is none"),
            ("example/me", "example:65536/me", "a port that is none"),
            ("{superuser.token}", "{superuser.token", "no `}`"),
            ("create.json", "create.form = {}\ncreate.json", "one of `json` and `form`"),
            ("create.json", "create.status = [302]\ncreate.json", "`status`"),
        ] {
            let why = refused(from, to);
            assert!(why.contains(told), "{from} to {to}: {why}");
        }
    }

    #[test]
    fn what_is_revoked_first_cannot_be_by_the_new_key() {
        let first = |rule: &str| {
            let rule = rule.replace("superuser = true", "superuser = true\nrevoke_first = true");
            ApiKeyRules::read(&rule, false)
                .map(|rules| rules.named("shop").unwrap().revokes_first())
        };
        assert_eq!(first(RULE), Ok(true));
        assert!(
            !ApiKeyRules::read(RULE, false)
                .unwrap_or_default()
                .named("shop")
                .unwrap()
                .revokes_first()
        );
        let by_new = RULE.replace("keys/{key.key_id}", "keys/{key.key_id}?by={new.key_id}");
        assert!(ApiKeyRules::read(&by_new, false).is_ok());
        assert!(first(&by_new).unwrap_err().contains("not there yet"));
        let never: Vec<_> = RULE.lines().filter(|line| !line.contains("revoke.")).collect();
        assert!(first(&never.join("\n")).unwrap_err().contains("with `revoke` alone"));
    }

    #[test]
    fn a_secret_does_not_say_which_host_is_asked() {
        for url in [
            "https://{key.host}/me",
            "https://api.example{key.host}/me",
            "https://api.example:{key.port}",
            "{key.url}",
            "http://api.example/me",
            "http://127.0.0.1/me",
            "https://user@api.example/me",
            "ftp://api.example/me",
            "/me",
        ] {
            let why = refused("https://api.example/me", url);
            assert!(why.contains("`url`"), "{url}: {why}");
        }
        let plain = RULE.replace("https://api.example/", "http://127.0.0.1:81/");
        assert!(ApiKeyRules::read(&plain, true).is_ok());
        let elsewhere = RULE.replace("https://api.example/", "http://192.0.2.1/");
        assert!(ApiKeyRules::read(&elsewhere, true).is_err());
    }

    #[test]
    fn a_superuser_acts_only_on_what_the_service_has_said() {
        assert!(refused(", owner = \"/owner\"", "").contains("`create` acts for a superuser"));
        let other = refused("keys/{key.key_id}", "keys/{key.owner}");
        assert!(other.contains("`revoke` acts for a superuser"), "{other}");
        // A secret that is nobody else's may say what it likes.
        let own =
            RULE.replace("superuser = true", "").replace("{superuser.token}", "{key.api_key}");
        let own = own.replace(", owner = \"/owner\"", "").replace("keys/{key.key_id}", "k/{new.x}");
        assert!(ApiKeyRules::read(&own, false).is_ok());
    }
}
