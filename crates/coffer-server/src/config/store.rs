//! Which engine keeps the rows.

use std::path::Path;

use coffer_store::{EtcdAddress, PostgresAddress, Reads};
use zeroize::Zeroizing;

use super::{InvalidConfig, SecretText, wrong};

/// Which engine keeps the rows.
#[derive(Debug)]
pub enum StoreChoice {
    /// The one inside the process, in the data directory.
    Embedded,
    /// A PostgreSQL database, which other nodes may have open too.
    Postgres(Box<PostgresAddress>, Reads),
    /// An etcd cluster, which other nodes may have open too.
    Etcd(Box<EtcdAddress>, Reads),
}

/// Chooses the engine by a URL.
///
/// # Errors
/// What cannot be meant.
pub(crate) fn store(
    url: Option<SecretText>,
    password_file: Option<&Path>,
    reads: Option<&str>,
) -> Result<StoreChoice, InvalidConfig> {
    let Some(SecretText(url)) = url else {
        return match (password_file, reads) {
            (None, None) => Ok(StoreChoice::Embedded),
            _ => Err(wrong(
                "--store-password-file and --reads are about a store that --store names; name it",
            )),
        };
    };
    let reads = match reads {
        None | Some("cached") => Reads::Cached,
        Some("strong") => Reads::Strong,
        Some(other) => return Err(wrong(&format!("reads `{other}`: give cached or strong"))),
    };
    let url = url.expose();
    let password = password_file.map(password).transpose()?;
    let told = |told: String| wrong(&format!("--store: {told}"));
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => {
            let mut address: PostgresAddress = url.parse().map_err(told)?;
            if let Some(password) = password {
                address.set_password(&password);
            }
            Ok(StoreChoice::Postgres(Box::new(address), reads))
        }
        Some("etcd" | "etcds") => {
            let mut address: EtcdAddress = url.parse().map_err(told)?;
            if let Some(password) = password {
                address.set_password(&password).map_err(told)?;
            }
            Ok(StoreChoice::Etcd(Box::new(address), reads))
        }
        _ => Err(wrong(
            "--store takes postgres://USER@HOST/DATABASE or etcd://HOST,HOST,HOST; without it the \
             store is in the data directory",
        )),
    }
}

fn password(file: &Path) -> Result<Zeroizing<String>, InvalidConfig> {
    let password = std::fs::read_to_string(file).map(Zeroizing::new);
    let told = |error| wrong(&format!("cannot read `{}`: {error}", file.display()));
    let password = password.map_err(told)?;
    Ok(Zeroizing::new(password.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, reads: Option<&str>) -> Result<StoreChoice, InvalidConfig> {
        store(Some(url.to_owned().into()), None, reads)
    }

    #[test]
    fn a_url_chooses_the_engine() {
        assert!(matches!(store(None, None, None), Ok(StoreChoice::Embedded)));
        for (reads, expected) in [
            (None, Reads::Cached),
            (Some("cached"), Reads::Cached),
            (Some("strong"), Reads::Strong),
        ] {
            let chosen = read("postgres://coffer@127.0.0.1/coffer", reads).unwrap();
            let StoreChoice::Postgres(_, chosen) = chosen else { panic!("{chosen:?}") };
            assert_eq!(chosen, expected);
            let chosen = read("etcd://127.0.0.1,127.0.0.2/coffer/", reads).unwrap();
            let StoreChoice::Etcd(_, chosen) = chosen else { panic!("{chosen:?}") };
            assert_eq!(chosen, expected);
        }
        assert!(matches!(read("etcds://etcd.example", None), Ok(StoreChoice::Etcd(..))));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(read("mysql://coffer@127.0.0.1/coffer", None).is_err());
        assert!(read("etcd://127.0.0.1:port", None).is_err());
        assert!(read("postgres://coffer@127.0.0.1/coffer", Some("eventual")).is_err());
        assert!(store(None, None, Some("strong")).is_err());
        assert!(store(None, Some(Path::new("/password")), None).is_err());
        let missing = Path::new("/no/such/file");
        let url = "postgres://coffer@127.0.0.1/coffer".to_owned().into();
        assert!(store(Some(url), Some(missing), None).is_err());
    }
}
