//! Reads request bodies within bounds: of each one's size and time, and of what all of them that
//! are in flight take of memory together.
//!
//! Only the code and the events of functions may be larger than the usual, where there are functions
//! at all; they have a room of their own.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use coffer_protocol::Fault;
use futures_util::FutureExt;
use http::{Method, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Room for the bodies that are in flight.
///
/// The beginning of each body takes its room apart from the rest, so that those who send large
/// ones, slowly, never keep out the usual ones, which are small.
pub(crate) struct Room {
    beginnings: Semaphore,
    rests: Semaphore,
    /// For what is beyond the usual bound.
    excesses: Semaphore,
    has_functions: bool,
}

/// How large a body may be, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    bytes: usize,
    time: Duration,
}

/// A body, and the room that it takes until this is dropped.
pub(crate) struct Held<'r> {
    pub(crate) bytes: Bytes,
    _taken: Taken<'r>,
}

/// What a body has taken of the room.
struct Taken<'r> {
    room: &'r Room,
    beginning: Option<SemaphorePermit<'r>>,
    rest: Option<SemaphorePermit<'r>>,
    excess: Option<SemaphorePermit<'r>>,
}

impl Bounds {
    const USUAL: Self = Self { bytes: BODY_BYTES_MAX, time: BODY_TIME_MAX };

    /// The bounds of a request's body, by its method and path.
    fn of(head: &http::request::Parts, has_functions: bool) -> Self {
        let path = head.uri.path().trim_end_matches('/');
        let Some(rest) = path.strip_prefix(FUNCTIONS_PATH).filter(|_| has_functions) else {
            return Self::USUAL;
        };
        let has_code = match head.method {
            Method::POST => rest.is_empty(),
            Method::PUT => rest.ends_with("/code"),
            _ => false,
        };
        if has_code {
            return Self { bytes: CODE_BODY_BYTES_MAX, time: CODE_BODY_TIME_MAX };
        }
        match head.method {
            Method::POST if rest.ends_with("/invocations") => {
                Self { bytes: EVENT_BODY_BYTES_MAX, ..Self::USUAL }
            }
            _ => Self::USUAL,
        }
    }
}

impl Room {
    /// The usual room, and where there are functions also that of their code.
    pub(crate) fn new(has_functions: bool) -> Self {
        Self { has_functions, ..Self::of(BEGINNINGS_BYTES_MAX, RESTS_BYTES_MAX) }
    }

    fn of(beginnings_bytes: usize, rests_bytes: usize) -> Self {
        let places = |bytes: usize| Semaphore::new(bytes / PLACE_BYTES);
        Self {
            beginnings: places(beginnings_bytes),
            rests: places(rests_bytes),
            excesses: places(EXCESSES_BYTES_MAX),
            has_functions: false,
        }
    }

    /// Reads a body within its bounds.
    ///
    /// # Errors
    /// A body that is too large or too slow; no room for it now.
    pub(crate) async fn read(
        &self,
        head: &http::request::Parts,
        body: Incoming,
    ) -> Result<Held<'_>, Fault> {
        let declared = head.headers.get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok());
        let declared = declared.and_then(|text| text.parse::<u64>().ok());
        let bounds = Bounds::of(head, self.has_functions);
        let is_too_large = |bytes: u64| usize::try_from(bytes).map_or(true, |it| it > bounds.bytes);
        if declared.is_some_and(is_too_large) {
            return Err(Fault::request_too_large());
        }
        let mut collected = pin!(self.collect(body, bounds.bytes));
        // Nearly every body is there with its head, and needs no timer.
        if let Some(read) = collected.as_mut().now_or_never() {
            return read;
        }
        match tokio::time::timeout(bounds.time, collected).await {
            Ok(read) => read,
            Err(_) => Err(Fault::request_timeout()),
        }
    }

    async fn collect<B>(&self, mut body: B, bytes_max: usize) -> Result<Held<'_>, Fault>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        let mut taken = Taken { room: self, beginning: None, rest: None, excess: None };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Fault::request_timeout())?;
            let Ok(data) = Frame::into_data(frame) else { continue };
            let bytes = whole.len() + first.as_ref().map_or(0, Bytes::len) + data.len();
            if bytes > bytes_max {
                return Err(Fault::request_too_large());
            }
            if !taken.grow_to(bytes) {
                return Err(Fault::unavailable("too many request bodies are in flight"));
            }
            match first.take() {
                None if whole.is_empty() => first = Some(data),
                None => whole.extend_from_slice(&data),
                Some(begun) => {
                    whole.extend_from_slice(&begun);
                    whole.extend_from_slice(&data);
                }
            }
            if body.is_end_stream() {
                break;
            }
        }
        // A body that came in one piece, as nearly all do, is not copied.
        Ok(Held { bytes: first.unwrap_or_else(|| whole.freeze()), _taken: taken })
    }
}

impl Taken<'_> {
    /// Takes room for a body of so many bytes; false where there is none.
    fn grow_to(&mut self, bytes: usize) -> bool {
        let beginning = bytes.min(BEGINNING_BYTES_MAX);
        let room = self.room;
        let usual = bytes.min(BODY_BYTES_MAX);
        grow(&room.beginnings, &mut self.beginning, beginning)
            && grow(&room.rests, &mut self.rest, usual - beginning)
            && grow(&room.excesses, &mut self.excess, bytes - usual)
    }
}

fn grow<'r>(room: &'r Semaphore, taken: &mut Option<SemaphorePermit<'r>>, bytes: usize) -> bool {
    let has = taken.as_ref().map_or(0, SemaphorePermit::num_permits);
    let wanted = bytes.div_ceil(PLACE_BYTES).saturating_sub(has);
    if wanted == 0 {
        return true;
    }
    let more = u32::try_from(wanted).ok().and_then(|wanted| room.try_acquire_many(wanted).ok());
    let Some(more) = more else { return false };
    match taken {
        Some(taken) => taken.merge(more),
        None => *taken = Some(more),
    }
    true
}

/// The largest input, a secret of 65,536 bytes whose every byte is escaped, fits twice.
const BODY_BYTES_MAX: usize = 1 << 20;
const BODY_TIME_MAX: Duration = Duration::from_secs(20);
/// A zip of 50 MiB in base64, and what stands around it. AWS: 70,167,211 bytes.
const CODE_BODY_BYTES_MAX: usize = 70_167_211;
const CODE_BODY_TIME_MAX: Duration = Duration::from_secs(120);
/// AWS: 6 MiB and a little, so that what is too large is told by Lambda.
const EVENT_BODY_BYTES_MAX: usize = (6 << 20) + (64 << 10);
const FUNCTIONS_PATH: &str = "/2015-03-31/functions";
/// How much of a body is its beginning.
const BEGINNING_BYTES_MAX: usize = 16 << 10;
const BEGINNINGS_BYTES_MAX: usize = 128 << 20;
const RESTS_BYTES_MAX: usize = 128 << 20;
/// Two zips of the largest size.
const EXCESSES_BYTES_MAX: usize = 136 << 20;
/// Room is counted in so many bytes at once.
const PLACE_BYTES: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    fn body(bytes: usize) -> Full<Bytes> {
        Full::new(vec![b'x'; bytes].into())
    }

    #[tokio::test]
    async fn bodies_in_flight_share_a_bounded_room_and_give_it_back() {
        let room = Room::of(40 << 10, 64 << 10);
        let large = room.collect(body(80 << 10), BODY_BYTES_MAX).await.unwrap();
        assert_eq!(large.bytes.len(), 80 << 10);
        // The large one took all the room of rests; small ones still come in, until there is none.
        let refused = room.collect(body(17 << 10), BODY_BYTES_MAX).await.err().unwrap();
        assert!(refused.is_unavailable(), "{refused}");
        let small = room.collect(body(16 << 10), BODY_BYTES_MAX).await.unwrap();
        let last = room.collect(body(8 << 10), BODY_BYTES_MAX).await.unwrap();
        assert!(room.collect(body(1), BODY_BYTES_MAX).await.is_err());
        drop((large, small, last));
        assert!(room.collect(body(80 << 10), BODY_BYTES_MAX).await.is_ok());
        assert!(room.collect(body(0), BODY_BYTES_MAX).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_has_a_bound_of_its_own() {
        let room = Room::new(false);
        assert!(room.collect(body(BODY_BYTES_MAX), BODY_BYTES_MAX).await.is_ok());
        let refused = room.collect(body(BODY_BYTES_MAX + 1), BODY_BYTES_MAX).await.err().unwrap();
        assert_eq!(refused.status, Fault::request_too_large().status);
    }

    #[test]
    fn only_code_and_events_of_functions_may_be_larger_and_only_where_there_are_any() {
        let bytes = |method: &str, path: &str, has_functions| {
            let request = http::Request::builder().method(method).uri(path).body(()).unwrap();
            Bounds::of(&request.into_parts().0, has_functions).bytes
        };
        let functions = "/2015-03-31/functions";
        let code = format!("{functions}/f/code");
        let event = format!("{functions}/f/invocations");
        assert_eq!(bytes("POST", functions, true), CODE_BODY_BYTES_MAX);
        assert_eq!(bytes("POST", "/2015-03-31/functions/", true), CODE_BODY_BYTES_MAX);
        assert_eq!(bytes("PUT", &code, true), CODE_BODY_BYTES_MAX);
        assert_eq!(bytes("POST", &event, true), EVENT_BODY_BYTES_MAX);
        for (method, path) in [("GET", functions), ("POST", code.as_str()), ("POST", "/")] {
            assert_eq!(bytes(method, path, true), BODY_BYTES_MAX, "{method} {path}");
        }
        for (method, path) in [("POST", functions), ("PUT", &code), ("POST", &event)] {
            assert_eq!(bytes(method, path, false), BODY_BYTES_MAX, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn what_is_beyond_the_usual_takes_no_room_of_the_others() {
        let room = Room::of(40 << 10, 2 << 20);
        let large = room.collect(body(8 << 20), CODE_BODY_BYTES_MAX).await.unwrap();
        assert!(room.collect(body(80 << 10), BODY_BYTES_MAX).await.is_ok());
        drop(large);
    }
}
