//! STS's errors.

use coffer_protocol::{Fault, MessageMember};

coffer_protocol::errors! {
    /// What STS's operations refuse.
    pub(super) StsError {
        ExpiredTokenException => 400, Lower;
        IDPCommunicationErrorException("IDPCommunicationError") => 400, Lower;
        IDPRejectedClaimException("IDPRejectedClaim") => 403, Lower;
        InvalidAuthorizationMessageException => 400, Lower;
        InvalidIdentityTokenException("InvalidIdentityToken") => 400, Lower;
        MalformedPolicyDocumentException("MalformedPolicyDocument") => 400, Lower;
        PackedPolicyTooLargeException("PackedPolicyTooLarge") => 400, Lower;
        RegionDisabledException => 403, Lower;
    }
}

/// A parameter whose value cannot be. AWS: the code is not in the model (recorded from AssumeRole).
pub(super) fn invalid_parameter(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValue", 400, MessageMember::Lower, message)
}
