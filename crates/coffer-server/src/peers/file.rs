//! The file of peers, as the operator writes it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use coffer_http::Place;
use coffer_model::{AccountId, Region};
use http::Uri;
use rustls_pki_types::ServerName;
use serde::Deserialize;
use toml::Spanned;

use crate::config::table_file::{self, Wrong, with_line};

/// What the file says.
#[derive(Debug)]
pub(super) struct PeersFile {
    /// The regions that peers may have replicas in here.
    pub(super) regions: BTreeSet<Region>,
    /// This deployment's certificate chain.
    pub(super) certificate: PathBuf,
    /// Its private key.
    pub(super) key: PathBuf,
    /// The peers, at least one.
    pub(super) peers: Vec<PeerSettings>,
}

/// What it says of a peer.
#[derive(Debug)]
pub(super) struct PeerSettings {
    /// Its name here.
    pub(super) name: String,
    /// The certificate authorities that count for it.
    pub(super) authorities: PathBuf,
    /// Where it is reached, where it holds anything of ours.
    pub(super) place: Option<PeerPlace>,
    /// The regions whose replicas it holds.
    pub(super) regions: BTreeSet<Region>,
    /// The accounts whose replicas it holds.
    pub(super) accounts: BTreeSet<AccountId>,
    /// The names of which its certificate has one when it writes here.
    pub(super) certificate_names: Vec<ServerName<'static>>,
    /// The regions whose primaries it speaks for.
    pub(super) primary_regions: BTreeSet<Region>,
    /// The accounts whose primaries of replicas in other accounts it speaks for.
    pub(super) primary_accounts: BTreeSet<AccountId>,
}

/// Where a peer is reached.
#[derive(Debug, Clone)]
pub(super) struct PeerPlace {
    /// Host and port.
    pub(super) place: Place,
    /// What the `Host` header says.
    pub(super) authority: String,
    /// The name that its certificate has to have.
    pub(super) server_name: ServerName<'static>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(default)]
    regions: Vec<Spanned<String>>,
    certificate: PathBuf,
    key: PathBuf,
    #[serde(default)]
    peer: Vec<Spanned<PeerText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerText {
    name: Spanned<String>,
    authorities: PathBuf,
    url: Option<Spanned<String>>,
    server_name: Option<Spanned<String>>,
    #[serde(default)]
    regions: Vec<Spanned<String>>,
    #[serde(default)]
    accounts: Vec<Spanned<String>>,
    #[serde(default)]
    certificate_names: Vec<Spanned<String>>,
    #[serde(default)]
    primary_regions: Vec<Spanned<String>>,
    #[serde(default)]
    primary_accounts: Vec<Spanned<String>>,
}

impl PeersFile {
    /// Reads the file and checks what it says; what it names is not opened yet.
    ///
    /// # Errors
    /// A sentence for the operator, with the line.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        Self::parse(&text)
    }

    /// The same, of its text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let at = |wrong| with_line(text, wrong);
        let file: FileText = table_file::parse(text)?;
        if file.peer.is_empty() {
            return Err("it has none; write each as a table `[[peer]]`".to_owned());
        }
        if file.peer.len() > PEERS_MAX {
            return Err(format!("it has more than {PEERS_MAX}"));
        }
        let mut seen = Seen { here: set(&file.regions, region).map_err(at)?, ..Seen::default() };
        let mut peers = Vec::with_capacity(file.peer.len());
        for peer in file.peer {
            let span = peer.span();
            peers.push(peer.into_inner().read(span, &mut seen).map_err(at)?);
        }
        let (certificate, key) = (file.certificate, file.key);
        Ok(Self { regions: seen.here, certificate, key, peers })
    }
}

/// What peers have said before: each region and account has one home.
#[derive(Default)]
struct Seen {
    here: BTreeSet<Region>,
    names: BTreeSet<String>,
    regions: BTreeSet<Region>,
    accounts: BTreeSet<AccountId>,
    primary_regions: BTreeSet<Region>,
    primary_accounts: BTreeSet<AccountId>,
    certificate_names: BTreeSet<String>,
}

impl PeerText {
    fn read(self, span: Range<usize>, seen: &mut Seen) -> Result<PeerSettings, Wrong> {
        let name = self.name.get_ref().clone();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_name) {
            let why = "give a name of 1 to 64 letters, digits, `-`, `_` or `.`";
            return Err((self.name.span(), why.to_owned()));
        }
        once(&mut seen.names, &self.name, name.clone(), "another peer has the name")?;
        let mut place = None;
        if let Some(url) = &self.url {
            place = Some(place_of(url, self.server_name.as_ref())?);
        } else if let Some(unused) = &self.server_name {
            return Err((unused.span(), "server_name is for a url, and there is none".to_owned()));
        }
        for region in &self.regions {
            let read = self::region(region)?;
            if seen.here.contains(&read) {
                let why = format!("`{read}` is one of this deployment's own `regions`");
                return Err((region.span(), why));
            }
            once(&mut seen.regions, region, read, "another peer holds")?;
        }
        for account in &self.accounts {
            once(&mut seen.accounts, account, self::account(account)?, "another peer holds")?;
        }
        for region in &self.primary_regions {
            let read = self::region(region)?;
            if seen.here.contains(&read) {
                let why = format!("`{read}` is one of this deployment's own `regions`");
                return Err((region.span(), why));
            }
            once(&mut seen.primary_regions, region, read, "another peer speaks for")?;
        }
        for account in &self.primary_accounts {
            let read = self::account(account)?;
            once(&mut seen.primary_accounts, account, read, "another peer speaks for")?;
        }
        for name in &self.certificate_names {
            let read = name.get_ref().to_ascii_lowercase();
            once(&mut seen.certificate_names, name, read, "another peer has the certificate name")?;
        }
        let settings = PeerSettings {
            name,
            authorities: self.authorities,
            place,
            regions: set(&self.regions, self::region)?,
            accounts: set(&self.accounts, self::account)?,
            certificate_names: self
                .certificate_names
                .iter()
                .map(server_name)
                .collect::<Result<_, _>>()?,
            primary_regions: set(&self.primary_regions, self::region)?,
            primary_accounts: set(&self.primary_accounts, self::account)?,
        };
        settings.check().map_err(|why| (span, why.to_owned()))?;
        if !settings.primary_regions.is_empty() && seen.here.is_empty() {
            let why = "primary_regions are of no use without `regions` of this deployment's own, \
                       at the top of the file";
            return Err((self.name.span(), why.to_owned()));
        }
        Ok(settings)
    }
}

impl PeerSettings {
    /// Makes sure that it says all that it takes.
    fn check(&self) -> Result<(), &'static str> {
        let holds = !self.regions.is_empty() || !self.accounts.is_empty();
        let speaks = !self.primary_regions.is_empty() || !self.primary_accounts.is_empty();
        match (holds, speaks) {
            (false, false) => Err("the peer does nothing: give regions or accounts that it holds \
                                   replicas in, or primary_regions or primary_accounts that it \
                                   speaks for"),
            (true, _) if self.place.is_none() => Err("regions and accounts need the peer's url"),
            (false, _) if self.place.is_some() => Err("the url is for replicas that the peer \
                                                       holds: give regions or accounts"),
            (_, true) if self.certificate_names.is_empty() => {
                Err("primary_regions and primary_accounts need certificate_names, by which the \
                     peer is known")
            }
            (_, false) if !self.certificate_names.is_empty() => {
                Err("certificate_names are for a peer that speaks for primaries: give \
                     primary_regions or primary_accounts")
            }
            _ => Ok(()),
        }
    }
}

fn once<T: Ord + std::fmt::Display>(
    seen: &mut BTreeSet<T>,
    at: &Spanned<String>,
    it: T,
    why: &str,
) -> Result<(), Wrong> {
    let told = format!("{why} `{it}`");
    if seen.insert(it) { Ok(()) } else { Err((at.span(), told)) }
}

fn set<T: Ord>(
    texts: &[Spanned<String>],
    read: fn(&Spanned<String>) -> Result<T, Wrong>,
) -> Result<BTreeSet<T>, Wrong> {
    texts.iter().map(read).collect()
}

fn region(text: &Spanned<String>) -> Result<Region, Wrong> {
    let why = "a region is lower-case letters, digits and hyphens";
    text.get_ref().parse().map_err(|_| (text.span(), why.to_owned()))
}

fn account(text: &Spanned<String>) -> Result<AccountId, Wrong> {
    let why = "an account is named by its twelve digits";
    text.get_ref().parse().map_err(|_| (text.span(), why.to_owned()))
}

fn server_name(text: &Spanned<String>) -> Result<ServerName<'static>, Wrong> {
    let why = "it is no name that a certificate can have: give a DNS name or an address";
    ServerName::try_from(text.get_ref().clone()).map_err(|_| (text.span(), why.to_owned()))
}

/// Where a URL leads to, and under which name.
fn place_of(url: &Spanned<String>, name: Option<&Spanned<String>>) -> Result<PeerPlace, Wrong> {
    let wrong = || (url.span(), "give the peer's url as https://HOST:PORT".to_owned());
    let uri: Uri = url.get_ref().parse().map_err(|_| wrong())?;
    let place = Place::of(&uri).filter(|place| !place.is_plain).ok_or_else(wrong)?;
    if !matches!(uri.path_and_query().map(|path| path.as_str()), None | Some("/")) {
        return Err(wrong());
    }
    let server_name = match name {
        Some(name) => server_name(name)?,
        None => ServerName::try_from(place.host.clone()).map_err(|_| wrong())?,
    };
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    Ok(PeerPlace { place, authority, server_name })
}

/// Each is asked on its own connections.
const PEERS_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::PeersFile;

    const GOOD: &str = r#"regions = ["us-east-1"]
certificate = "/own.pem"
key = "/own.key"

[[peer]]
name = "frankfurt"
authorities = "/ca.pem"
url = "https://frankfurt.example:4567"
regions = ["eu-central-1"]
accounts = ["111122223333"]
certificate_names = ["frankfurt.example"]
primary_regions = ["eu-central-1"]
primary_accounts = ["111122223333"]

[[peer]]
name = "mumbai"
authorities = "/other.pem"
url = "https://10.0.0.1"
server_name = "mumbai.example"
regions = ["ap-south-1"]
"#;

    #[test]
    fn peers_are_read_as_they_are_written() {
        let file = PeersFile::parse(GOOD).unwrap();
        let [frankfurt, mumbai] = &file.peers[..] else { panic!("{}", file.peers.len()) };
        assert_eq!(frankfurt.certificate_names.len(), 1);
        let place = frankfurt.place.as_ref().unwrap();
        assert_eq!((place.place.port, place.authority.as_str()), (4567, "frankfurt.example:4567"));
        let place = mumbai.place.as_ref().unwrap();
        assert_eq!(place.place.port, 443);
        assert_eq!(place.server_name.to_str(), "mumbai.example");
        assert!(mumbai.primary_regions.is_empty() && file.regions.len() == 1);
    }

    #[test]
    fn the_example_of_the_guide_is_a_good_file() {
        // Read when the test runs: the sources are built where there are no documents.
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate/replication.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        let mut examples = guide.split("```toml\n").skip(1);
        let read = |example: &str| PeersFile::parse(example.split_once("```").unwrap().0).unwrap();
        assert_eq!(read(examples.next().unwrap()).peers.len(), 1);
        assert_eq!(read(examples.next().unwrap()).peers.len(), 1);
    }

    #[test]
    fn a_wrong_file_is_refused_by_its_line() {
        let cases = [
            ("regions = [\"us-east-1\"]", "regions = [\"US\"]", "line 1: a region is"),
            ("regions = [\"us-east-1\"]\n", "", "line 5: primary_regions are of no use"),
            ("key = \"/own.key\"\n", "", "line 1: missing field `key`"),
            ("\"frankfurt\"", "\"frank furt\"", "line 6: give a name of 1 to 64"),
            ("\"mumbai\"", "\"frankfurt\"", "line 16: another peer has the name `frankfurt`"),
            ("https://frankfurt", "http://frankfurt", "line 8: give the peer's url as https"),
            (".example:4567", ".example:4567/x", "line 8: give the peer's url as https"),
            (".example:4567", ".example:0", "line 8: give the peer's url as https"),
            ("[\"eu-central-1\"]\nacc", "[\"us-east-1\"]\nacc", "line 9: `us-east-1` is one of"),
            ("\"ap-south-1\"", "\"eu-central-1\"", "line 20: another peer holds `eu-central-1`"),
            ("accounts = [\"1111", "accounts = [\"111", "line 10: an account is named"),
            ("certificate_names = [\"frankfurt.example\"]\n", "", "line 5: primary_regions and"),
            ("[\"frankfurt.example\"]", "[\"not a name\"]", "line 11: it is no name that a"),
            ("regions = [\"ap-south-1\"]", "", "line 15: the peer does nothing"),
            ("url = \"https://10.0.0.1\"\n", "", "line 18: server_name is for a url"),
            ("name = \"mumbai\"", "nome = \"mumbai\"", "line 16: unknown field `nome`"),
        ];
        for (from, to, says) in cases {
            assert!(GOOD.contains(from), "{from}");
            let told = PeersFile::parse(&GOOD.replacen(from, to, 1)).err().unwrap_or_default();
            assert!(told.starts_with(says), "{to}: {told}");
        }
        let no_url = GOOD.replacen("url = \"https://frankfurt.example:4567\"\n", "", 1);
        assert!(PeersFile::parse(&no_url).unwrap_err().contains("need the peer's url"));
        let none = GOOD.split("[[peer]]").next().unwrap();
        assert!(PeersFile::parse(none).unwrap_err().contains("[[peer]]"));
    }
}
