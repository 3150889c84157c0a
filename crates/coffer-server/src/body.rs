//! Reads request bodies within bounds: of each one's size and time, and of what all of them that
//! are in flight take of memory together.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use coffer_protocol::Fault;
use futures_util::FutureExt;
use http::header;
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
}

impl Room {
    /// The usual room.
    pub(crate) fn new() -> Self {
        Self::of(BEGINNINGS_BYTES_MAX, RESTS_BYTES_MAX)
    }

    fn of(beginnings_bytes: usize, rests_bytes: usize) -> Self {
        let places = |bytes: usize| Semaphore::new(bytes / PLACE_BYTES);
        Self { beginnings: places(beginnings_bytes), rests: places(rests_bytes) }
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
        if declared.is_some_and(|bytes| usize::try_from(bytes).is_ok_and(is_too_large)) {
            return Err(Fault::request_too_large());
        }
        let mut collected = pin!(self.collect(body));
        // Nearly every body is there with its head, and needs no timer.
        if let Some(read) = collected.as_mut().now_or_never() {
            return read;
        }
        match tokio::time::timeout(BODY_TIME_MAX, collected).await {
            Ok(read) => read,
            Err(_) => Err(Fault::request_timeout()),
        }
    }

    async fn collect<B>(&self, mut body: B) -> Result<Held<'_>, Fault>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        let mut taken = Taken { room: self, beginning: None, rest: None };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Fault::request_timeout())?;
            let Ok(data) = Frame::into_data(frame) else { continue };
            let bytes = whole.len() + first.as_ref().map_or(0, Bytes::len) + data.len();
            if is_too_large(bytes) {
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
        grow(&room.beginnings, &mut self.beginning, beginning)
            && grow(&room.rests, &mut self.rest, bytes - beginning)
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

fn is_too_large(bytes: usize) -> bool {
    bytes > BODY_BYTES_MAX
}

/// The largest input, a secret of 65,536 bytes whose every byte is escaped, fits twice.
const BODY_BYTES_MAX: usize = 1 << 20;
const BODY_TIME_MAX: Duration = Duration::from_secs(20);
/// How much of a body is its beginning.
const BEGINNING_BYTES_MAX: usize = 16 << 10;
const BEGINNINGS_BYTES_MAX: usize = 128 << 20;
const RESTS_BYTES_MAX: usize = 128 << 20;
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
        let large = room.collect(body(80 << 10)).await.unwrap();
        assert_eq!(large.bytes.len(), 80 << 10);
        // The large one took all the room of rests; small ones still come in, until there is none.
        let refused = room.collect(body(17 << 10)).await.err().unwrap();
        assert!(refused.is_unavailable(), "{refused}");
        let small = room.collect(body(16 << 10)).await.unwrap();
        let last = room.collect(body(8 << 10)).await.unwrap();
        assert!(room.collect(body(1)).await.is_err());
        drop((large, small, last));
        assert!(room.collect(body(80 << 10)).await.is_ok());
        assert!(room.collect(body(0)).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_has_a_bound_of_its_own() {
        let room = Room::new();
        assert!(room.collect(body(BODY_BYTES_MAX)).await.is_ok());
        let refused = room.collect(body(BODY_BYTES_MAX + 1)).await.err().unwrap();
        assert_eq!(refused.status, Fault::request_too_large().status);
    }
}
