//! PostgreSQL, and what speaks its protocol.
//!
//! A password goes to the server as what it would keep of it, computed here, so that it reaches
//! neither the server's log nor its statistics of statements. All statements use the simple protocol:
//! connection poolers that share sessions know no prepared ones.

use std::error::Error as _;
use std::io;
use std::pin::{Pin, pin};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{Either, Fuse, select};
use postgres_protocol::escape::{escape_identifier, escape_literal};
use postgres_protocol::password;
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::engine::{Engine, Session};
use crate::error::said;
use crate::login::TlsUse;
use crate::network::{broken, insecure, no_tls};
use crate::{Login, Network, RotationError};

/// PostgreSQL.
pub(crate) struct Postgresql;

#[async_trait]
impl Engine for Postgresql {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn spellings(&self) -> &'static [&'static str] {
        &["postgres", "aurora-postgresql", "postgresql"]
    }

    fn username_bytes_max(&self, _spelling: &str) -> usize {
        63
    }

    async fn log_in(
        &self,
        network: &Network,
        login: &Login,
    ) -> Result<Box<dyn Session>, RotationError> {
        let host = login.host.as_str();
        let stream = network.connect(host, login.port.unwrap_or(5432)).await?;
        let mut config = Config::new();
        config
            .user(&login.username)
            .password(login.password.expose())
            .dbname(login.dbname.as_deref().unwrap_or("postgres"))
            .application_name("coffer")
            .ssl_mode(match login.tls {
                TlsUse::Required => SslMode::Require,
                TlsUse::Never => SslMode::Disable,
                TlsUse::Preferred => SslMode::Prefer,
            });
        let mut tls = MakeRustlsConnect::new(network.tls().as_ref().clone());
        let Ok(tls) = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut tls, host);
        let connected = config.connect_raw(stream, tls).await;
        let (client, connection) = connected.map_err(|error| not_logged_in(host, &error))?;
        let connection: Connection = Box::pin(connection);
        Ok(Box::new(Postgres { host: host.to_owned(), client, connection: connection.fuse() }))
    }
}

struct Postgres {
    host: String,
    client: Client,
    /// What moves the bytes; it is driven while a statement waits, so that nothing is spawned.
    connection: Fuse<Connection>,
}

type Connection = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl Postgres {
    /// Runs statements, and gives the first column of their rows.
    async fn run(&mut self, statements: &str) -> Result<Vec<String>, Error> {
        let answer = pin!(self.client.simple_query(statements));
        let messages = match select(&mut self.connection, answer).await {
            Either::Right((messages, _)) => messages?,
            Either::Left((Err(error), _)) => return Err(error),
            // The server ended the connection; the statement knows no more than that.
            Either::Left((Ok(()), answer)) => answer.await?,
        };
        let first = |message: SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(first).collect())
    }

    async fn ask(&mut self, what: &str, statements: &str) -> Result<Vec<String>, RotationError> {
        let answer = self.run(statements).await;
        answer.map_err(|error| {
            let why = error.as_db_error().map(|db| said(db.message()));
            failed(&self.host, what, &error, why)
        })
    }

    /// As [`Self::ask`], of a statement that the server must not be cited about.
    async fn tell(&mut self, what: &str, statements: &str) -> Result<(), RotationError> {
        let answer = self.run(statements).await;
        answer.map(|_| ()).map_err(|error| failed(&self.host, what, &error, None))
    }

    /// What the server keeps of a password: in the form that it would choose itself, since clients
    /// that know only the old one may be about.
    async fn verifier(&mut self, login: &Login) -> Result<String, RotationError> {
        let form = self.ask("read `password_encryption`", "SHOW password_encryption").await?;
        let secret = login.password.expose().as_bytes();
        Ok(match form.first().map(String::as_str) {
            // Versions before 10 knew nothing else, and called it `on`.
            Some("md5" | "on") => password::md5(secret, &login.username),
            _ => password::scram_sha_256(secret),
        })
    }
}

#[async_trait]
impl Session for Postgres {
    async fn check(&mut self) -> Result<(), RotationError> {
        self.ask("read", "SELECT NOW()").await.map(|_| ())
    }

    async fn account(&mut self) -> Result<String, RotationError> {
        let user = self.ask("say who is logged in", "SELECT session_user").await?;
        user.into_iter().next().ok_or_else(|| {
            let why = format!("`{}` does not say who is logged in", self.host);
            RotationError::Failed(why)
        })
    }

    async fn set_own_password(&mut self, pending: &Login) -> Result<(), RotationError> {
        let verifier = self.verifier(pending).await?;
        let role = escape_identifier(&pending.username);
        let statement = format!("ALTER ROLE {role} PASSWORD {}", escape_literal(&verifier));
        self.tell("set the password", &statement).await
    }

    async fn set_alternate(
        &mut self,
        account: &str,
        current: &Login,
        pending: &Login,
    ) -> Result<(), RotationError> {
        let verifier = escape_literal(&self.verifier(pending).await?);
        let role = escape_identifier(&pending.username);
        let of = escape_identifier(account);
        let (name, owner) = (escape_literal(&pending.username), escape_literal(account));
        let found = format!(
            "SELECT pg_catalog.pg_has_role({name}, {owner}, 'MEMBER') \
             OR pg_catalog.pg_has_role({owner}, {name}, 'MEMBER') \
             FROM pg_catalog.pg_roles WHERE rolname = {name}"
        );
        let found = self.ask("look for the second user", &found).await?;
        // The first user is made no member of the second one, which is one of it.
        let is_clone = pending.username.len() > current.username.len();
        let set = format!("ALTER ROLE {role} PASSWORD {verifier}");
        // One message of several statements is one transaction.
        let (what, statements) = match found.first().map(String::as_str) {
            None => (
                "make the second user",
                format!("CREATE ROLE {role} LOGIN PASSWORD {verifier}; GRANT {of} TO {role}"),
            ),
            Some("f") if is_clone => (
                "give the second user the rights of the first and its password",
                format!("GRANT {of} TO {role}; {set}"),
            ),
            Some(_) => ("set the second user's password", set),
        };
        self.tell(what, &statements).await
    }

    async fn close(self: Box<Self>) {
        let Self { client, connection, .. } = *self;
        drop(client);
        connection.await.ok();
    }
}

fn not_logged_in(host: &str, error: &Error) -> RotationError {
    let Some(code) = error.code() else { return lost(host, error) };
    let code = code.clone();
    if code == SqlState::INVALID_PASSWORD || code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        let rules = match code == SqlState::INVALID_PASSWORD {
            true => "",
            false => ": its rules (pg_hba.conf) do not allow it, or there is no such user",
        };
        return RotationError::Refused(format!(
            "`{host}` does not let the secret's user in{rules} (SQLSTATE {})",
            shown(&code)
        ));
    }
    let is_busy = [SqlState::TOO_MANY_CONNECTIONS, SqlState::CANNOT_CONNECT_NOW].contains(&code);
    // It is not cited: it was told what the secret holds, and whoever answers may not be the database.
    let why = match code.code() {
        "3D000" => "there is no database that is called as the secret's member `dbname` says",
        "53300" => "it has as many connections as it may have",
        "57P03" => "it is starting or stopping",
        _ => "it refused",
    };
    let why = format!("no login at `{host}`: {why} (SQLSTATE {})", shown(&code));
    if is_busy { RotationError::Unreachable(why) } else { RotationError::Failed(why) }
}

/// A code, where it is one: whoever answers may have put anything in its place.
fn shown(code: &SqlState) -> &str {
    let code = code.code();
    let is_one = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_one { code } else { "unknown" }
}

/// What a failure means that the server has said nothing about.
fn lost(host: &str, error: &Error) -> RotationError {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return insecure(host, tls);
        }
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return broken(host, io);
        }
        source = inner.source();
    }
    let why = error.to_string();
    if why.contains("TLS") {
        return no_tls(host);
    }
    if error.is_closed() {
        return RotationError::Unreachable(format!("`{host}` closed the connection"));
    }
    RotationError::Failed(format!("`{host}` does not speak as PostgreSQL does: {}", said(&why)))
}

fn failed(host: &str, what: &str, error: &Error, why: Option<String>) -> RotationError {
    let Some(code) = error.code() else { return lost(host, error) };
    let why = why.unwrap_or_else(|| match code.code() {
        "42501" => "the user may not do that".to_owned(),
        "25006" => "it takes only reads; name the primary as `host`".to_owned(),
        _ => "it refused".to_owned(),
    });
    RotationError::Failed(format!("`{host}` did not {what}: {why} (SQLSTATE {})", shown(code)))
}
