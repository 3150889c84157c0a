//! What other nodes have changed: watched, and used only as long as it is known that the watch has
//! brought all of it.
//!
//! A watch alone never says that there is nothing. So the revision of the last commit is asked for
//! again and again, and what is known is as fresh as the question once the watch has brought that
//! commit. Requests for progress would do the same, but before etcd 3.4.25 and 3.5.8 their answers
//! overtake changes (etcd issue 15220).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::channel::{Channel, Messages};
use super::commits::revision;
use super::failure::Failure;
use super::layout::Layout;
use super::link::{ANSWER_BYTES_MAX, Link};
use super::messages::{KeyValue, RangeResponse, WatchCreateRequest, WatchRequest, WatchResponse};
use crate::Key;
use crate::remote::freshness::now;
use crate::remote::tidings::Tidings;

/// Follows the changes until the store closes.
pub(super) async fn run(tidings: Arc<Tidings>, link: Link, mut closing: watch::Receiver<bool>) {
    let follow = async {
        let mut is_told = false;
        loop {
            let failure = match within(ANSWER, link.channel()).await {
                Ok(channel) => {
                    let mut is_heard = false;
                    let failure = follow(&tidings, &link, &channel, &mut is_heard).await;
                    link.give_up(&channel, &failure).await;
                    is_told &= !is_heard;
                    failure
                }
                Err(failure) => failure,
            };
            tidings.freshness.end();
            if !is_told {
                tracing::warn!(cause = failure.cause(), "changes of other nodes are not heard of");
                is_told = true;
            }
            sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = follow => {}
        _ = closing.wait_for(|is_closing| *is_closing) => tidings.freshness.end(),
    }
}

/// Follows the changes from now on, for as long as none can be missed; `is_heard` tells whether any
/// could be heard of.
async fn follow(
    tidings: &Tidings,
    link: &Link,
    channel: &Arc<Channel>,
    is_heard: &mut bool,
) -> Failure {
    let layout = &link.cluster.layout;
    tidings.forget_told();
    let began = now();
    let (at, mut messages) = match begin(layout, channel).await {
        Ok(begun) => begun,
        Err(failure) => return failure,
    };
    *is_heard = true;
    // What was read before may be older than where the watch begins.
    tidings.forget_all();
    tidings.freshness.extend(began);
    let (heard, hearing) = watch::channel(at);
    let ended = tokio::select! {
        ended = listen(tidings, layout, &mut messages, heard) => ended,
        ended = poll(tidings, layout, channel, hearing) => ended,
    };
    match ended {
        Err(failure) => failure,
        Ok(never) => match never {},
    }
}

/// Begins to watch after the present revision.
async fn begin(
    layout: &Layout,
    channel: &Channel,
) -> Result<(i64, Messages<WatchResponse>), Failure> {
    let answer = within(ANSWER, channel.ask(&layout.ask_last(), ANSWER_BYTES_MAX)).await?;
    let at = answer.header.map_or(0, |header| header.revision);
    let (key, range_end) = layout.all();
    let create = WatchCreateRequest { key, range_end, start_revision: at + 1, fragment: true };
    let question = WatchRequest { create_request: Some(create) };
    let mut messages = within(ANSWER, channel.follow(&question, MESSAGE_BYTES_MAX)).await?;
    let created = within(ANSWER, messages.next()).await?;
    match created {
        Some(message) if message.created && !message.canceled => Ok((at, messages)),
        message => Err(ended(message)),
    }
}

/// Hears of what the watch brings, and tells how far that was.
async fn listen(
    tidings: &Tidings,
    layout: &Layout,
    messages: &mut Messages<WatchResponse>,
    heard: watch::Sender<i64>,
) -> Result<std::convert::Infallible, Failure> {
    let mut change = Change::default();
    loop {
        let message = match messages.next().await? {
            Some(message) if !message.canceled => message,
            message => return Err(ended(message)),
        };
        if let Some(revision) = change.go_on(tidings, layout, message) {
            heard.send_replace(revision);
        }
    }
}

/// Asks what the last commit is, and waits for the watch to bring it.
async fn poll(
    tidings: &Tidings,
    layout: &Layout,
    channel: &Channel,
    mut hearing: watch::Receiver<i64>,
) -> Result<std::convert::Infallible, Failure> {
    let question = layout.ask_last();
    loop {
        sleep(PAUSE).await;
        let began = now();
        let answer = within(ANSWER, channel.ask(&question, ANSWER_BYTES_MAX)).await?;
        let last = last_in(&answer);
        let has_come = timeout(BEHIND_MAX, hearing.wait_for(|heard| *heard >= last)).await;
        if !matches!(has_come, Ok(Ok(_))) {
            return Err(Failure::Unclear("the watch is behind".to_owned()));
        }
        tidings.freshness.extend(began);
    }
}

fn last_in(answer: &RangeResponse) -> i64 {
    answer.kvs.first().map_or(0, |last| last.mod_revision)
}

fn ended(message: Option<WatchResponse>) -> Failure {
    match message {
        Some(message) if message.compact_revision > 0 => Failure::Compacted,
        Some(message) if !message.cancel_reason.is_empty() => {
            Failure::Unclear(message.cancel_reason)
        }
        _ => Failure::Unclear("the watch ended".to_owned()),
    }
}

async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let silent = |_| Err(Failure::Unclear("no answer in time".to_owned()));
    timeout(limit, asked).await.unwrap_or_else(silent)
}

/// What one commit has changed, as far as it has come.
#[derive(Default)]
struct Change {
    revision: i64,
    node: i64,
    keys: Vec<Key>,
}

impl Change {
    /// Takes a message in, and tells what is whole; the revision up to which all has come.
    fn go_on(&mut self, tidings: &Tidings, layout: &Layout, message: WatchResponse) -> Option<i64> {
        for changed in message.events.into_iter().filter_map(|event| event.kv) {
            if changed.mod_revision != self.revision {
                self.hear(tidings);
                *self = Self { revision: changed.mod_revision, ..Self::default() };
            }
            self.add(layout, changed);
        }
        // A message tells all of a commit, unless it is in parts.
        if message.fragment || self.revision == 0 {
            return None;
        }
        self.hear(tidings);
        Some(std::mem::take(self).revision)
    }

    fn add(&mut self, layout: &Layout, changed: KeyValue) {
        if changed.key == layout.last {
            let node = std::str::from_utf8(&changed.value).ok().and_then(|node| node.parse().ok());
            self.node = node.unwrap_or(0);
        } else if let Some(key) = layout.key_of(&changed.key) {
            self.keys.push(key);
        }
    }

    fn hear(&mut self, tidings: &Tidings) {
        if self.node != 0 || !self.keys.is_empty() {
            self.keys.sort_unstable();
            tidings.hear(self.node, &self.keys, revision(self.revision));
            self.keys.clear();
        }
    }
}

/// How long nothing is asked between two questions.
const PAUSE: Duration = Duration::from_millis(100);
const ANSWER: Duration = Duration::from_secs(4);
/// How far a watch may be behind before another one takes its place.
const BEHIND_MAX: Duration = Duration::from_secs(10);
/// Members cut at how long a request may be; see [`super::limits`].
const MESSAGE_BYTES_MAX: usize = 32 * 1_024 * 1_024;

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::etcd::messages::Event;
    use crate::{Observer, Revision};

    #[derive(Default)]
    struct Heard(Mutex<Vec<(Revision, Vec<Key>)>>);

    impl Observer for Heard {
        fn changed(&self, keys: &[Key], revision: Revision) {
            self.0.lock().unwrap().push((revision, keys.to_vec()));
        }

        fn missed(&self) {}
    }

    fn message(fragment: bool, events: &[(i64, &str)]) -> WatchResponse {
        let event = |(mod_revision, key): &(i64, &str)| Event {
            kv: Some(KeyValue {
                key: format!("p/{key}").into(),
                mod_revision: *mod_revision,
                value: b"5".to_vec(),
            }),
        };
        let events = events.iter().map(event).collect();
        WatchResponse { fragment, events, ..WatchResponse::default() }
    }

    #[test]
    fn a_commit_is_told_of_when_all_of_it_has_come() {
        let (tidings, layout) = (Tidings::new(6), Layout::new(b"p/"));
        let heard = Arc::new(Heard::default());
        tidings.watch(Arc::<Heard>::clone(&heard));
        let mut change = Change::default();
        let mut take = |fragment, events: &[(i64, &str)]| {
            let come = change.go_on(&tidings, &layout, message(fragment, events));
            (come, std::mem::take(&mut *heard.0.lock().unwrap()))
        };
        let told = |revision, keys: &[&str]| {
            let keys = keys.iter().map(|key| Key::from_bytes(key.as_bytes())).collect();
            (Revision::new(revision), keys)
        };
        assert_eq!(take(false, &[]), (None, vec![]));
        assert_eq!(
            take(false, &[(3, "rows/b"), (3, "rows/a"), (3, "last"), (4, "rows/a"), (4, "last")]),
            (Some(4), vec![told(3, &["a", "b"]), told(4, &["a"])])
        );
        assert_eq!(take(true, &[(5, "rows/a")]), (None, vec![]));
        assert_eq!(take(true, &[(5, "rows/b")]), (None, vec![]));
        assert_eq!(take(true, &[(5, "last"), (6, "rows/c")]), (None, vec![told(5, &["a", "b"])]));
        assert_eq!(take(false, &[(6, "last")]), (Some(6), vec![told(6, &["c"])]));
        // What is not a row, and what somebody has changed by hand.
        assert_eq!(take(false, &[(7, "nodes")]), (Some(7), vec![]));
        assert_eq!(take(false, &[(8, "rows/a")]), (Some(8), vec![told(8, &["a"])]));
    }
}
