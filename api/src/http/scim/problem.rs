//! Errors as RFC 7644 §3.12 has them, for every answer below `/scim`.

use serde_json::json;

use crate::http::problem::Problem;

/// What `status` and `detail` do not say, where the RFC has a word for it (table 9).
fn scim_type(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_filter" => "invalidFilter",
        "invalid_path" => "invalidPath",
        "invalid_value" => "invalidValue",
        "no_target" => "noTarget",
        "mutability" => "mutability",
        "invalid_request" | "invalid_syntax" => "invalidSyntax",
        "email_taken" | "user_name_taken" | "external_id_taken" | "group_name_taken" => "uniqueness",
        _ => return None,
    })
}

/// The body of a failure. `status` is a text (§3.12), and Okta shows `detail` to its administrator.
pub fn render(problem: &Problem) -> String {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": problem.status().as_u16().to_string(),
        "detail": problem.detail(),
    });
    if let Some(scim_type) = scim_type(problem.code()) {
        body["scimType"] = scim_type.into();
    }
    body.to_string()
}
