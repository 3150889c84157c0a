//! What a secret's JSON says about a login, in the members that AWS's rotation functions define.

use std::fmt;
use std::marker::PhantomData;

use coffer_model::Sensitive;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::RotationError;

/// How to log in to a database, as a secret says it.
#[derive(Debug, Clone)]
pub struct Login {
    /// What kind of database it is, as `postgres` or `mysql`.
    pub engine: String,
    /// The server's name or address.
    pub host: String,
    /// The port; without one, the engine's own.
    pub port: Option<u16>,
    /// Who logs in.
    pub username: String,
    /// With which password.
    pub password: Sensitive<String>,
    /// The database to log in to, where the secret names one.
    pub dbname: Option<String>,
    /// Whether the connection is encrypted, by `ssl`.
    pub tls: TlsUse,
    /// The secret of the superuser who makes and changes the alternating users.
    pub masterarn: Option<String>,
}

/// What the member `ssl` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsUse {
    /// `true`: TLS, with a certificate that proves the host's name.
    Required,
    /// `false`: none.
    Never,
    /// Absent or anything else: TLS where the server speaks it, and then as if it were required.
    Preferred,
}

impl Login {
    /// Reads the secret's text.
    ///
    /// # Errors
    /// Unusable, saying which member is missing or wrong, and never a value.
    pub fn read(secret: &Sensitive<String>) -> Result<Self, RotationError> {
        let members = Members::of(secret)?;
        let password = members.text("password")?.ok_or_else(|| missing("password"))?;
        if password.expose().is_empty() || password.expose().len() > PASSWORD_BYTES_MAX {
            return Err(wrong("password", "must have 1 to 4096 bytes"));
        }
        let named = |name| {
            members.text(name)?.ok_or_else(|| missing(name)).and_then(|text| name_of(name, &text))
        };
        Ok(Self {
            engine: named("engine")?,
            host: named("host")?,
            port: members.port()?,
            username: named("username")?,
            password,
            dbname: members.optional("dbname")?,
            tls: members.tls(),
            masterarn: members.optional("masterarn")?,
        })
    }
}

/// What a member becomes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NewMember<'a> {
    Text(&'a str),
    /// A number in JSON's digits.
    Number(&'a str),
}

impl NewMember<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Number(text) => text.len(),
        }
    }
}

/// The secret's text with other values for members that it has; all else as it was written.
pub(crate) fn rewrite(
    secret: &Sensitive<String>,
    changes: &[(&str, NewMember<'_>)],
) -> Result<Sensitive<String>, RotationError> {
    let members = Members::of(secret)?;
    let is_there = |name: &str| members.0.iter().any(|(member, _)| member == name);
    if let Some((name, _)) = changes.iter().find(|(name, _)| !is_there(name)) {
        return Err(missing(name));
    }
    // Six bytes are the longest escape of one. A buffer that never grows leaves no copy behind.
    let grown: usize = changes.iter().map(|(_, value)| 6 * value.len() + 2).sum();
    let mut text = Vec::with_capacity(secret.expose().len() + grown);
    for (at, (name, value)) in members.0.iter().enumerate() {
        text.push(if at == 0 { b'{' } else { b',' });
        write(&mut text, name)?;
        text.push(b':');
        match changes.iter().find(|(changed, _)| changed == name) {
            Some((_, NewMember::Text(changed))) => write(&mut text, changed)?,
            Some((_, NewMember::Number(digits))) => text.extend_from_slice(digits.as_bytes()),
            None => text.extend_from_slice(value.get().as_bytes()),
        }
    }
    text.push(b'}');
    let unwritable = || RotationError::Unusable("the pending secret cannot be written".to_owned());
    Sensitive::new(text).into_text().ok_or_else(unwritable)
}

fn write(text: &mut Vec<u8>, value: &str) -> Result<(), RotationError> {
    // Its error could cite the value.
    serde_json::to_writer(text, value)
        .map_err(|_| RotationError::Unusable("a member of the secret cannot be written".to_owned()))
}

/// The members of a JSON object in their order, their values as they were written.
pub(crate) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    pub(crate) fn of(secret: &'a Sensitive<String>) -> Result<Self, RotationError> {
        // Of serde's error, only the place: its sentence could cite the value.
        let read: Result<Self, _> = serde_json::from_str(secret.expose());
        let members = read.map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            RotationError::Unusable(format!("the secret is no JSON object: see {place}"))
        })?;
        for (at, (name, _)) in members.0.iter().enumerate() {
            if members.0.iter().skip(at + 1).any(|(other, _)| other == name) {
                let why = "the secret has a member twice; keep one of them";
                return Err(RotationError::Unusable(why.to_owned()));
            }
        }
        Ok(members)
    }

    fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(member, _)| member == name).map(|(_, value)| *value);
        found.filter(|value| value.get() != "null")
    }

    fn text(&self, name: &'static str) -> Result<Option<Sensitive<String>>, RotationError> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let text = serde_json::from_str::<String>(raw.get()).map(Sensitive::new);
        let text = text.map_err(|_| wrong(name, "is not a text"))?;
        match text.expose().contains('\0') {
            true => Err(wrong(name, "has a NUL character")),
            false => Ok(Some(text)),
        }
    }

    /// Whether a member is a text.
    pub(crate) fn is_text(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|raw| raw.get().starts_with('"'))
    }

    /// A member that is a text or a number; nothing where there is none, or something else.
    pub(crate) fn word(&self, name: &str) -> Option<Sensitive<String>> {
        let written = self.raw(name)?.get();
        if written.starts_with(|char: char| char.is_ascii_digit() || char == '-') {
            return Some(Sensitive::new(written.to_owned()));
        }
        serde_json::from_str::<String>(written).ok().map(Sensitive::new)
    }

    fn optional(&self, name: &'static str) -> Result<Option<String>, RotationError> {
        self.text(name)?.map(|text| name_of(name, &text)).transpose()
    }

    fn port(&self) -> Result<Option<u16>, RotationError> {
        let Some(raw) = self.raw("port") else { return Ok(None) };
        let no_port = || wrong("port", "is not a number from 1 to 65535");
        let port = match serde_json::from_str::<u16>(raw.get()) {
            Ok(number) => number,
            Err(_) => {
                let text = serde_json::from_str::<String>(raw.get()).map_err(|_| no_port())?;
                text.trim().parse().map_err(|_| no_port())?
            }
        };
        if port == 0 { Err(no_port()) } else { Ok(Some(port)) }
    }

    fn tls(&self) -> TlsUse {
        let said = self.raw("ssl").map_or("", RawValue::get).trim_matches('"');
        if said.eq_ignore_ascii_case("true") {
            TlsUse::Required
        } else if said.eq_ignore_ascii_case("false") {
            TlsUse::Never
        } else {
            TlsUse::Preferred
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for MembersVisitor<'a> {
    type Value = Members<'a>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn name_of(name: &'static str, text: &Sensitive<String>) -> Result<String, RotationError> {
    let text = text.expose();
    match text.is_empty() || text.len() > NAME_BYTES_MAX {
        true => Err(wrong(name, "must have 1 to 512 bytes")),
        false => Ok(text.clone()),
    }
}

fn missing(name: &str) -> RotationError {
    RotationError::Unusable(format!("the secret has no member `{name}`; add it"))
}

fn wrong(name: &str, why: &str) -> RotationError {
    RotationError::Unusable(format!("the secret's member `{name}` {why}"))
}

/// Host names, ARNs and users are all shorter.
const NAME_BYTES_MAX: usize = 512;
const PASSWORD_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;

    use super::{Login, NewMember, TlsUse, rewrite};

    const SECRET: &str = r#"{"engine":"postgres","host":"db.example","username":"app",
        "password":"canary"}"#;

    /// The secret with more members.
    fn with(more: &str) -> Sensitive<String> {
        Sensitive::new(SECRET.replacen('{', &format!("{{{more},"), 1))
    }

    #[test]
    fn members_are_read_as_the_rotation_functions_of_aws_read_them() {
        let login = Login::read(&Sensitive::new(SECRET.to_owned())).unwrap();
        assert_eq!((login.port, login.dbname, login.masterarn), (None, None, None));
        assert_eq!(login.password.expose(), "canary");
        for (port, read) in
            [("1", Some(1)), ("65535", Some(65535)), (r#""5432""#, Some(5432)), ("null", None)]
        {
            let login = Login::read(&with(&format!(r#""port":{port}"#))).unwrap();
            assert_eq!(login.port, read, "{port}");
        }
        for (ssl, read) in [
            ("true", TlsUse::Required),
            (r#""true""#, TlsUse::Required),
            (r#""True""#, TlsUse::Required),
            ("false", TlsUse::Never),
            (r#""FALSE""#, TlsUse::Never),
            (r#""yes""#, TlsUse::Preferred),
            ("1", TlsUse::Preferred),
            ("null", TlsUse::Preferred),
            ("[true]", TlsUse::Preferred),
        ] {
            assert_eq!(Login::read(&with(&format!(r#""ssl":{ssl}"#))).unwrap().tls, read, "{ssl}");
        }
        assert_eq!(Login::read(&with(r#""dbname":null"#)).unwrap().dbname, None);
        let login = Login::read(&with(r#""dbname":"shop","masterarn":"arn:x""#)).unwrap();
        assert_eq!(
            (login.dbname.as_deref(), login.masterarn.as_deref()),
            (Some("shop"), Some("arn:x"))
        );
    }

    #[test]
    fn what_is_wrong_is_said_by_member_and_without_a_value() {
        let without = |member: &str| SECRET.replace(member, "other");
        for (secret, why) in [
            (without("engine"), "the secret has no member `engine`; add it"),
            (without("host"), "the secret has no member `host`; add it"),
            (without("username"), "the secret has no member `username`; add it"),
            (without("password"), "the secret has no member `password`; add it"),
            (
                SECRET.replace(r#""canary""#, "[\"canary\"]"),
                "the secret's member `password` is not a text",
            ),
            (
                SECRET.replace("canary", ""),
                "the secret's member `password` must have 1 to 4096 bytes",
            ),
            (
                SECRET.replace("canary", "can\\u0000ary"),
                "the secret's member `password` has a NUL character",
            ),
            (
                SECRET.replace("db.example", ""),
                "the secret's member `host` must have 1 to 512 bytes",
            ),
            ("canary".to_owned(), "the secret is no JSON object: see line 1, column 1"),
            ("[\"canary\"]".to_owned(), "the secret is no JSON object: see line 1, column 0"),
            (format!("{SECRET} canary"), "the secret is no JSON object: see line 2, column 30"),
            (SECRET.replace("host", "password"), "the secret has a member twice; keep one of them"),
        ] {
            let error = Login::read(&Sensitive::new(secret.clone())).unwrap_err().to_string();
            assert_eq!(error, why, "{secret}");
        }
        for port in ["0", "65536", "-1", "1.5", r#""canary""#, r#""""#, "true", "{}"] {
            let error = Login::read(&with(&format!(r#""port":{port}"#))).unwrap_err().to_string();
            let why = "the secret's member `port` is not a number from 1 to 65535";
            assert_eq!(error, why, "{port}");
        }
    }

    #[test]
    fn only_what_changes_is_written_anew() {
        let secret = r#" { "z" : 1.50, "username":"a", "é\n": {"b": [1,  2], "a":"\u00e9"},
            "password" : "old", "port":"5432", "last":null } "#;
        let pending = rewrite(
            &Sensitive::new(secret.to_owned()),
            &[
                ("username", NewMember::Text("a_clone")),
                ("password", NewMember::Text("n\"e\\w\u{1}é")),
                ("z", NewMember::Number("-7")),
            ],
        );
        let expected = r#"{"z":-7,"username":"a_clone","é\n":{"b": [1,  2], "a":"\u00e9"},"password":"n\"e\\w\u0001é","port":"5432","last":null}"#;
        assert_eq!(pending.unwrap().expose(), expected);
    }

    #[test]
    fn debug_shows_no_password() {
        let login = Login::read(&Sensitive::new(SECRET.to_owned())).unwrap();
        assert!(!format!("{login:?}").contains("canary"));
    }
}
