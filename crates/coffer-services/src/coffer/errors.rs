//! The errors of coffer's own service.

coffer_protocol::errors! {
    /// What coffer's own operations refuse.
    pub CofferError {
        AccountExistsException => 400, Lower;
        AccountNotFoundException => 400, Lower;
        BackupInProgressException => 400, Lower;
        ClockNotMovableException => 400, Lower;
        EmailExistsException => 400, Lower;
        InvalidIssuerKeysException => 400, Lower;
        InvalidNextTokenException => 400, Lower;
        InvalidRootKeySourceException => 400, Lower;
        IssuerNotFoundException => 400, Lower;
        NothingToAbortException => 400, Lower;
        NothingToRetryException => 400, Lower;
        RekeyInProgressException => 400, Lower;
        ResourceNotFoundException => 400, Lower;
    }
}
