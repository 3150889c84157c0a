//! The errors of coffer's own service.

coffer_protocol::errors! {
    /// What coffer's own operations refuse.
    pub CofferError {
        ClockNotMovableException => 400, Lower;
        InvalidIssuerKeysException => 400, Lower;
        InvalidNextTokenException => 400, Lower;
        IssuerNotFoundException => 400, Lower;
        ResourceNotFoundException => 400, Lower;
    }
}
