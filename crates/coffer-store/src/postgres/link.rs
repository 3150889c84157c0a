//! A connection to the database, made anew when it breaks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{PostgresAddress, statements};

/// What all connections of a store have in common.
pub(super) struct Place {
    pub(super) address: PostgresAddress,
    pub(super) tls: Option<MakeRustlsConnect>,
}

/// One connection, with the statements that it is for.
pub(super) struct Link {
    place: Arc<Place>,
    statements: &'static [&'static str],
    session: Option<Session>,
}

/// A connection that stands.
pub(super) struct Session {
    pub(super) client: Client,
    prepared: HashMap<&'static str, Statement>,
    driver: AbortHandle,
}

/// Why the database did not do something.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not done; the cause is for the operator.
    NotDone(String),
    /// It was not done, because another transaction was in the way.
    Conflict,
    /// It may have been done: the connection broke, or nothing was heard for too long.
    Unclear(String),
}

impl Link {
    pub(super) fn new(place: &Arc<Place>, statements: &'static [&'static str]) -> Self {
        Self { place: Arc::clone(place), statements, session: None }
    }

    /// The connection, made now if there is none.
    pub(super) async fn session(&mut self) -> Result<&Session, Failure> {
        if self.session.as_ref().is_none_or(|session| session.client.is_closed()) {
            self.session = None;
            let made = timeout(LOGIN, Session::make(&self.place, self.statements)).await;
            let made = made.unwrap_or_else(|_| Err(Failure::NotDone(SILENT.to_owned())));
            // Whatever went wrong, nothing was asked for yet.
            self.session = Some(made.map_err(|failure| Failure::NotDone(failure.cause()))?);
        }
        self.session.as_ref().ok_or_else(|| Failure::NotDone("no connection".to_owned()))
    }

    /// Gives the connection up; the next one may lead to another server.
    pub(super) fn give_up(&mut self) {
        self.session = None;
    }
}

impl Session {
    async fn make(place: &Place, statements: &[&'static str]) -> Result<Self, Failure> {
        let config = place.address.config();
        let (client, driver) = match &place.tls {
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                (client, drive(connection))
            }
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                (client, drive(connection))
            }
        };
        let mut session = Self { client, prepared: HashMap::new(), driver };
        session.client.batch_execute(statements::SESSION).await?;
        for statement in statements {
            let prepared = session.client.prepare(statement).await?;
            session.prepared.insert(statement, prepared);
        }
        Ok(session)
    }

    /// Asks one of the statements that the connection is for.
    pub(super) async fn query(
        &self,
        statement: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Failure> {
        let Some(prepared) = self.prepared.get(statement) else {
            return Err(Failure::NotDone(format!("not prepared: {statement}")));
        };
        match timeout(ANSWER, self.client.query(prepared, values)).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Failure::Unclear(SILENT.to_owned())),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Lets a connection carry what is asked and answered; it ends with the connection.
fn drive<T>(connection: T) -> AbortHandle
where
    T: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    let task = async {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the database ended");
        }
    };
    tokio::runtime::Handle::current().spawn(task).abort_handle()
}

impl Failure {
    pub(super) fn cause(self) -> String {
        match self {
            Self::NotDone(cause) | Self::Unclear(cause) => cause,
            Self::Conflict => "another transaction was in the way".to_owned(),
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            // The library's own sentence, and what is below it: a refused connection, a broken one.
            let below = std::error::Error::source(&error).map(|below| format!(": {below}"));
            return Self::Unclear(format!("{error}{}", below.unwrap_or_default()));
        };
        // Its detail is left out, which may quote keys.
        let cause = format!("{} ({})", told.message(), told.code().code());
        match told.parsed_severity() {
            Some(Severity::Error) => match *told.code() {
                SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
                    Self::Conflict
                }
                _ => Self::NotDone(cause),
            },
            // The server ends the session, perhaps after the transaction.
            _ => Self::Unclear(cause),
        }
    }
}

/// Connecting, logging in and preparing, together.
const LOGIN: Duration = Duration::from_secs(8);
/// How long an answer may take: more than the server gives itself for a statement.
const ANSWER: Duration = Duration::from_secs(15);
const SILENT: &str = "the database does not answer";
