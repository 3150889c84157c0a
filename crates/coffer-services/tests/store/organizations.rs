//! What an organization means for its accounts, as the road asks for it.

use std::sync::Arc;

use coffer_pipeline::identity::organization::{
    OrganizationPolicyRecord, OrganizationView, organization_view,
};
use serde_json::{Value, json};

use crate::port::Port;
use crate::world::world;

const MANAGEMENT: &str = "111122223333";

async fn organizations(port: &Port, operation: &str, input: Value) -> Value {
    port.call(MANAGEMENT, "organizations", operation, &input).await.unwrap()
}

async fn refusal(port: &Port, operation: &str, input: Value) -> String {
    port.call(MANAGEMENT, "organizations", operation, &input).await.unwrap_err().0
}

async fn view(port: &Port, account: &str) -> Option<Arc<OrganizationView>> {
    organization_view(&port.world().tables, account.parse().unwrap()).await.unwrap()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap()
}

/// The names of the policies of each level.
fn names(levels: &[Vec<Arc<OrganizationPolicyRecord>>]) -> Vec<Vec<&str>> {
    levels.iter().map(|level| level.iter().map(|policy| policy.name.as_str()).collect()).collect()
}

#[tokio::test]
async fn an_accounts_view_has_the_policies_of_each_level_above_it_and_keeps_up_with_changes() {
    let port = Port::new(world());
    assert!(view(&port, MANAGEMENT).await.is_none());
    let made = organizations(&port, "CreateOrganization", json!({})).await;
    let id = text(&made, "/Organization/Id").to_owned();
    let made =
        organizations(&port, "CreateAccount", json!({"AccountName": "a", "Email": "a@b.cd"})).await;
    let account = text(&made, "/CreateAccountStatus/AccountId").to_owned();
    let roots = organizations(&port, "ListRoots", json!({})).await;
    let root = text(&roots, "/Roots/0/Id").to_owned();
    let unit =
        organizations(&port, "CreateOrganizationalUnit", json!({"ParentId": root, "Name": "u"}))
            .await;
    let unit = text(&unit, "/OrganizationalUnit/Id").to_owned();

    let seen = view(&port, &account).await.unwrap();
    assert_eq!(
        (seen.organization_id.as_str(), seen.path.as_str()),
        (id.as_str(), format!("{id}/{root}/").as_str())
    );
    assert!(seen.scp_levels.is_empty() && seen.rcp_levels.is_empty() && !seen.is_closed);
    // The very same view as long as nothing has changed.
    assert!(Arc::ptr_eq(&seen, &view(&port, &account).await.unwrap()));

    let enable = json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"});
    organizations(&port, "EnablePolicyType", enable.clone()).await;
    let moved = json!({"AccountId": account, "SourceParentId": root, "DestinationParentId": unit});
    organizations(&port, "MoveAccount", moved).await;
    let content = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]}"#;
    let policy = json!({"Name": "no-keys", "Description": "", "Content": content, "Type": "SERVICE_CONTROL_POLICY"});
    let policy = organizations(&port, "CreatePolicy", policy).await;
    let policy = text(&policy, "/Policy/PolicySummary/Id").to_owned();
    organizations(&port, "AttachPolicy", json!({"PolicyId": policy, "TargetId": unit})).await;
    organizations(&port, "DetachPolicy", json!({"PolicyId": "p-FullAWSAccess", "TargetId": unit}))
        .await;

    let seen = view(&port, &account).await.unwrap();
    assert_eq!(seen.path, format!("{id}/{root}/{unit}/"));
    assert_eq!(names(&seen.scp_levels), [["FullAWSAccess"], ["no-keys"], ["FullAWSAccess"]]);
    assert_eq!(seen.scp_levels[1][0].content.text(), content);
    assert!(view(&port, MANAGEMENT).await.unwrap().scp_levels.is_empty());

    // A policy's new text is seen at once, though neither account nor organization has changed.
    let allowing = content.replace("Deny", "Allow");
    organizations(&port, "UpdatePolicy", json!({"PolicyId": policy, "Content": allowing})).await;
    let seen = view(&port, &account).await.unwrap();
    assert_eq!(seen.scp_levels[1][0].content.text(), allowing);

    let disable = json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"});
    organizations(&port, "DisablePolicyType", disable).await;
    assert!(view(&port, &account).await.unwrap().scp_levels.is_empty());
    organizations(&port, "EnablePolicyType", enable).await;
    let seen = view(&port, &account).await.unwrap();
    assert_eq!(names(&seen.scp_levels), [["FullAWSAccess"]; 3]);
    organizations(&port, "DeletePolicy", json!({"PolicyId": policy})).await;
}

#[tokio::test]
async fn a_closed_account_has_no_callers() {
    let port = Port::new(world());
    organizations(&port, "CreateOrganization", json!({})).await;
    let made =
        organizations(&port, "CreateAccount", json!({"AccountName": "a", "Email": "a@b.cd"})).await;
    let account = text(&made, "/CreateAccountStatus/AccountId").to_owned();
    assert!(port.call(&account, "kms", "ListKeys", &json!({})).await.is_ok());
    organizations(&port, "CloseAccount", json!({"AccountId": account})).await;
    let (code, _) = port.call(&account, "kms", "ListKeys", &json!({})).await.unwrap_err();
    assert_eq!(code, "UnrecognizedClientException");
    let again = refusal(&port, "CloseAccount", json!({"AccountId": account})).await;
    assert_eq!(again, "AccountAlreadyClosedException");
    let own = refusal(&port, "CloseAccount", json!({"AccountId": MANAGEMENT})).await;
    assert_eq!(own, "ConstraintViolationException");
}
