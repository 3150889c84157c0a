//! Where a cluster is, how it is trusted, and where in it the store is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use zeroize::Zeroizing;

use crate::remote::tls::{TlsFiles, is_near};

/// A store in an etcd cluster: `etcd://USER:PASSWORD@HOST:PORT,HOST:PORT/PREFIX/?PARAMETERS`.
///
/// All keys begin with the prefix, which is `coffer/` unless the URL says another. Connections to other
/// machines go by TLS and those to loopback without, unless `tls` says `on` or `off`; `etcds://` is
/// `etcd://` with `tls=on`. `cacert`, `cert` and `key` are files for it, as PEM.
#[derive(Clone)]
pub struct EtcdAddress {
    pub(super) members: Vec<Member>,
    pub(super) prefix: Vec<u8>,
    pub(super) login: Option<Login>,
    tls: Option<TlsFiles>,
}

/// Who logs in.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

/// Where a member listens to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl EtcdAddress {
    /// Sets the password, for those who keep it out of the URL.
    ///
    /// # Errors
    /// The URL names no user.
    pub fn set_password(&mut self, password: &str) -> Result<(), String> {
        let login = self.login.as_mut().ok_or("there is a password, and the URL names no user")?;
        login.password = Zeroizing::new(password.to_owned());
        Ok(())
    }

    /// The configuration of TLS, where the connections go by it.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub(super) fn tls(&self) -> Result<Option<Arc<ClientConfig>>, String> {
        let Some(files) = &self.tls else { return Ok(None) };
        let mut config = files.read()?;
        // gRPC is spoken to those only who say that they speak HTTP/2.
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Some(Arc::new(config)))
    }
}

impl FromStr for EtcdAddress {
    type Err = String;

    /// Reads a URL. What is wrong is told without the URL itself, which may hold a password.
    fn from_str(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("it has no scheme")?;
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        // A password may hold an `@`, as a host may not.
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(Login::read(login)?), hosts),
            None => (None, authority),
        };
        let members: Vec<Member> = hosts.split(',').map(Member::read).collect::<Result<_, _>>()?;
        if members.len() > MEMBERS_MAX {
            return Err(format!("it names more than {MEMBERS_MAX} members"));
        }
        let mut wants_tls = match scheme {
            "etcd" => None,
            "etcds" => Some(true),
            _ => return Err("its scheme is neither `etcd` nor `etcds`".to_owned()),
        };
        let mut files = TlsFiles::default();
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| format!("{name} is not text"))?;
            let file = || Some(PathBuf::from(value.as_ref()));
            match (name, value.as_ref()) {
                ("tls", "on") => wants_tls = Some(true),
                ("tls", "off") if scheme == "etcd" => wants_tls = Some(false),
                ("tls", "off") => return Err("`etcds` and tls=off contradict".to_owned()),
                ("tls", _) => return Err("tls is `on` or `off`".to_owned()),
                ("cacert", _) => files.authorities = file(),
                ("cert", _) => files.certificate = file(),
                ("key", _) => files.key = file(),
                _ => return Err(format!("there is no parameter `{name}`")),
            }
        }
        if files.certificate.is_some() != files.key.is_some() {
            return Err("cert and key go together; give the other one".to_owned());
        }
        let are_near = members.iter().all(|member| is_near(&member.host));
        let wants_tls = wants_tls.unwrap_or(!are_near || files.are_named());
        if !wants_tls && files.are_named() {
            return Err("there are files for TLS, and TLS is off; leave tls out".to_owned());
        }
        Ok(Self { members, prefix: prefix(path)?, login, tls: wants_tls.then_some(files) })
    }
}

impl Login {
    fn read(text: &str) -> Result<Self, String> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |text| percent_decode_str(text).decode_utf8();
        let user = decoded(user).map_err(|_| "its user is not text")?.into_owned();
        if user.is_empty() {
            return Err("its user has no name".to_owned());
        }
        let password = decoded(password).map_err(|_| "its password is not text")?.into_owned();
        Ok(Self { user, password: Zeroizing::new(password) })
    }
}

impl Member {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = || "a member is not HOST or HOST:PORT".to_owned();
        let (host, port) = match text.strip_prefix('[') {
            Some(text) => {
                let (host, rest) = text.split_once(']').ok_or_else(wrong)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
                (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some(DEFAULT_PORT)))
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, Some(DEFAULT_PORT)),
            },
        };
        let is_written_so = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        if !host.bytes().all(is_written_so) {
            return Err(wrong());
        }
        let port = port.ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
        Ok(Self { host: host.to_owned(), port })
    }
}

/// What a URL's path says the keys begin with.
fn prefix(path: &str) -> Result<Vec<u8>, String> {
    let mut prefix: Vec<u8> = percent_decode_str(path).collect();
    if prefix.is_empty() {
        prefix = DEFAULT_PREFIX.to_vec();
    }
    if !prefix.ends_with(b"/") {
        // So that no store is inside another one whose name begins like its own.
        prefix.push(b'/');
    }
    match prefix.len() {
        length if length > PREFIX_BYTES_MAX => {
            Err(format!("its prefix has {length} bytes; at most {PREFIX_BYTES_MAX} are taken"))
        }
        _ => Ok(prefix),
    }
}

impl fmt::Display for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(formatter, "[{}]:{}", self.host, self.port),
            false => write!(formatter, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for EtcdAddress {
    /// What may be shown of it: the members and the prefix.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<String> = self.members.iter().map(Member::to_string).collect();
        write!(formatter, "etcd://{}/{}", members.join(","), self.prefix.escape_ascii())
    }
}

impl fmt::Debug for EtcdAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

const DEFAULT_PORT: &str = "2379";
const DEFAULT_PREFIX: &[u8] = b"coffer/";
/// A prefix goes with every key of a batch.
const PREFIX_BYTES_MAX: usize = 256;
const MEMBERS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<EtcdAddress, String> {
        url.parse()
    }

    #[test]
    fn other_machines_have_to_prove_who_they_are() {
        for (url, is_tls) in [
            ("etcd://a.example,b.example", true),
            ("etcd://127.0.0.1,b.example", true),
            ("etcd://a.example?tls=off", false),
            ("etcd://127.0.0.1:2379,[::1]:2379,localhost", false),
            ("etcd://127.0.0.1?tls=on", true),
            ("etcds://127.0.0.1", true),
            ("etcd://localhost?cacert=/ca.pem", true),
        ] {
            assert_eq!(read(url).unwrap().tls.is_some(), is_tls, "{url}");
        }
    }

    #[test]
    fn a_url_says_where_the_store_is() {
        for (url, shown) in [
            ("etcd://a.example", "etcd://a.example:2379/coffer/"),
            ("etcd://a.example:1,[::1]:2,[::1]/", "etcd://a.example:1,[::1]:2,[::1]:2379/coffer/"),
            ("etcd://a.example/team-a", "etcd://a.example:2379/team-a/"),
            ("etcds://a.example/team/a/", "etcd://a.example:2379/team/a/"),
            ("etcd://a.example/%00x/", "etcd://a.example:2379/\\x00x/"),
        ] {
            assert_eq!(read(url).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_not_safe_or_not_known_is_refused() {
        for (url, told) in [
            ("etcd://a.example?cert=/a.pem", "go together"),
            ("etcd://a.example?tls=off&cacert=/a", "TLS is off"),
            ("etcds://a.example?tls=off", "contradict"),
            ("etcd://a.example?tls=perhaps", "`on` or `off`"),
            ("etcd://a.example?nonsense=hunter2", "nonsense"),
            ("etcd:///coffer", "no host"),
            ("etcd://a.example,", "no host"),
            ("etcd://a.example:port", "HOST:PORT"),
            ("etcd://[a.example]", "HOST:PORT"),
            ("etcd://a b", "HOST:PORT"),
            ("etcd://:hunter2@a.example", "no name"),
            ("http://a.example", "scheme"),
        ] {
            let refused = read(url).unwrap_err();
            assert!(refused.contains(told), "{url}: {refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
        assert!(read(&format!("etcd://a.example/{}", "p".repeat(256))).is_err());
        assert!(read("etcd://a.example").unwrap().set_password("hunter2").is_err());
    }

    #[test]
    fn passwords_are_read_and_not_printed() {
        let mut address = read("etcd://coffer:hunter2%2F@1@a.example/coffer").unwrap();
        let login = address.login.clone().unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("coffer", "hunter2/@1"));
        address.set_password("hunter3").unwrap();
        assert_eq!(address.login.as_ref().unwrap().password.as_str(), "hunter3");
        for printed in [format!("{address:?}"), address.to_string()] {
            assert_eq!(printed, "etcd://a.example:2379/coffer/");
        }
    }
}
