//! Documents of the policies that are about all services. Those of `ReadOnlyAccess`,
//! `SecurityAudit` and `ViewOnlyAccess` are kept to the services that concern coffer.

pub(super) const ADMINISTRATOR_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"#;

pub(super) const POWER_USER_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "NotAction": ["iam:*", "organizations:*", "account:*"],
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": [
        "account:GetAccountInformation", "account:GetGovCloudAccountInformation",
        "account:GetPrimaryEmail", "account:ListRegions", "iam:CreateServiceLinkedRole",
        "iam:DeleteServiceLinkedRole", "iam:ListRoles", "organizations:DescribeEffectivePolicy",
        "organizations:DescribeOrganization"
      ],
      "Resource": "*"
    }
  ]
}"#;

pub(super) const READ_ONLY_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*", "cloudtrail:LookupEvents",
        "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "events:Describe*",
        "events:List*", "events:Test*", "iam:Generate*", "iam:Get*", "iam:List*",
        "iam:Simulate*", "kms:Describe*", "kms:Get*", "kms:List*", "lambda:Get*", "lambda:List*",
        "logs:Describe*", "logs:FilterLogEvents", "logs:Get*", "logs:ListTagsLogGroup",
        "logs:StartQuery", "logs:StopQuery", "logs:TestMetricFilter", "organizations:Describe*",
        "organizations:List*", "secretsmanager:Describe*", "secretsmanager:GetResourcePolicy",
        "secretsmanager:List*", "sns:Check*", "sns:Get*", "sns:List*", "ssm:Describe*",
        "ssm:Get*", "ssm:List*", "sts:GetAccessKeyInfo", "sts:GetCallerIdentity",
        "sts:GetSessionToken", "tag:Get*"
      ],
      "Resource": "*"
    }
  ]
}"#;

pub(super) const SECURITY_AUDIT: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "BaseSecurityAuditStatement",
      "Effect": "Allow",
      "Action": [
        "cloudtrail:DescribeTrails", "cloudtrail:Get*", "cloudtrail:List*",
        "cloudtrail:LookupEvents", "cloudwatch:Describe*", "events:Describe*", "events:List*",
        "events:TestEventPattern", "iam:GenerateCredentialReport",
        "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*",
        "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy", "kms:Describe*", "kms:Get*",
        "kms:List*", "lambda:GetAccountSettings", "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionEventInvokeConfig", "lambda:GetLayerVersionPolicy",
        "lambda:GetPolicy", "lambda:List*", "logs:Describe*", "logs:GetLogDelivery",
        "logs:ListLogDeliveries", "logs:ListTagsForResource", "logs:ListTagsLogGroup",
        "organizations:Describe*", "organizations:List*", "secretsmanager:DescribeSecret",
        "secretsmanager:GetResourcePolicy", "secretsmanager:ListSecretVersionIds",
        "secretsmanager:ListSecrets", "sns:GetPlatformApplicationAttributes",
        "sns:GetTopicAttributes", "sns:ListSubscriptions", "sns:ListSubscriptionsByTopic",
        "sns:ListTagsForResource", "sns:ListTopics", "ssm:Describe*", "ssm:GetServiceSetting",
        "ssm:ListTagsForResource", "sts:GetAccessKeyInfo", "tag:GetResources", "tag:GetTagKeys"
      ],
      "Resource": "*"
    }
  ]
}"#;

pub(super) const VIEW_ONLY_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "cloudtrail:DescribeTrails", "cloudtrail:ListTrails", "cloudtrail:LookupEvents",
        "cloudwatch:Get*", "cloudwatch:List*", "events:ListRuleNamesByTarget",
        "events:ListRules", "events:ListTargetsByRule", "iam:GetAccountSummary",
        "iam:GetLoginProfile", "iam:List*", "kms:ListKeys", "kms:ListResourceTags",
        "lambda:List*", "logs:Describe*", "logs:ListTagsForResource", "organizations:List*",
        "secretsmanager:ListSecrets", "sns:List*", "ssm:DescribeParameters"
      ],
      "Resource": "*"
    }
  ]
}"#;

pub(super) const IAM_FULL_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "iam:*", "organizations:DescribeAccount", "organizations:DescribeOrganization",
        "organizations:DescribeOrganizationalUnit", "organizations:DescribePolicy",
        "organizations:ListChildren", "organizations:ListParents",
        "organizations:ListPoliciesForTarget", "organizations:ListRoots",
        "organizations:ListPolicies", "organizations:ListTargetsForPolicy"
      ],
      "Resource": "*"
    }
  ]
}"#;

pub(super) const IAM_READ_ONLY_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*",
        "iam:List*", "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"
      ],
      "Resource": "*"
    }
  ]
}"#;
