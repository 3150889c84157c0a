//! What the targets of `fuzz/` reach of Redis: what a server answers.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::RedisSession;
use crate::engine::Session as _;
use crate::{Login, RotationError};

/// Gives a second user a password, of a server that answers these bytes whatever it is asked.
///
/// # Errors
/// What the operator is told.
pub async fn rotated(
    answers: &[u8],
    current: &Login,
    pending: &Login,
) -> Result<(), RotationError> {
    let (ours, theirs) = tokio::io::duplex(BUFFERED_BYTES);
    let steps = async {
        let mut session = RedisSession::begin(Box::new(ours), current).await?;
        session.check().await?;
        session.set_alternate("", current, pending).await?;
        session.keep().await?;
        Box::new(session).close().await;
        Ok(())
    };
    let (outcome, ()) = tokio::join!(steps, answer(theirs, answers));
    outcome
}

/// Says all it has to say and listens until nobody speaks any more.
async fn answer(stream: DuplexStream, answers: &[u8]) {
    let (mut questions, mut to) = tokio::io::split(stream);
    let say = async {
        to.write_all(answers).await.ok();
        to.shutdown().await.ok();
    };
    let listen = async {
        let mut heard = [0; BUFFERED_BYTES];
        while questions.read(&mut heard).await.is_ok_and(|bytes| bytes > 0) {}
    };
    tokio::join!(say, listen);
}

/// The rules of a user, from a line about them.
pub fn rules<'a>(line: &'a str, username: &str) -> Option<Vec<&'a str>> {
    super::rules(line, username)
}

const BUFFERED_BYTES: usize = 1024;
