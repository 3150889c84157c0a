//! The errors of Organizations.

use coffer_protocol::Fault;
use serde_json::Value;

coffer_protocol::errors! {
    /// What the operations of Organizations refuse.
    pub OrganizationsError {
        AWSOrganizationsNotInUseException => 400, Upper;
        AccessDeniedException => 400, Upper;
        AccessDeniedForDependencyException => 400, Upper;
        AccountAlreadyClosedException => 400, Upper;
        AccountNotFoundException => 400, Upper;
        AlreadyInOrganizationException => 400, Upper;
        ChildNotFoundException => 400, Upper;
        ConcurrentModificationException => 400, Upper;
        ConflictException => 400, Upper;
        ConstraintViolationException => 400, Upper;
        CreateAccountStatusNotFoundException => 400, Upper;
        DestinationParentNotFoundException => 400, Upper;
        DuplicateAccountException => 400, Upper;
        DuplicateOrganizationalUnitException => 400, Upper;
        DuplicatePolicyAttachmentException => 400, Upper;
        DuplicatePolicyException => 400, Upper;
        FinalizingOrganizationException => 400, Upper;
        InvalidInputException => 400, Upper;
        MalformedPolicyDocumentException => 400, Upper;
        OrganizationalUnitNotEmptyException => 400, Upper;
        OrganizationalUnitNotFoundException => 400, Upper;
        ParentNotFoundException => 400, Upper;
        PolicyChangesInProgressException => 400, Upper;
        PolicyInUseException => 400, Upper;
        PolicyNotAttachedException => 400, Upper;
        PolicyNotFoundException => 400, Upper;
        PolicyTypeAlreadyEnabledException => 400, Upper;
        PolicyTypeNotAvailableForOrganizationException => 400, Upper;
        PolicyTypeNotEnabledException => 400, Upper;
        RootNotFoundException => 400, Upper;
        ServiceException => 500, Upper;
        SourceParentNotFoundException => 400, Upper;
        TargetNotFoundException => 400, Upper;
        TooManyRequestsException => 400, Upper;
        UnsupportedAPIEndpointException => 400, Upper;
    }
}

/// An input that breaks a rule of AWS's list of reasons.
pub(super) fn invalid(reason: &str, message: &str) -> Fault {
    let fault = OrganizationsError::InvalidInputException.with(message);
    fault.with_extra("Reason", Value::String(reason.to_owned()))
}

/// A limit of AWS's list of reasons.
pub(super) fn limited(reason: &str, message: &str) -> Fault {
    let fault = OrganizationsError::ConstraintViolationException.with(message);
    fault.with_extra("Reason", Value::String(reason.to_owned()))
}
