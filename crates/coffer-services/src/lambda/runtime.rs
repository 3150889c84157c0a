//! The runtimes that AWS's model names.

use coffer_protocol::{AwsEnum, Fault};

use super::errors::LambdaError;

/// AWS's values of `Runtime`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    #[shape(wire = "nodejs")]
    Nodejs,
    #[shape(wire = "nodejs4.3")]
    Nodejs43,
    #[shape(wire = "nodejs6.10")]
    Nodejs610,
    #[shape(wire = "nodejs8.10")]
    Nodejs810,
    #[shape(wire = "nodejs10.x")]
    Nodejs10X,
    #[shape(wire = "nodejs12.x")]
    Nodejs12X,
    #[shape(wire = "nodejs14.x")]
    Nodejs14X,
    #[shape(wire = "nodejs16.x")]
    Nodejs16X,
    #[shape(wire = "nodejs18.x")]
    Nodejs18X,
    #[shape(wire = "nodejs20.x")]
    Nodejs20X,
    #[shape(wire = "nodejs22.x")]
    Nodejs22X,
    #[shape(wire = "nodejs24.x")]
    Nodejs24X,
    #[shape(wire = "java8")]
    Java8,
    #[shape(wire = "java8.al2")]
    Java8Al2,
    #[shape(wire = "java11")]
    Java11,
    #[shape(wire = "java17")]
    Java17,
    #[shape(wire = "java21")]
    Java21,
    #[shape(wire = "java25")]
    Java25,
    #[shape(wire = "python2.7")]
    Python27,
    #[shape(wire = "python3.6")]
    Python36,
    #[shape(wire = "python3.7")]
    Python37,
    #[shape(wire = "python3.8")]
    Python38,
    #[shape(wire = "python3.9")]
    Python39,
    #[shape(wire = "python3.10")]
    Python310,
    #[shape(wire = "python3.11")]
    Python311,
    #[shape(wire = "python3.12")]
    Python312,
    #[shape(wire = "python3.13")]
    Python313,
    #[shape(wire = "python3.14")]
    Python314,
    #[shape(wire = "dotnetcore1.0")]
    Dotnetcore10,
    #[shape(wire = "dotnetcore2.0")]
    Dotnetcore20,
    #[shape(wire = "dotnetcore2.1")]
    Dotnetcore21,
    #[shape(wire = "dotnetcore3.1")]
    Dotnetcore31,
    #[shape(wire = "dotnet6")]
    Dotnet6,
    #[shape(wire = "dotnet8")]
    Dotnet8,
    #[shape(wire = "dotnet10")]
    Dotnet10,
    #[shape(wire = "nodejs4.3-edge")]
    Nodejs43Edge,
    #[shape(wire = "go1.x")]
    Go1X,
    #[shape(wire = "ruby2.5")]
    Ruby25,
    #[shape(wire = "ruby2.7")]
    Ruby27,
    #[shape(wire = "ruby3.2")]
    Ruby32,
    #[shape(wire = "ruby3.3")]
    Ruby33,
    #[shape(wire = "ruby3.4")]
    Ruby34,
    #[shape(wire = "ruby4.0")]
    Ruby40,
    #[shape(wire = "provided")]
    Provided,
    #[shape(wire = "provided.al2")]
    ProvidedAl2,
    #[shape(wire = "provided.al2023")]
    ProvidedAl2023,
    #[shape(wire = "nodejs26.x")]
    Nodejs26X,
    #[shape(wire = "python3.15")]
    Python315,
    #[shape(wire = "java8.al2023")]
    Java8Al2023,
    #[shape(wire = "java11.al2023")]
    Java11Al2023,
    #[shape(wire = "java17.al2023")]
    Java17Al2023,
    #[shape(wire = "custom")]
    Custom,
}

impl Runtime {
    /// Refuses what AWS lets no function be made with or changed to any more.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn must_be_supported(self) -> Result<(), Fault> {
        if !BLOCKED.contains(&self) {
            return Ok(());
        }
        // AWS: its words of 2024 and later, without the runtime that it recommended before (seen in
        // answers for python3.7 and nodejs12.x).
        Err(LambdaError::InvalidParameterValueException.with(format!(
            "The runtime parameter of {} is no longer supported for creating or updating AWS Lambda \
             functions. We recommend you use a supported runtime while creating or updating \
             functions.",
            self.as_str()
        )))
    }
}

/// AWS: runtimes whose dates of "block function create" and "block function update" are past (Lambda
/// developer guide, deprecated runtimes, 2026-11).
const BLOCKED: &[Runtime] = &[
    Runtime::Nodejs,
    Runtime::Nodejs43,
    Runtime::Nodejs43Edge,
    Runtime::Nodejs610,
    Runtime::Nodejs810,
    Runtime::Nodejs10X,
    Runtime::Nodejs12X,
    Runtime::Nodejs14X,
    Runtime::Java8,
    Runtime::Python27,
    Runtime::Python36,
    Runtime::Python37,
    Runtime::Dotnetcore10,
    Runtime::Dotnetcore20,
    Runtime::Dotnetcore21,
    Runtime::Dotnetcore31,
    Runtime::Go1X,
    Runtime::Ruby25,
    Runtime::Ruby27,
    Runtime::Provided,
];
