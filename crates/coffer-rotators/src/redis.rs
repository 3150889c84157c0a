//! Redis and Valkey: users of their access control lists.

#[cfg(feature = "fuzzed")]
pub mod fuzzed;

use std::pin::{Pin, pin};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use futures_util::FutureExt as _;
use futures_util::future::{Either, Fuse, select};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisConnectionInfo, RedisError, cmd};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::engine::{Engine, Session};
use crate::error::said;
use crate::login::TlsUse;
use crate::network::{broken, no_tls};
use crate::{Login, Network, RotationError};

/// Redis and Valkey.
pub(crate) struct Redis;

#[async_trait]
impl Engine for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn spellings(&self) -> &'static [&'static str] {
        &["redis", "valkey"]
    }

    fn username_bytes_max(&self, _spelling: &str) -> usize {
        // They set no bound themselves; this is what a line of their lists can well take.
        255
    }

    fn keeps_apart(&self) -> bool {
        true
    }

    async fn log_in(
        &self,
        network: &Network,
        login: &Login,
    ) -> Result<Box<dyn Session>, RotationError> {
        if login.username.contains(char::is_whitespace) {
            let why = "the secret's member `username` has a space, which Redis does not allow";
            return Err(RotationError::Unusable(why.to_owned()));
        }
        let stream = stream(network, login).await?;
        Ok(Box::new(RedisSession::begin(stream, login).await?))
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn stream(network: &Network, login: &Login) -> Result<Box<dyn Stream>, RotationError> {
    let (host, port) = (login.host.as_str(), login.port.unwrap_or(6379));
    let uses_tls = match login.tls {
        TlsUse::Never => false,
        TlsUse::Required => {
            // Said before the handshake, which a server without TLS might wait for the end of.
            if !speaks_tls(network.connect(host, port).await?, host).await? {
                return Err(no_tls(host));
            }
            true
        }
        TlsUse::Preferred => speaks_tls(network.connect(host, port).await?, host).await?,
    };
    let stream = network.connect(host, port).await?;
    match uses_tls {
        true => Ok(Box::new(network.secure(stream, host).await?)),
        false => Ok(Box::new(stream)),
    }
}

/// Whether the port speaks TLS. One that does not is Redis's own, and answers a question put in plain
/// words, if only to refuse it; one that does sends an alert or hangs up. Nothing secret is said.
async fn speaks_tls(mut stream: TcpStream, host: &str) -> Result<bool, RotationError> {
    let mut answer = [0; 1];
    let asked = stream.write_all(b"PING\r\n").await;
    asked.map_err(|error| broken(host, &error))?;
    match stream.read(&mut answer).await {
        Ok(0) | Err(_) => Ok(true),
        Ok(_) => Ok(!matches!(answer, [b'+' | b'-'])),
    }
}

struct RedisSession {
    host: String,
    connection: MultiplexedConnection,
    /// What moves the bytes; it is driven while a command waits, so that nothing is spawned.
    driver: Fuse<Driver>,
}

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

impl RedisSession {
    /// Logs in on a connection.
    async fn begin(stream: Box<dyn Stream>, login: &Login) -> Result<Self, RotationError> {
        let host = login.host.clone();
        // The library keeps what has come until an answer is whole, however long that says it is.
        let (answers, questions) = tokio::io::split(stream);
        let stream = tokio::io::join(answers.take(ANSWERS_BYTES_MAX), questions);
        // With no user given, the library sends nothing by itself: why a login fails is said here.
        let nobody = RedisConnectionInfo::default().set_skip_set_lib_name();
        let patient = AsyncConnectionConfig::new().set_response_timeout(None);
        let made = MultiplexedConnection::new_with_config(&nobody, stream, patient).await;
        let (connection, driver) = made.map_err(|error| lost(&host, &error))?;
        let driver: Driver = Box::pin(driver);
        let mut session = Self { host, connection, driver: driver.fuse() };
        let mut authenticate = cmd("AUTH");
        authenticate.arg(&login.username).arg(login.password.expose());
        let answer = session.run::<()>(&authenticate).await;
        answer.map_err(|error| not_logged_in(&session.host, &error))?;
        Ok(session)
    }

    async fn run<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, RedisError> {
        let answer = pin!(command.query_async(&mut self.connection));
        match select(&mut self.driver, answer).await {
            Either::Right((answer, _)) => answer,
            // The connection ended; the command says how.
            Either::Left(((), answer)) => answer.await,
        }
    }

    async fn ask<T: FromRedisValue>(
        &mut self,
        what: &str,
        command: &Cmd,
    ) -> Result<T, RotationError> {
        self.run(command).await.map_err(|error| failed(&self.host, what, &error))
    }

    /// Gives a user the rules and then the password alone, in one command.
    async fn set_user(&mut self, pending: &Login, rules: &[&str]) -> Result<(), RotationError> {
        // Sent as the digest that the server would keep, so that the password is in no command.
        let digest = digest(&SHA256, pending.password.expose().as_bytes());
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut command = cmd("ACL");
        command.arg("SETUSER").arg(&pending.username).arg(rules);
        command.arg("resetpass").arg(format!("#{digest}"));
        self.ask("set the password", &command).await
    }
}

#[async_trait]
impl Session for RedisSession {
    async fn check(&mut self) -> Result<(), RotationError> {
        match self.run::<()>(&cmd("PING")).await {
            Ok(()) => Ok(()),
            // Many users may do little; one who is told so is known.
            Err(error) if error.code() == Some("NOPERM") => Ok(()),
            Err(error) => Err(failed(&self.host, "answer", &error)),
        }
    }

    async fn account(&mut self) -> Result<String, RotationError> {
        // `ACL WHOAMI` is a right of its own; the name is the one that was logged in with.
        Ok(String::new())
    }

    async fn set_own_password(&mut self, pending: &Login) -> Result<(), RotationError> {
        self.set_user(pending, &[]).await
    }

    async fn set_alternate(
        &mut self,
        _account: &str,
        current: &Login,
        pending: &Login,
    ) -> Result<(), RotationError> {
        let mut list = cmd("ACL");
        list.arg("LIST");
        let lines: Vec<String> = self.ask("show its users", &list).await?;
        let rules = lines.iter().find_map(|line| rules(line, &current.username));
        let rules = rules.ok_or_else(|| {
            RotationError::Failed(format!("`{}` does not show the current user", self.host))
        })?;
        self.set_user(pending, &rules).await
    }

    async fn keep(&mut self) -> Result<(), RotationError> {
        let what = "keep the password, which it takes until it is started again";
        let mut save = cmd("ACL");
        save.arg("SAVE");
        match self.run::<()>(&save).await {
            Err(error) if says(&error, "not configured to use an ACL file") => {}
            // Whoever runs the server for others keeps its users in another way.
            Err(error) if says(&error, "unknown command") => return Ok(()),
            outcome => return outcome.map_err(|error| failed(&self.host, what, &error)),
        }
        let mut rewrite = cmd("CONFIG");
        rewrite.arg("REWRITE");
        match self.run::<()>(&rewrite).await {
            // A server without any file forgets everything else as well.
            Err(error) if says(&error, "without a config file") => Ok(()),
            Err(error) if says(&error, "unknown command") => Ok(()),
            outcome => outcome.map_err(|error| failed(&self.host, what, &error)),
        }
    }

    async fn close(self: Box<Self>) {
        let Self { connection, driver, .. } = *self;
        drop(connection);
        driver.await;
    }
}

/// The rules of a user, from the line of `ACL LIST` about them: all but the passwords, on from a
/// clean beginning. They are given in the order in which they were shown, which is that in which
/// they mean the same.
fn rules<'a>(line: &'a str, username: &str) -> Option<Vec<&'a str>> {
    let rest = line.strip_prefix("user ")?.strip_prefix(username)?.strip_prefix(' ')?;
    let is_password = |rule: &&str| rule.starts_with(['#', '>']) || *rule == "nopass";
    let kept = rest.split(' ').filter(|rule| !rule.is_empty() && !is_password(rule));
    Some(std::iter::once("reset").chain(kept).collect())
}

fn says(error: &RedisError, what: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(what))
}

fn not_logged_in(host: &str, error: &RedisError) -> RotationError {
    match error.code() {
        Some(code @ ("WRONGPASS" | "NOAUTH" | "NOPERM")) => {
            RotationError::Refused(format!("`{host}` does not let the secret's user in ({code})"))
        }
        _ => failed(host, "log the user in", error),
    }
}

fn failed(host: &str, what: &str, error: &RedisError) -> RotationError {
    let code = match error.code() {
        None | Some("") => return lost(host, error),
        Some(code) if is_code(code) => code,
        // It could be anything, and so what it was told.
        Some(_) => "a code of its own",
    };
    let why = match code {
        "NOPERM" => "the user may not do that",
        "READONLY" => "it takes only reads; name the primary as `host`",
        "LOADING" | "BUSY" | "MASTERDOWN" => {
            return RotationError::Unreachable(format!("`{host}` is not ready ({code})"));
        }
        // It cites what it was told.
        _ => "it refused",
    };
    RotationError::Failed(format!("`{host}` did not {what}: {why} ({code})"))
}

/// Whether it looks like the codes that there are.
fn is_code(code: &str) -> bool {
    code.len() <= CODE_BYTES_MAX && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What a failure means that the server has said nothing about.
fn lost(host: &str, error: &RedisError) -> RotationError {
    if error.is_io_error() || error.is_connection_dropped() {
        return RotationError::Unreachable(format!("lost the connection to `{host}`"));
    }
    let why = said(error.category());
    RotationError::Failed(format!("`{host}` does not speak as Redis does: {why}"))
}

/// What a server says in one session: as much as its users' rules may be.
const ANSWERS_BYTES_MAX: u64 = 16 << 20;
const CODE_BYTES_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;
    use tokio::io::AsyncWriteExt as _;

    use super::{ANSWERS_BYTES_MAX, RedisSession, failed, rules};
    use crate::Login;

    #[test]
    fn only_a_code_is_told_of_what_a_server_says() {
        let told = |code: &str| {
            let error = redis::make_extension_error(code.to_owned(), Some("hunter2".to_owned()));
            failed("db", "do it", &error).to_string()
        };
        assert_eq!(told("WRONGTYPE"), "`db` did not do it: it refused (WRONGTYPE)");
        for code in ["hunter2", "A\u{1b}[2J", "AAAAAAAAAAAAAAAAA", "A1"] {
            assert_eq!(told(code), "`db` did not do it: it refused (a code of its own)");
        }
    }

    #[tokio::test]
    async fn an_answer_without_end_ends_the_session() {
        let secret = r#"{"engine": "redis", "host": "db", "username": "a", "password": "b"}"#;
        let login = Login::read(&Sensitive::new(secret.to_owned())).unwrap();
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let says = async {
            let mut said = 0;
            theirs.write_all(b"$9999999999\r\n").await.unwrap();
            while theirs.write_all(&[b'x'; 1 << 16]).await.is_ok() {
                said += 1 << 16;
            }
            said
        };
        let (begun, said) = tokio::join!(RedisSession::begin(Box::new(ours), &login), says);
        assert!(begun.is_err());
        let bytes = ANSWERS_BYTES_MAX - (1 << 16)..ANSWERS_BYTES_MAX + (2 << 20);
        assert!(bytes.contains(&said), "{said}");
    }

    #[test]
    fn rules_are_those_of_the_user_without_any_password() {
        let line = "user app on nopass sanitize-payload #00ff >x ~app:* resetchannels &a -@all \
                    +get (~b:* -@all +set)";
        let expected =
            "reset on sanitize-payload ~app:* resetchannels &a -@all +get (~b:* -@all +set)";
        assert_eq!(rules(line, "app").map(|rules| rules.join(" ")).as_deref(), Some(expected));
        for other in ["ap", "app2", "p", ""] {
            assert_eq!(rules(line, other), None, "{other}");
        }
    }
}
