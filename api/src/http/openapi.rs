//! The contract as a document: written from the handlers, so that none can be missing from it.

use utoipa::Modify;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::access::cookie_name;

/// What stands in the document beside the operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Curfew",
        description = "A multi-tenant SaaS backend whose customers can sign their people out, everywhere, at once.",
        license(name = "MIT"),
    ),
    modifiers(&Security),
    tags(
        (name = "account", description = "One's own account"),
        (name = "openid", description = "Signing in at one's company's OpenID provider"),
        (name = "sessions", description = "Where one is signed in"),
        (name = "org", description = "What a company's administrators see and do"),
        (name = "org api", description = "What a company's programs do, by a key of the company's"),
        (name = "todos", description = "One's own todos"),
        (name = "scim", description = "An org's directory runs its user list: SCIM 2.0 (RFC 7643, RFC 7644)"),
        (name = "revocation", description = "An org ends its people's sign-ins"),
        (name = "health", description = "Whether we can serve"),
    ),
)]
pub struct ApiDoc;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKeyValue::with_description(
            cookie_name(true),
            "Set by signing in; without https it is `curfew`.".to_owned(),
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key of the org")).build();
        components.add_security_scheme("org_key", SecurityScheme::Http(key));
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let token = token.description(Some("Signed by the org's provider, as by Okta's Universal Logout")).build();
        components.add_security_scheme("provider_token", SecurityScheme::Http(token));
    }
}
