//! What a peer tells of its primaries, one message after the other, to a server in memory: each is
//! decided on, is the same when it comes twice, and what it leaves can be read by clients.

use coffer_model::AccountId;
use coffer_pipeline::identity::organization::FirstAccountRecord;
use coffer_pipeline::{PeerRights, Road, World};
use coffer_services::secretsmanager::fuzzed::{message_again, reply_again};
use coffer_services::secretsmanager::peers::receive::{
    MESSAGE_BYTES_MAX, NotReceived, Outcome, Received, receive,
};
use coffer_store::Transaction;
use serde_json::{Value, json};

use crate::operations::{is_readable, request, road};
use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "peer_messages", bytes_max: 32 * 1024, run };

/// Each line is the head of a message, behind which the target puts values, or a request, as the target
/// `operations` takes them. All of it may be a message, or a reply.
fn run(input: &[u8]) {
    assert_ne!(message_again(input), Some(false));
    assert_ne!(reply_again(input), Some(false));
    if let Some(lines) = input::lines(input) {
        replies(lines);
    }
}

/// What is replied to the messages that make sense.
fn replies<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let road = road();
        let world = road.world();
        has_account(world).await;
        let mut replies = Vec::new();
        for line in lines.take(LINES_MAX) {
            match line.starts_with('{') {
                true => replies.extend(decided(world, &with_values(line)).await),
                false => is_answered(&road, line).await,
            }
        }
        are_shown(&road).await;
        replies
    })
}

async fn has_account(world: &World) {
    let mut first = Transaction::new();
    let record =
        FirstAccountRecord { account: AccountId::dev(), access_key_id: "000000000000".to_owned() };
    first.put::<FirstAccountRecord>(record, None);
    world.tables.commit(first).await.unwrap();
}

/// The message of a head, with values as long as it says them to be.
fn with_values(head: &str) -> Vec<u8> {
    let read: Value = serde_json::from_str(head).unwrap_or_default();
    let values = read.pointer("/matter/follow/values").and_then(Value::as_array);
    let lengths = values.into_iter().flatten().filter_map(|value| value["bytes"].as_u64());
    let behind = lengths.fold(0_usize, |sum, bytes| {
        sum.saturating_add(usize::try_from(bytes).unwrap()).min(VALUES_BYTES_MAX)
    });
    let length = u32::try_from(head.len()).unwrap().to_be_bytes();
    [&length[..], head.as_bytes(), &vec![b'v'; behind]].concat()
}

/// What is replied to a message, if it makes sense.
async fn decided(world: &World, message: &[u8]) -> Option<Value> {
    assert!(message.len() <= MESSAGE_BYTES_MAX);
    assert_ne!(message_again(message), Some(false));
    let rights = PeerRights {
        name: "east".to_owned(),
        regions: ["us-east-1".parse().unwrap()].into(),
        primary_regions: ["eu-central-1".parse().unwrap()].into(),
        primary_accounts: ["111122223333".parse().unwrap()].into(),
    };
    let received = receive(world, &rights, message).await;
    assert_eq!(receive(world, &rights, message).await, received, "the second time");
    match received {
        Err(NotReceived::Malformed(why)) => {
            assert!(!why.is_empty() && message_again(message).is_none(), "{why}");
            None
        }
        Err(NotReceived::Unavailable(why)) => panic!("{why}"),
        Ok(Received { reply, outcome }) => {
            let reply: Value = serde_json::from_slice(&reply).unwrap();
            let is_no = reply.get("refused").or_else(|| reply.get("later")).is_some();
            assert_eq!(is_no, outcome != Outcome::Taken, "{reply}");
            Some(reply)
        }
    }
}

async fn is_answered(road: &Road, line: &str) {
    if let Some(received) = request(road, line) {
        is_readable(line, &road.travel(Box::new(received)).await);
    }
}

/// Whatever has been told, clients can list it, describe it and read it.
async fn are_shown(road: &Road) {
    let listed = answer(road, "ListSecrets", &json!({"MaxResults": 100})).await;
    for secret in listed["SecretList"].as_array().unwrap() {
        let which = json!({"SecretId": secret["ARN"]});
        let described = answer(road, "DescribeSecret", &which).await;
        assert_eq!(described["Name"], secret["Name"]);
        answer(road, "GetResourcePolicy", &which).await;
        let versions = answer(road, "ListSecretVersionIds", &which).await;
        for version in versions["Versions"].as_array().unwrap() {
            let which = json!({"SecretId": secret["ARN"], "VersionId": version["VersionId"]});
            is_answered(road, &format!("secretsmanager GetSecretValue {which}")).await;
        }
    }
}

async fn answer(road: &Road, operation: &str, input: &Value) -> Value {
    let line = format!("secretsmanager {operation} {input}");
    let answer = road.travel(Box::new(request(road, &line).unwrap())).await;
    is_readable(&line, &answer);
    assert!(answer.fault.is_none(), "{line}: {:?}", answer.fault);
    serde_json::from_slice(&answer.body).unwrap()
}

const LINES_MAX: usize = 8;
const VALUES_BYTES_MAX: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::{Value, json};

    use super::replies;

    /// The replies to a kept input, without the sentences.
    fn to(name: &str) -> Value {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/peer_messages");
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let kind = |reply: Value| match reply {
            Value::Object(members) => json!(members.keys().next()),
            reply => reply,
        };
        replies(text.split('\n')).into_iter().map(kind).collect()
    }

    #[test]
    fn the_kept_messages_come_to_what_they_are_called() {
        assert_eq!(to("first"), json!(["applied"]));
        assert_eq!(to("first-then-end"), json!(["applied", "applied", "newer"]));
        assert_eq!(to("wants"), json!(["wants", "applied"]));
        assert_eq!(to("later"), json!(["applied", "applied", "newer"]));
        assert_eq!(to("taken"), json!(["refused", "applied"]));
        assert_eq!(to("promoted"), json!(["applied", "promoted"]));
        assert_eq!(to("policy"), json!(["applied"]));
        assert_eq!(to("bad-policy"), json!(["refused"]));
        assert_eq!(to("other-account"), json!(["refused"]));
        assert_eq!(to("not-its"), json!(["later"]));
    }
}
