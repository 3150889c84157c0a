//! CloudTrail's errors.

coffer_protocol::errors! {
    /// What CloudTrail's operations refuse.
    ///
    /// AWS: the model gives none of them a member, and they come with a `message` all the same
    /// (aws-cli#3048).
    pub CloudTrailError {
        ChannelARNInvalidException => 400, Lower;
        ChannelNotFoundException => 400, Lower;
        CloudTrailARNInvalidException => 400, Lower;
        CloudTrailAccessNotEnabledException => 400, Lower;
        CloudTrailInvalidClientTokenIdException => 400, Lower;
        CloudWatchLogsDeliveryUnavailableException => 400, Lower;
        ConflictException => 400, Lower;
        EventDataStoreARNInvalidException => 400, Lower;
        EventDataStoreNotFoundException => 400, Lower;
        InactiveEventDataStoreException => 400, Lower;
        InsufficientDependencyServiceAccessPermissionException => 400, Lower;
        InsufficientEncryptionPolicyException => 400, Lower;
        InsufficientS3BucketPolicyException => 400, Lower;
        InsufficientSnsTopicPolicyException => 400, Lower;
        InvalidCloudWatchLogsLogGroupArnException => 400, Lower;
        InvalidCloudWatchLogsRoleArnException => 400, Lower;
        InvalidEventCategoryException => 400, Lower;
        InvalidEventSelectorsException => 400, Lower;
        InvalidHomeRegionException => 400, Lower;
        InvalidKmsKeyIdException => 400, Lower;
        InvalidLookupAttributesException => 400, Lower;
        InvalidMaxResultsException => 400, Lower;
        InvalidNextTokenException => 400, Lower;
        InvalidParameterCombinationException => 400, Lower;
        InvalidParameterException => 400, Lower;
        InvalidS3BucketNameException => 400, Lower;
        InvalidS3PrefixException => 400, Lower;
        InvalidSnsTopicNameException => 400, Lower;
        InvalidTagParameterException => 400, Lower;
        InvalidTimeRangeException => 400, Lower;
        InvalidTokenException => 400, Lower;
        InvalidTrailNameException => 400, Lower;
        KmsException => 400, Lower;
        KmsKeyDisabledException => 400, Lower;
        KmsKeyNotFoundException => 400, Lower;
        MaximumNumberOfTrailsExceededException => 400, Lower;
        NoManagementAccountSLRExistsException => 400, Lower;
        NotOrganizationMasterAccountException => 400, Lower;
        OperationNotPermittedException => 400, Lower;
        OrganizationNotInAllFeaturesModeException => 400, Lower;
        OrganizationsNotInUseException => 400, Lower;
        ResourceNotFoundException => 400, Lower;
        ResourceTypeNotSupportedException => 400, Lower;
        S3BucketDoesNotExistException => 400, Lower;
        TagsLimitExceededException => 400, Lower;
        ThrottlingException => 400, Lower;
        TrailAlreadyExistsException => 400, Lower;
        TrailNotFoundException => 400, Lower;
        TrailNotProvidedException => 400, Lower;
        UnsupportedOperationException => 400, Lower;
    }
}
