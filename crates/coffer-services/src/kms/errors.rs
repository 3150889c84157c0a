//! KMS's errors.

coffer_protocol::errors! {
    /// What KMS's operations refuse.
    ///
    /// AWS: what the sender is to blame for is HTTP 400 on the wire, also where the published
    /// model says 409 or 412 (KMSInvalidStateException recorded with 400).
    pub KmsError {
        AlreadyExistsException => 400, Lower;
        CloudHsmClusterInvalidConfigurationException => 400, Lower;
        ConflictException => 400, Lower;
        CustomKeyStoreInvalidStateException => 400, Lower;
        CustomKeyStoreNotFoundException => 400, Lower;
        DependencyTimeoutException => 500, Lower;
        DisabledException => 400, Lower;
        DryRunOperationException => 400, Lower;
        ExpiredImportTokenException => 400, Lower;
        IncorrectKeyException => 400, Lower;
        IncorrectKeyMaterialException => 400, Lower;
        InvalidAliasNameException => 400, Lower;
        InvalidArnException => 400, Lower;
        InvalidCiphertextException => 400, Lower;
        InvalidGrantIdException => 400, Lower;
        InvalidGrantTokenException => 400, Lower;
        InvalidImportTokenException => 400, Lower;
        InvalidKeyUsageException => 400, Lower;
        InvalidMarkerException => 400, Lower;
        KMSInternalException => 500, Lower;
        KMSInvalidMacException => 400, Lower;
        KMSInvalidSignatureException => 400, Lower;
        KMSInvalidStateException => 400, Lower;
        KeyUnavailableException => 500, Lower;
        LimitExceededException => 400, Lower;
        MalformedPolicyDocumentException => 400, Lower;
        NotAuthorizedException => 400, Lower;
        NotFoundException => 400, Lower;
        TagException => 400, Lower;
        UnsupportedOperationException => 400, Lower;
        XksKeyAlreadyInUseException => 400, Lower;
        XksKeyInvalidConfigurationException => 400, Lower;
        XksKeyNotFoundException => 400, Lower;
    }
}
