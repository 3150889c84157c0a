//! IAM's errors.

coffer_protocol::errors! {
    /// What IAM's operations refuse.
    pub IamError {
        ConcurrentModificationException("ConcurrentModification") => 409, Lower;
        CredentialReportExpiredException("ReportExpired") => 410, Lower;
        CredentialReportNotPresentException("ReportNotPresent") => 410, Lower;
        CredentialReportNotReadyException("ReportInProgress") => 404, Lower;
        DeleteConflictException("DeleteConflict") => 409, Lower;
        EntityAlreadyExistsException("EntityAlreadyExists") => 409, Lower;
        EntityTemporarilyUnmodifiableException("EntityTemporarilyUnmodifiable") => 409, Lower;
        InvalidAuthenticationCodeException("InvalidAuthenticationCode") => 403, Lower;
        InvalidInputException("InvalidInput") => 400, Lower;
        InvalidUserTypeException("InvalidUserType") => 400, Lower;
        LimitExceededException("LimitExceeded") => 409, Lower;
        MalformedPolicyDocumentException("MalformedPolicyDocument") => 400, Lower;
        NoSuchEntityException("NoSuchEntity") => 404, Lower;
        OpenIdIdpCommunicationErrorException("OpenIdIdpCommunicationError") => 400, Lower;
        PolicyEvaluationException("PolicyEvaluation") => 500, Lower;
        PolicyNotAttachableException("PolicyNotAttachable") => 400, Lower;
        ServiceFailureException("ServiceFailure") => 500, Lower;
        ServiceNotSupportedException("NotSupportedService") => 404, Lower;
        UnmodifiableEntityException("UnmodifiableEntity") => 400, Lower;
    }
}
