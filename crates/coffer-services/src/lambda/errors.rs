//! Lambda's errors.

coffer_protocol::errors! {
    /// What Lambda's operations refuse.
    pub LambdaError {
        CodeArtifactUserDeletedException => 409, Lower;
        CodeArtifactUserFailedException => 409, Lower;
        CodeArtifactUserPendingException => 409, Lower;
        CodeSigningConfigNotFoundException => 404, Upper;
        CodeStorageExceededException => 400, Lower;
        CodeVerificationFailedException => 400, Upper;
        DurableExecutionAlreadyStartedException => 409, Upper;
        EC2AccessDeniedException => 502, Upper;
        EC2ThrottledException => 502, Upper;
        EC2UnexpectedException => 502, Upper;
        EFSIOException => 410, Upper;
        EFSMountConnectivityException => 408, Upper;
        EFSMountFailureException => 403, Upper;
        EFSMountTimeoutException => 408, Upper;
        ENILimitReachedException => 502, Upper;
        ENINotReadyException => 502, Upper;
        FunctionVersionsPerCapacityProviderLimitExceededException => 400, Lower;
        InvalidCodeSignatureException => 400, Upper;
        InvalidParameterValueException => 400, Lower;
        InvalidRequestContentException => 400, Lower;
        InvalidRuntimeException => 502, Upper;
        InvalidSecurityGroupIDException => 502, Upper;
        InvalidSubnetIDException => 502, Upper;
        InvalidZipFileException => 502, Upper;
        KMSAccessDeniedException => 502, Upper;
        KMSDisabledException => 502, Upper;
        KMSInvalidStateException => 502, Upper;
        KMSNotFoundException => 502, Upper;
        ModeNotSupportedException => 400, Lower;
        NoPublishedVersionException => 400, Upper;
        PolicyLengthExceededException => 400, Lower;
        PreconditionFailedException => 412, Lower;
        PublicPolicyException => 400, Upper;
        RecursiveInvocationException => 400, Upper;
        RequestTooLargeException => 413, Lower;
        ResourceConflictException => 409, Lower;
        ResourceNotFoundException => 404, Upper;
        ResourceNotReadyException => 502, Lower;
        RuntimeAliasDeletedException => 409, Lower;
        RuntimeVersionDeletedException => 409, Lower;
        S3FilesMountConnectivityException => 408, Upper;
        S3FilesMountFailureException => 403, Upper;
        S3FilesMountTimeoutException => 408, Upper;
        SerializedRequestEntityTooLargeException => 413, Lower;
        ServiceException => 500, Upper;
        ServiceQuotaExceededException => 402, Upper;
        SnapStartException => 400, Upper;
        SnapStartNotReadyException => 409, Upper;
        SnapStartRegenerationFailureException => 409, Upper;
        SnapStartTimeoutException => 408, Upper;
        SubnetIPAddressLimitReachedException => 502, Upper;
        TooManyRequestsException => 429, Lower;
        UnsupportedMediaTypeException => 415, Lower;
    }
}
