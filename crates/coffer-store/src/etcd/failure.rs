//! Why the cluster did not do something, by what it says.

/// Why the cluster did not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It was not done, and asking again would not help; the cause is for the operator.
    Refused(String),
    /// It was not done, and another member may do it.
    Elsewhere(String),
    /// It was not done, because the login has run out or is no longer right.
    Login(String),
    /// It was not done, because what it is about is forgotten.
    Compacted,
    /// The answer is longer than any that is taken.
    TooLong,
    /// It may have been done: the connection broke, or nothing was heard for too long.
    Unclear(String),
}

impl Failure {
    /// What an answer says that is not the one hoped for.
    pub(super) fn of(code: i32, message: &str) -> Self {
        let cause = if message.is_empty() { format!("status {code}") } else { message.to_owned() };
        let says = |words: &str| message.contains(words);
        match code {
            OUT_OF_RANGE if says("has been compacted") => Self::Compacted,
            UNAUTHENTICATED => Self::Login(cause),
            INVALID_ARGUMENT if says("revision of auth store is old") => Self::Login(cause),
            INVALID_ARGUMENT | OUT_OF_RANGE | PERMISSION_DENIED | FAILED_PRECONDITION => {
                Self::Refused(cause)
            }
            // Too many requests, no space left, or a request that is too large.
            RESOURCE_EXHAUSTED => Self::Refused(cause),
            UNIMPLEMENTED => Self::Refused(cause),
            // The member says so before it looks at a request.
            UNAVAILABLE if NOT_LOOKED_AT.iter().any(|words| says(words)) => Self::Elsewhere(cause),
            _ => Self::Unclear(cause),
        }
    }

    pub(super) fn cause(self) -> String {
        match self {
            Self::Refused(cause) | Self::Elsewhere(cause) => cause,
            Self::Login(cause) | Self::Unclear(cause) => cause,
            Self::Compacted => "what was asked for is compacted".to_owned(),
            Self::TooLong => "an answer is too long".to_owned(),
        }
    }
}

/// What an interceptor of etcd says, which comes before all else: of the requests here each demands
/// that there is a leader.
const NOT_LOOKED_AT: &[&str] = &["etcdserver: no leader", "etcdserver: not capable"];

// gRPC's codes.
const INVALID_ARGUMENT: i32 = 3;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const FAILED_PRECONDITION: i32 = 9;
const OUT_OF_RANGE: i32 = 11;
const UNIMPLEMENTED: i32 = 12;
const UNAVAILABLE: i32 = 14;
const UNAUTHENTICATED: i32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// The sentences and codes are those of etcd's `rpctypes/error.go`, 3.4 and 3.6.
    #[test]
    fn what_may_have_been_done_is_told_from_what_was_not() {
        let refused = |cause: &str| Failure::Refused(cause.to_owned());
        let unclear = |cause: &str| Failure::Unclear(cause.to_owned());
        for (code, message, expected) in [
            (3, "etcdserver: too many operations in txn request", refused as fn(&str) -> Failure),
            (3, "etcdserver: request is too large", refused),
            (8, "etcdserver: mvcc: database space exceeded", refused),
            (8, "etcdserver: too many requests", refused),
            (7, "etcdserver: permission denied", refused),
            (14, "etcdserver: request timed out", unclear),
            (14, "etcdserver: request timed out, possibly due to previous leader failure", unclear),
            (14, "etcdserver: leader changed", unclear),
            (14, "etcdserver: server stopped", unclear),
            (2, "raft proposal dropped", unclear),
            (4, "context deadline exceeded", unclear),
            (14, "etcdserver: no leader", |cause| Failure::Elsewhere(cause.to_owned())),
            (16, "etcdserver: invalid auth token", |cause| Failure::Login(cause.to_owned())),
            (11, "etcdserver: mvcc: required revision has been compacted", |_| Failure::Compacted),
        ] {
            assert_eq!(Failure::of(code, message), expected(message), "{message}");
        }
        assert_eq!(Failure::of(13, ""), unclear("status 13"));
    }
}
