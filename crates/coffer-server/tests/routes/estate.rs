//! What there is to ask about: in each service something that policies cover, and something that
//! they do not.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::input::Examples;
use crate::personas::{BOUNDED, FRIEND, OWNER, Persona, document, personas};
use crate::policies::{guest_policy, key_policy, reading, trust_policy};
use crate::port::{BUCKET, Port, root_of};

/// A server with all that there is.
pub(crate) struct Estate {
    pub(crate) port: Port,
    pub(crate) personas: Vec<Persona>,
    /// By service: examples that mean what policies cover.
    pub(crate) covered: BTreeMap<&'static str, Examples>,
    /// By service: examples that mean what they do not.
    pub(crate) other: BTreeMap<&'static str, Examples>,
    /// Ids that chance made, and what they are called in the matrix.
    pub(crate) names: Vec<(String, String)>,
}

impl Estate {
    pub(crate) async fn build() -> Self {
        let port = Port::open();
        let mut estate = Self {
            port,
            personas: Vec::new(),
            covered: BTreeMap::new(),
            other: BTreeMap::new(),
            names: Vec::new(),
        };
        let root_id = estate.organization().await;
        estate.personas = personas(&estate.port).await;
        for name in ["app", "other"] {
            let keys = estate.keys(name).await;
            let identities = estate.identities(name).await;
            let access_key = identities["AccessKeyId"].as_str().unwrap().to_owned();
            estate.names.push((access_key, format!("<{name}>")));
            let services = [
                ("kms", keys.clone()),
                ("secretsmanager", estate.secrets(name, &keys).await),
                ("ssm", estate.parameters(name, &keys).await),
                ("iam", identities),
                ("sts", estate.sessions(name).await),
                ("organizations", estate.units(name, &root_id).await),
                ("cloudtrail", estate.trails(name).await),
                ("lambda", estate.functions(name).await),
                ("coffer", estate.operator(name)),
            ];
            let all = if name == "app" { &mut estate.covered } else { &mut estate.other };
            all.extend(services.map(|(service, examples)| (service, Examples::of(examples))));
        }
        estate
    }

    /// The persona of a column.
    pub(crate) fn persona(&self, name: &str) -> &Persona {
        self.personas.iter().find(|persona| persona.name == name).unwrap()
    }

    async fn root_gets(
        &self,
        service: &str,
        operation: &str,
        input: Value,
        member: &str,
    ) -> String {
        self.port.gets(&root_of(OWNER), service, operation, &input).await.text(member)
    }

    async fn root_does(&self, service: &str, operation: &str, input: Value) {
        self.port.gets(&root_of(OWNER), service, operation, &input).await;
    }

    /// An organization with an account for each name; gives the id of its root.
    async fn organization(&mut self) -> String {
        let create = json!({"FeatureSet": "ALL"});
        let id = self.root_gets("organizations", "CreateOrganization", create, "Id").await;
        self.names.push((id, "<organization>".to_owned()));
        let root = self.root_gets("organizations", "ListRoots", json!({}), "Id").await;
        self.names.push((root.clone(), "<root>".to_owned()));
        let enable = json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"});
        self.root_does("organizations", "EnablePolicyType", enable).await;
        for account in [account_of("app"), account_of("other")] {
            self.root_does("coffer", "CreateAccount", json!({"AccountId": account})).await;
        }
        root
    }

    /// A unit and a policy of the organization.
    async fn units(&mut self, name: &str, root_id: &str) -> Value {
        let tags = json!([{"Key": "team", "Value": name}]);
        let unit = json!({"ParentId": root_id, "Name": name, "Tags": tags});
        let unit = self.root_gets("organizations", "CreateOrganizationalUnit", unit, "Id").await;
        self.names.push((unit.clone(), format!("<unit {name}>")));
        let content = document(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]));
        let policy = json!({"Name": name, "Description": name, "Type": "SERVICE_CONTROL_POLICY",
            "Content": content, "Tags": tags});
        let policy = self.root_gets("organizations", "CreatePolicy", policy, "Id").await;
        self.names.push((policy.clone(), format!("<policy {name}>")));
        json!({
            "ParentId": unit, "OrganizationalUnitId": unit, "TargetId": unit, "ResourceId": unit,
            "PolicyId": policy, "RootId": root_id, "AccountId": account_of(name),
            "ChildId": account_of(name), "ChildType": "ACCOUNT",
            "SourceParentId": root_id, "DestinationParentId": unit,
            "CreateAccountRequestId": "car-00000000000000000000000000000000",
            "Name": format!("{name}-new"), "Description": "new", "Content": content,
            "AccountName": format!("{name}-new"), "Email": format!("new@{name}.example"),
            "Type": "SERVICE_CONTROL_POLICY", "PolicyType": "SERVICE_CONTROL_POLICY",
            "Filter": "SERVICE_CONTROL_POLICY",
            "UpdatePolicy.Name": format!("{name}-renamed"),
            "EnablePolicyType.PolicyType": "RESOURCE_CONTROL_POLICY",
            "Tags": tags, "TagResource.Tags": [{"Key": "colour", "Value": "red"}],
            "TagKeys": ["colour"],
        })
    }

    /// A key of each kind, all of them with one policy; the symmetric one has the plain alias.
    async fn keys(&mut self, name: &str) -> Value {
        let mut arns = BTreeMap::new();
        for (kind, spec) in KEYS {
            let arn = self.key(name, kind, spec).await;
            arns.insert(*kind, arn);
        }
        let arn = |kind: &str| arns[kind].as_str();
        let grantee = format!("arn:aws:iam::{OWNER}:user/grant");
        let grant = json!({"KeyId": arn("main"), "GranteePrincipal": grantee,
            "Operations": ["Decrypt"]});
        let grant_id = match name {
            "app" => self.root_gets("kms", "CreateGrant", grant, "GrantId").await,
            _ => "0".repeat(64),
        };
        let about_keys = json!({
            "KeyId": arn("main"), "TargetKeyId": arn("main"), "DestinationKeyId": arn("main"),
            "AliasName": format!("alias/{name}"),
            "CreateAlias.AliasName": format!("alias/{name}-new"),
            "CreateKey.Tags": [{"TagKey": "team", "TagValue": name}],
            "TagResource.Tags": [{"TagKey": "colour", "TagValue": "red"}],
            "TagKeys": ["colour"],
            "PutKeyPolicy.Policy": document(&key_policy(name)),
            "GetParametersForImport.KeyId": arn("import"),
            "GetParametersForImport.WrappingAlgorithm": "RSAES_OAEP_SHA_256",
            "ImportKeyMaterial.KeyId": arn("import"),
            "DeleteImportedKeyMaterial.KeyId": arn("import"),
            "ReplicateKey.KeyId": arn("regions"), "ReplicaRegion": "eu-west-1",
            "UpdatePrimaryRegion.KeyId": arn("regions"), "PrimaryRegion": "eu-west-1",
            "GenerateDataKey.KeySpec": "AES_256",
            "GenerateDataKeyWithoutPlaintext.KeySpec": "AES_256",
            "KeyPairSpec": "ECC_NIST_P256", "GenerateRandom.NumberOfBytes": 8,
        });
        let about_grants = json!({
            "GranteePrincipal": grantee, "CreateGrant.Operations": ["Decrypt"],
            "GrantId": grant_id, "ListGrants.GrantId": null,
            "ListRetirableGrants.RetiringPrincipal": grantee,
        });
        merged([about_keys, about_grants, self.sealed(&arns).await])
    }

    /// What keys have made, for the operations that take it back.
    async fn sealed(&self, arns: &BTreeMap<&str, String>) -> Value {
        let arn = |kind: &str| arns[kind].as_str();
        let encrypt = json!({"KeyId": arn("main"), "Plaintext": "QUJD"});
        let blob = self.root_gets("kms", "Encrypt", encrypt, "CiphertextBlob").await;
        let sign = json!({"KeyId": arn("sign"), "Message": "QUJD",
            "SigningAlgorithm": "ECDSA_SHA_256"});
        let signature = self.root_gets("kms", "Sign", sign, "Signature").await;
        let mac = json!({"KeyId": arn("mac"), "Message": "QUJD", "MacAlgorithm": "HMAC_SHA_256"});
        let mac = self.root_gets("kms", "GenerateMac", mac, "Mac").await;
        let public = json!({"KeyId": arn("agree")});
        let public = self.root_gets("kms", "GetPublicKey", public, "PublicKey").await;
        let capsule = json!({"KeyId": arn("capsule"), "EncapsulationAlgorithm": "ML_KEM"});
        let capsule =
            self.root_gets("kms", "Encapsulate", capsule, "SharedSecretCiphertextBlob").await;
        json!({
            "CiphertextBlob": blob, "Plaintext": "QUJD", "Message": "QUJD",
            "Sign.KeyId": arn("sign"), "Verify.KeyId": arn("sign"),
            "GetPublicKey.KeyId": arn("sign"),
            "SigningAlgorithm": "ECDSA_SHA_256", "Signature": signature,
            "GenerateMac.KeyId": arn("mac"), "VerifyMac.KeyId": arn("mac"),
            "MacAlgorithm": "HMAC_SHA_256", "Mac": mac,
            "DeriveSharedSecret.KeyId": arn("agree"), "PublicKey": public,
            "Encapsulate.KeyId": arn("capsule"), "Decapsulate.KeyId": arn("capsule"),
            "SharedSecretCiphertextBlob": capsule,
        })
    }

    async fn key(&mut self, name: &str, kind: &str, spec: &str) -> String {
        let mut create: Value = serde_json::from_str(spec).unwrap();
        create["Policy"] = json!(document(&key_policy(name)));
        create["Tags"] = json!([{"TagKey": "team", "TagValue": name}]);
        let arn = self.root_gets("kms", "CreateKey", create, "Arn").await;
        let alias = if kind == "main" { name.to_owned() } else { format!("{name}-{kind}") };
        let id = arn.rsplit('/').next().unwrap().to_owned();
        self.names.push((id, format!("<{alias}>")));
        let put = json!({"AliasName": format!("alias/{alias}"), "TargetKeyId": arn});
        self.root_does("kms", "CreateAlias", put).await;
        arn
    }

    /// A secret under the managed key and one under a key of the account's own.
    async fn secrets(&mut self, name: &str, keys: &Value) -> Value {
        let mut arns = Vec::new();
        for (end, key) in [("db", None), ("key", Some(keys["KeyId"].clone()))] {
            let mut create = json!({"Name": format!("{name}/{end}"), "SecretString": "first",
                "ClientRequestToken": TOKEN, "Tags": [{"Key": "team", "Value": name}]});
            if let Some(key) = key {
                create["KmsKeyId"] = key;
            }
            let arn = self.root_gets("secretsmanager", "CreateSecret", create, "ARN").await;
            if name == "app" {
                let put = json!({"SecretId": arn, "ResourcePolicy": document(&guest_policy("secretsmanager:*"))});
                self.root_does("secretsmanager", "PutResourcePolicy", put).await;
            }
            let suffix = arn.rsplit('-').next().unwrap();
            self.names.push((format!("{name}/{end}-{suffix}"), format!("{name}/{end}-??????")));
            arns.push(arn);
        }
        json!({
            "SecretId": arns[1], "DescribeSecret.SecretId": arns[0],
            "SecretIdList": arns,
            "Name": format!("{name}/new"), "SecretString": "second",
            "ClientRequestToken": TOKEN.replace('0', "1"),
            "KmsKeyId": null, "Filters": null,
            "CreateSecret.Tags": [{"Key": "team", "Value": name}],
            "TagResource.Tags": [{"Key": "colour", "Value": "red"}], "TagKeys": ["colour"],
            "ResourcePolicy": document(&guest_policy("secretsmanager:GetSecretValue")),
            "ReplicateSecretToRegions.AddReplicaRegions": [{"Region": "eu-west-1"}],
            "RemoveReplicaRegions": ["eu-west-1"],
            "CrossAccountReplicaARN":
                format!("arn:aws:secretsmanager:us-east-1:{FRIEND}:secret:copy-AbCdEf"),
            "UpdateSecretVersionStage.VersionStage": "AWSPENDING",
            "MoveToVersionId": TOKEN,
        })
    }

    async fn parameters(&self, name: &str, keys: &Value) -> Value {
        let path = format!("/{name}/db");
        let put = json!({"Name": path, "Value": "first", "Type": "String", "Tier": "Advanced",
            "Tags": [{"Key": "team", "Value": name}]});
        self.root_does("ssm", "PutParameter", put).await;
        for (end, key) in [("managed", json!("alias/aws/ssm")), ("customer", keys["KeyId"].clone())]
        {
            let put = json!({"Name": format!("/{name}/{end}"), "Value": "first", "KeyId": key,
                "Type": "SecureString", "Tags": [{"Key": "team", "Value": name}]});
            self.root_does("ssm", "PutParameter", put).await;
        }
        let arn = format!("arn:aws:ssm:us-east-1:{OWNER}:parameter{path}");
        let policy = document(&json!([{"Effect": "Allow", "Principal": {"AWS": FRIEND},
            "Action": ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory",
                "ssm:DescribeParameters"], "Resource": arn}]));
        let (mut id, mut hash) = (String::new(), String::new());
        if name == "app" {
            let put = json!({"ResourceArn": arn, "Policy": policy});
            let given = self.port.gets(&root_of(OWNER), "ssm", "PutResourcePolicy", &put).await;
            (id, hash) = (given.text("PolicyId"), given.text("PolicyHash"));
        }
        json!({
            "Name": path, "Names": [path], "Path": format!("/{name}"),
            "GetParameter.Name": arn, "GetParameterHistory.Name": arn, "GetParameters.Names": [arn],
            "PutParameter.Overwrite": true, "PutParameter.Value": "second",
            "ResourceType": "Parameter", "ResourceId": path, "ResourceArn": arn,
            "Tags": null, "AddTagsToResource.Tags": [{"Key": "colour", "Value": "red"}],
            "TagKeys": ["colour"], "Labels": ["stable"], "UnlabelParameterVersion.ParameterVersion": 1,
            "Policy": policy, "DeleteResourcePolicy.PolicyId": id,
            "DeleteResourcePolicy.PolicyHash": hash,
            "SettingId": "/ssm/parameter-store/default-parameter-tier", "SettingValue": "Advanced",
        })
    }

    /// Identities under the path `/app/` or `/other/`, with tags where they can have any.
    async fn identities(&self, name: &str) -> Value {
        let path = format!("/{name}/");
        let of = |kind: &str| format!("{name}-{kind}");
        let arns = self.made_identities(name).await;
        let (allows, trust) = (document(&reading()), document(&trust_policy(name)));
        let names = json!({
            "UserName": of("user"), "GroupName": of("group"), "RoleName": of("role"),
            "InstanceProfileName": of("profile"), "PolicyName": "inline",
            "Path": path, "PathPrefix": path,
            "CreateUser.UserName": of("new"), "CreateGroup.GroupName": of("new"),
            "CreateRole.RoleName": of("new"), "CreatePolicy.PolicyName": of("new"),
            "CreateInstanceProfile.InstanceProfileName": of("new"),
            "CreateOpenIDConnectProvider.Url": format!("https://new.{name}.example"),
            "VirtualMFADeviceName": of("new-device"),
            "AccountAlias": format!("{name}-alias"), "ClientID": "client",
            "UpdateUser.NewPath": "/moved/", "UpdateGroup.NewPath": "/moved/",
            "PolicySourceArn": format!("arn:aws:iam::{OWNER}:user{path}{}", of("user")),
        });
        let values = json!({
            "CreateOpenIDConnectProvider.ThumbprintList": ["0".repeat(40)],
            "UpdateOpenIDConnectProviderThumbprint.ThumbprintList": ["1".repeat(40)],
            "PolicyDocument": allows, "AssumeRolePolicyDocument": trust,
            "UpdateAssumeRolePolicy.PolicyDocument": trust,
            "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "CreateUser.PermissionsBoundary": null, "CreateRole.PermissionsBoundary": null,
            "VersionId": "v2", "DeletePolicyVersion.VersionId": "v1", "Status": "Inactive",
            "AuthenticationCode1": "123456", "AuthenticationCode2": "654321",
            "PolicyInputList": [allows], "ActionNames": ["ssm:GetParameter"],
            "Tags": [{"Key": "colour", "Value": "red"}], "TagKeys": ["colour"],
        });
        merged([names, values, arns])
    }

    /// One identity of each kind; gives what names them.
    async fn made_identities(&self, name: &str) -> Value {
        let (path, tags) = (format!("/{name}/"), json!([{"Key": "team", "Value": name}]));
        let of = |kind: &str| format!("{name}-{kind}");
        let user = json!({"UserName": of("user"), "Path": path, "Tags": tags});
        self.root_does("iam", "CreateUser", user).await;
        let user = json!({"UserName": of("user")});
        let access_key = self.root_gets("iam", "CreateAccessKey", user, "AccessKeyId").await;
        let group = json!({"GroupName": of("group"), "Path": path});
        self.root_does("iam", "CreateGroup", group).await;
        let role = json!({"RoleName": of("role"), "Path": path, "Tags": tags,
            "AssumeRolePolicyDocument": document(&trust_policy(name))});
        self.root_does("iam", "CreateRole", role).await;
        let allows = document(&reading());
        let policy = json!({"PolicyName": of("policy"), "Path": path, "Tags": tags,
            "PolicyDocument": allows});
        let policy = self.root_gets("iam", "CreatePolicy", policy, "Arn").await;
        let version = json!({"PolicyArn": policy, "PolicyDocument": allows});
        self.root_does("iam", "CreatePolicyVersion", version).await;
        let profile = json!({"InstanceProfileName": of("profile"), "Path": path, "Tags": tags});
        self.root_does("iam", "CreateInstanceProfile", profile).await;
        let provider = json!({"Url": format!("https://{name}.example"), "Tags": tags,
            "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": ["0".repeat(40)]});
        let (create, arn) = ("CreateOpenIDConnectProvider", "OpenIDConnectProviderArn");
        let provider = self.root_gets("iam", create, provider, arn).await;
        let device = json!({"VirtualMFADeviceName": of("device"), "Path": path, "Tags": tags});
        let device = self.root_gets("iam", "CreateVirtualMFADevice", device, "SerialNumber").await;
        for (kind, member) in [("User", "UserName"), ("Group", "GroupName"), ("Role", "RoleName")] {
            let mut put = json!({"PolicyName": "inline", "PolicyDocument": allows});
            put[member] = json!(of(&kind.to_lowercase()));
            self.root_does("iam", &format!("Put{kind}Policy"), put).await;
        }
        json!({
            "PolicyArn": policy, "OpenIDConnectProviderArn": provider, "SerialNumber": device,
            "AccessKeyId": access_key,
        })
    }

    async fn sessions(&self, name: &str) -> Value {
        json!({
            "RoleArn": format!("arn:aws:iam::{OWNER}:role/{name}/{name}-role"),
            "RoleSessionName": "session", "WebIdentityToken": "e30.e30.e30",
            "Name": format!("{name}-fed"), "AccessKeyId": format!("AKIA{}", "A".repeat(16)),
            "EncodedMessage": "none",
        })
    }

    /// A function; the covered one lets another account in.
    async fn functions(&self, name: &str) -> Value {
        let trust = document(&json!([{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"}}]));
        let role = json!({"RoleName": format!("{name}-function"), "Path": format!("/{name}/"),
            "AssumeRolePolicyDocument": trust});
        let role = self.root_gets("iam", "CreateRole", role, "Arn").await;
        let code = json!({"ZipFile": ZIP});
        let create = json!({"FunctionName": format!("{name}-function"), "Role": role, "Code": code,
            "Runtime": "provided.al2023", "Handler": "bootstrap", "Tags": {"team": name}});
        let arn = self.root_gets("lambda", "CreateFunction", create, "FunctionArn").await;
        if name == "app" {
            let guest = json!({"FunctionName": arn, "StatementId": "guest", "Action": "lambda:*",
                "Principal": FRIEND});
            self.root_does("lambda", "AddPermission", guest).await;
        }
        json!({
            "FunctionName": arn, "CreateFunction.FunctionName": format!("{name}-new"),
            "Role": role, "UpdateFunctionConfiguration.Role": role, "Code": code, "ZipFile": ZIP,
            "Runtime": "provided.al2023", "Handler": "bootstrap",
            "StatementId": "guest", "AddPermission.StatementId": "service",
            "Action": "lambda:InvokeFunction", "Principal": "secretsmanager.amazonaws.com",
            "Resource": arn, "Tags": {"colour": "red"}, "TagKeys": ["colour"],
        })
    }

    async fn trails(&self, name: &str) -> Value {
        let create = json!({"Name": format!("{name}-trail"), "S3BucketName": BUCKET});
        let arn = self.root_gets("cloudtrail", "CreateTrail", create, "TrailARN").await;
        let tags = json!([{"Key": "team", "Value": name}]);
        json!({
            "Name": arn, "TrailName": arn, "ResourceId": arn, "ResourceIdList": [arn],
            "CreateTrail.Name": format!("{name}-new"), "S3BucketName": BUCKET, "TagsList": tags,
            "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}],
        })
    }

    fn operator(&self, name: &str) -> Value {
        json!({
            "Issuer": format!("https://{name}.example"),
            "Keys": "{\"keys\":[]}",
            "Resource": format!("{name}/db"),
            "CloseAccount.AccountId": account_of(name),
        })
    }
}

/// An account of the organization.
fn account_of(name: &str) -> &'static str {
    if name == "app" { BOUNDED } else { "999900001111" }
}

/// Tables of examples as one.
fn merged<const N: usize>(tables: [Value; N]) -> Value {
    let members = tables.into_iter().flat_map(|table| match table {
        Value::Object(members) => members,
        other => panic!("{other} is no table"),
    });
    Value::Object(members.collect())
}

/// What clients draw to tell their requests apart.
pub(crate) const TOKEN: &str = "00000000-0000-4000-8000-000000000000";
/// A zip with a file in it.
const ZIP: &str = "UEsDBBQAAAAAAAAAIVwdnfsECgAAAAoAAAAJAAAAYm9vdHN0cmFwIyEvYmluL3NoClBLAQIUAxQAAAAAAAAAIVwdnfsECgAAAAoAAAAJAAAAAAAAAAAAAACAAQAAAABib290c3RyYXBQSwUGAAAAAAEAAQA3AAAAMQAAAAAA";
const KEYS: &[(&str, &str)] = &[
    ("main", "{}"),
    ("sign", r#"{"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}"#),
    ("mac", r#"{"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}"#),
    ("agree", r#"{"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"}"#),
    ("capsule", r#"{"KeySpec": "ML_KEM_768", "KeyUsage": "ENCAPSULATE_DECAPSULATE"}"#),
    ("import", r#"{"Origin": "EXTERNAL"}"#),
    ("regions", r#"{"MultiRegion": true}"#),
];
