//! MySQL and MariaDB.

mod account;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod statements;

use std::panic::AssertUnwindSafe;

use async_trait::async_trait;
use coffer_model::Sensitive;
use futures_util::FutureExt as _;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, DriverError, Error, IoError, OptsBuilder, SslOpts};

use self::account::Account;
use self::statements::{Dialect, Spoken, copied};
use crate::engine::{Engine, Session};
use crate::error::said;
use crate::login::TlsUse;
use crate::network::{broken, insecure, no_tls};
use crate::{Login, Network, RotationError};

/// MySQL and MariaDB.
pub(crate) struct Mysql;

#[async_trait]
impl Engine for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn spellings(&self) -> &'static [&'static str] {
        &["mysql", "mariadb", "aurora-mysql"]
    }

    fn username_bytes_max(&self, spelling: &str) -> usize {
        if spelling == "mariadb" { 80 } else { 32 }
    }

    async fn log_in(
        &self,
        network: &Network,
        login: &Login,
    ) -> Result<Box<dyn Session>, RotationError> {
        let mut made = log_in_or_not(network, login).await;
        // The library takes a last zero for an end, and one challenge of `ed25519` in 256 has one: a
        // login that is right is then refused. Only MariaDB has it, and its users are locked by no count.
        if login.engine == "mariadb" && matches!(made, Err(RotationError::Refused(_))) {
            made = log_in_or_not(network, login).await;
        }
        let (connection, dialect) = made?;
        Ok(Box::new(MysqlSession { host: login.host.clone(), connection, dialect }))
    }
}

/// A server that does not keep to the protocol can make the library panic while it logs in.
async fn log_in_or_not(network: &Network, login: &Login) -> Result<(Conn, Dialect), RotationError> {
    let made = AssertUnwindSafe(log_in(network, login)).catch_unwind().await;
    made.unwrap_or_else(|_| {
        let why = format!("`{}` does not speak as MySQL does", login.host);
        Err(RotationError::Failed(why))
    })
}

async fn log_in(network: &Network, login: &Login) -> Result<(Conn, Dialect), RotationError> {
    let host = login.host.as_str();
    let connection = match login.tls {
        TlsUse::Never => connect(network, login, None).await,
        TlsUse::Required => connect(network, login, Some(tls(network))).await,
        TlsUse::Preferred => match connect(network, login, Some(tls(network))).await {
            Err(NotConnected::ByError(error)) if has_no_tls(&error) => {
                connect(network, login, None).await
            }
            other => other,
        },
    };
    let mut connection = connection.map_err(|error| match error {
        NotConnected::NoAddress(error) => error,
        NotConnected::ByError(error) => not_logged_in(host, &error),
    })?;
    let version = first_column(&mut connection, "SELECT VERSION()").await;
    let version = version.map_err(|error| failed(host, "say its version", &error))?;
    let dialect = Dialect::of(version.first().map_or("", String::as_str));
    Ok((connection, dialect))
}

/// The first column of the rows of a query; it is an error where that is no text, since a right that
/// cannot be read must not be passed over.
async fn first_column(connection: &mut Conn, query: &str) -> Result<Vec<String>, Error> {
    let mut rows = connection.query_iter(query).await?;
    let (mut texts, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next().await? {
        let text = row.get_opt::<String, _>(0).and_then(Result::ok);
        let text = text.ok_or_else(|| Error::Other("a row has no text".into()))?;
        bytes += text.len() + ROW_BYTES;
        if bytes > ANSWER_BYTES_MAX {
            return Err(Error::Other("an answer has no end".into()));
        }
        texts.push(text);
    }
    rows.drop_result().await?;
    Ok(texts)
}

enum NotConnected {
    NoAddress(RotationError),
    ByError(Error),
}

async fn connect(
    network: &Network,
    login: &Login,
    tls: Option<SslOpts>,
) -> Result<Conn, NotConnected> {
    let port = login.port.unwrap_or(3306);
    let found = network.addresses(&login.host, port).await.map_err(NotConnected::NoAddress)?;
    let addresses: Vec<_> = found.iter().map(std::net::SocketAddr::ip).collect();
    let options = OptsBuilder::default()
        .ip_or_hostname(login.host.as_str())
        .resolved_ips(Some(addresses))
        .tcp_port(port)
        .user(Some(login.username.as_str()))
        .pass(Some(login.password.expose().as_str()))
        .db_name(login.dbname.as_deref())
        .ssl_opts(tls)
        // A socket of this machine is another server's, or passes by what may be reached.
        .prefer_socket(false)
        .max_allowed_packet(Some(PACKET_BYTES_MAX))
        .wait_timeout(Some(SESSION_SECONDS_MAX))
        .stmt_cache_size(Some(0))
        // How texts are quoted, here and in what the server says, no longer depends on its settings.
        .init(vec!["SET SESSION sql_mode = '', SESSION sql_quote_show_create = 1"]);
    Conn::new(options).await.map_err(NotConnected::ByError)
}

fn tls(network: &Network) -> SslOpts {
    let authorities = network.authorities().iter().map(|it| it.as_ref().to_vec().into());
    SslOpts::default().with_disable_built_in_roots(true).with_root_certs(authorities.collect())
}

struct MysqlSession {
    host: String,
    connection: Conn,
    dialect: Dialect,
}

impl MysqlSession {
    /// Runs a statement that holds no secret, and gives the first column of its rows.
    async fn ask(&mut self, what: &str, statement: &str) -> Result<Vec<String>, RotationError> {
        let answer = first_column(&mut self.connection, statement).await;
        answer.map_err(|error| failed(&self.host, what, &error))
    }

    /// Runs a statement with a password: as the server keeps it where that can be, otherwise plainly.
    /// The server must not be cited about it.
    async fn tell(
        &mut self,
        what: &str,
        is_native: bool,
        statement: impl Fn(Spoken) -> Sensitive<String>,
    ) -> Result<(), RotationError> {
        if self.dialect == Dialect::Mariadb && is_native {
            match self.connection.query_drop(statement(Spoken::AsKept).expose()).await {
                // The server wants to judge passwords, so it must see them.
                Err(Error::Server(server)) if server.code == OPTION_PREVENTS => {}
                told => return told.map_err(|error| self.not_told(what, &error)),
            }
        }
        let told = self.connection.query_drop(statement(Spoken::Plainly).expose()).await;
        told.map_err(|error| self.not_told(what, &error))
    }

    fn not_told(&self, what: &str, error: &Error) -> RotationError {
        match error {
            Error::Server(server) => refused(&self.host, what, server.code, ""),
            _ => lost(&self.host, error),
        }
    }

    /// Whether a user logs in in the native way; nobody's is where the server is too old to say.
    async fn is_native(&mut self, account: &Account) -> bool {
        let show = format!("SHOW CREATE USER {account}");
        let shown = first_column(&mut self.connection, &show).await;
        shown.is_ok_and(|shown| shown.iter().any(|it| statements::is_native(it, account)))
    }

    async fn current(&mut self) -> Result<Account, RotationError> {
        let current = self.ask("say who is logged in", "SELECT CURRENT_USER()").await?;
        let account = current.first().and_then(|current| Account::of(current));
        account.ok_or_else(|| {
            RotationError::Failed(format!("`{}` does not say who is logged in", self.host))
        })
    }

    async fn copy_rights(&mut self, from: &Account, to: &Account) -> Result<(), RotationError> {
        let show = format!("SHOW GRANTS FOR {from}");
        for grant in self.ask("show the current user's rights", &show).await? {
            let statement = copied(&grant, from, to).ok_or_else(|| {
                RotationError::Failed(format!(
                    "`{}` says the current user's rights in a way that cannot be copied",
                    self.host
                ))
            })?;
            self.ask("give the second user the rights of the current one", &statement).await?;
        }
        Ok(())
    }

    async fn copy_default_roles(
        &mut self,
        from: &Account,
        to: &Account,
    ) -> Result<(), RotationError> {
        // MariaDB says them among the rights.
        if self.dialect != Dialect::Mysql8 {
            return Ok(());
        }
        let roles = format!(
            "SELECT CONCAT(QUOTE(DEFAULT_ROLE_USER), '@', QUOTE(DEFAULT_ROLE_HOST)) \
             FROM mysql.default_roles WHERE {}",
            from.condition()
        );
        let roles = self.ask("show the current user's default roles", &roles).await?;
        if roles.is_empty() {
            return Ok(());
        }
        let set = format!("SET DEFAULT ROLE {} TO {to}", roles.join(", "));
        self.ask("give the second user its default roles", &set).await.map(|_| ())
    }

    async fn copy_tls_demands(
        &mut self,
        from: &Account,
        to: &Account,
    ) -> Result<(), RotationError> {
        let demands = format!(
            "SELECT CASE ssl_type WHEN '' THEN 'NONE' WHEN 'ANY' THEN 'SSL' WHEN 'X509' THEN 'X509' \
             ELSE CONCAT_WS(' AND ', \
             IF(LENGTH(ssl_cipher) > 0, CONCAT('CIPHER ', QUOTE(ssl_cipher)), NULL), \
             IF(LENGTH(x509_issuer) > 0, CONCAT('ISSUER ', QUOTE(x509_issuer)), NULL), \
             IF(LENGTH(x509_subject) > 0, CONCAT('SUBJECT ', QUOTE(x509_subject)), NULL)) END \
             FROM mysql.user WHERE {}",
            from.condition()
        );
        let demands = self.ask("show what TLS the current user needs", &demands).await?;
        let Some(demands) = demands.first() else { return Ok(()) };
        let statement = self.dialect.require(to, demands);
        self.ask("demand TLS of the second user as of the current one", &statement)
            .await
            .map(|_| ())
    }
}

#[async_trait]
impl Session for MysqlSession {
    async fn check(&mut self) -> Result<(), RotationError> {
        self.ask("read", "SELECT NOW()").await.map(|_| ())
    }

    async fn account(&mut self) -> Result<String, RotationError> {
        self.current().await.map(|account| account.as_current_user())
    }

    async fn set_own_password(&mut self, pending: &Login) -> Result<(), RotationError> {
        let (dialect, password) = (self.dialect, pending.password.expose());
        let own = self.current().await?;
        let is_native = self.is_native(&own).await;
        let statement = |spoken| dialect.set_password(None, password, spoken);
        self.tell("set the password", is_native, statement).await
    }

    async fn set_alternate(
        &mut self,
        account: &str,
        _current: &Login,
        pending: &Login,
    ) -> Result<(), RotationError> {
        let from = Account::of(account).ok_or_else(|| {
            let why = format!("`{}` does not say who is logged in", self.host);
            RotationError::Failed(why)
        })?;
        // Where the first user may come from, the second one may too.
        let to = from.named(&pending.username);
        let found = format!("SELECT 1 FROM mysql.user WHERE {}", to.condition());
        let password = pending.password.expose();
        if self.ask("look for the second user", &found).await?.is_empty() {
            // Until it has its rights, nobody may log in with the pending password: the next run
            // would take all to be done. So it begins with one that nobody has, and which satisfies
            // the server's policy as the pending one does.
            let before = statements::before(password);
            let statement = |spoken| statements::create(&to, before.expose(), spoken);
            self.tell("make the second user", true, statement).await?;
        }
        self.copy_rights(&from, &to).await?;
        self.copy_default_roles(&from, &to).await?;
        self.copy_tls_demands(&from, &to).await?;
        let dialect = self.dialect;
        let is_native = self.is_native(&to).await;
        let statement = |spoken| dialect.set_password(Some(&to), password, spoken);
        self.tell("set the second user's password", is_native, statement).await
    }

    async fn close(self: Box<Self>) {
        self.connection.disconnect().await.ok();
    }
}

fn has_no_tls(error: &Error) -> bool {
    matches!(error, Error::Driver(DriverError::NoClientSslFlagFromServer))
}

fn not_logged_in(host: &str, error: &Error) -> RotationError {
    match error {
        Error::Server(server) if LOGIN_REFUSALS.contains(&server.code) => RotationError::Refused(
            format!("`{host}` does not let the secret's user in (error {})", server.code),
        ),
        // Nothing that is said before the user is in is cited: it may be of the secret.
        Error::Server(server) if BUSY.contains(&server.code) => RotationError::Unreachable(
            format!("no login at `{host}`: it takes none now (error {})", server.code),
        ),
        Error::Server(server) => refused(host, "log the user in", server.code, ""),
        _ => lost(host, error),
    }
}

fn failed(host: &str, what: &str, error: &Error) -> RotationError {
    match error {
        Error::Server(server) => refused(host, what, server.code, &server.message),
        _ => lost(host, error),
    }
}

fn refused(host: &str, what: &str, code: u16, message: &str) -> RotationError {
    let why = match code {
        1044 | 1045 | 1142 | 1227 | 1410 | 1698 => "the user may not do that".to_owned(),
        1049 => {
            "there is no database that is called as the secret's member `dbname` says".to_owned()
        }
        1819 => "its policy does not allow the password".to_owned(),
        1290 | 1836 => "it takes only reads; name the primary as `host`".to_owned(),
        _ if message.is_empty() => "it refused".to_owned(),
        _ => said(message),
    };
    RotationError::Failed(format!("`{host}` did not {what}: {why} (error {code})"))
}

/// What a failure means that the server has said nothing about.
fn lost(host: &str, error: &Error) -> RotationError {
    match error {
        Error::Io(IoError::Io(io)) => broken(host, io),
        Error::Io(IoError::Tls(mysql_async::TlsError::Tls(tls))) => insecure(host, tls),
        Error::Io(IoError::Tls(tls)) => {
            RotationError::Insecure(format!("no TLS with `{host}`: {}", said(&tls.to_string())))
        }
        Error::Driver(DriverError::NoClientSslFlagFromServer) => no_tls(host),
        Error::Driver(DriverError::ConnectionClosed) => {
            RotationError::Unreachable(format!("`{host}` closed the connection"))
        }
        _ => {
            let why = said(&error.to_string());
            RotationError::Failed(format!("`{host}` does not speak as MySQL does: {why}"))
        }
    }
}

/// No such user or a wrong password, no right to the database, a password that has expired, a locked
/// account (MySQL, MariaDB), an unknown way to log in.
const LOGIN_REFUSALS: &[u16] = &[1044, 1045, 1251, 1698, 1862, 3118, 4151];
/// Too many connections, of all or of the user; shutting down; the host is blocked.
const BUSY: &[u16] = &[1040, 1053, 1129, 1203, 1226];
const OPTION_PREVENTS: u16 = 1290;
const PACKET_BYTES_MAX: usize = 4 << 20;
/// What is kept of the rows of an answer: as much as a user's rights may be.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// What a row takes beside its text.
const ROW_BYTES: usize = 32;
const SESSION_SECONDS_MAX: usize = 60;
