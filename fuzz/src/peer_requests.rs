//! What comes to the listener for peers from one that was let in: it is answered in whole, and no more
//! is taken of it than a message has.

use std::sync::Arc;

use coffer_server::fuzzed::answered;
use coffer_services::secretsmanager::peers::receive::MESSAGE_BYTES_MAX;

use crate::operations::road;
use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "peer_requests", bytes_max: 32 * 1024, run };

/// The bytes of a connection, behind a byte that says how many zeros follow.
fn run(input: &[u8]) {
    let Some((more, said)) = input::byte(input) else { return };
    let zeros = usize::from(more) * 16 * 1024;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let (answer, taken) = runtime.unwrap().block_on(async {
        let road = road();
        answered(Arc::clone(road.world()), said, zeros).await.unwrap()
    });
    assert!(taken <= MESSAGE_BYTES_MAX + BESIDE_BYTES_MAX, "{taken} bytes are taken");
    if !answer.is_empty() {
        is_whole(&String::from_utf8(answer).unwrap());
    }
}

fn is_whole(answer: &str) {
    let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(answer);
    if answer.is_empty() {
        return;
    }
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    assert!(head.starts_with("HTTP/1.") && STATUSES.contains(&status), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().parse().unwrap();
    // The answer to HEAD is a head.
    assert!(body.len() == length || body.is_empty(), "{answer}");
}

/// What may be answered: it is never that nothing could be decided.
const STATUSES: [&str; 6] = ["200", "400", "404", "413", "414", "431"];
/// The head, the lengths of chunks, and what is on its way when it is too much.
const BESIDE_BYTES_MAX: usize = 1 << 20;
