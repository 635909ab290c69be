//! The attributes of RFC 7643 §3.1, §4.1, §4.2 and §4.3, and of Okta's roles and entitlements.

use super::{Attribute, Kind, Mutability, ResourceType, Schema};

/// What every resource has (§3.1).
pub(super) const COMMON: &[Attribute] = &[
    Attribute { multi_valued: true, ..Attribute::reference("schemas", &["uri"], "The schemas it has.").required() },
    Attribute::text("id", "Our id of it, which never changes.").exact().unique().read_only(),
    Attribute::text("externalId", "The directory's own id of it.").exact().unique(),
    Attribute::complex("meta", META, "About the resource itself.").read_only(),
];

const META: &[Attribute] = &[
    Attribute::text("resourceType", "What it is.").exact().read_only(),
    Attribute::new("created", Kind::DateTime, "Since when it is there.").read_only(),
    Attribute::new("lastModified", Kind::DateTime, "When it last changed.").read_only(),
    Attribute::reference("location", &["uri"], "Where it is.").read_only(),
    Attribute::text("version", "Its entity tag.").exact().read_only(),
];

/// People.
pub static USERS: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "The org's people",
    schema: &USER,
    extensions: &[&ENTERPRISE],
};
/// Groups of them.
pub static GROUPS: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Groups of the org's people",
    schema: &GROUP,
    extensions: &[],
};
/// Roles that the org can give, as Okta discovers them.
pub static ROLES: ResourceType = ResourceType {
    name: "Role",
    endpoint: "/Roles",
    description: "Roles that the org's people can have",
    schema: &ROLE,
    extensions: &[],
};
/// Entitlements, likewise.
pub static ENTITLEMENTS: ResourceType = ResourceType {
    name: "Entitlement",
    endpoint: "/Entitlements",
    description: "Entitlements that the org's people can have",
    schema: &ENTITLEMENT,
    extensions: &[],
};

const VALUE: Attribute = Attribute::text("value", "The value.");
const DISPLAY: Attribute = Attribute::text("display", "For reading.");
const TYPE: Attribute = Attribute::text("type", "What sort of value it is.");
const PRIMARY: Attribute = Attribute::new("primary", Kind::Boolean, "Whether it is the one to use.");
const VALUES: &[Attribute] = &[VALUE, DISPLAY, TYPE, PRIMARY];
const GIVEN: &[Attribute] = &[
    Attribute::text("value", "The id; its name is understood, too."),
    Attribute::text("display", "The name."),
    TYPE,
    PRIMARY,
];
const PHOTOS: &[Attribute] = &[Attribute::reference("value", &["external"], "Where it is."), DISPLAY, TYPE, PRIMARY];
const CERTIFICATES: &[Attribute] = &[
    Attribute { case_exact: true, ..Attribute::new("value", Kind::Binary, "In DER and base64.") },
    DISPLAY,
    TYPE,
    PRIMARY,
];

/// A person (§4.1).
pub static USER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    aliases: &[],
    name: "User",
    description: "A person",
    attributes: &[
        Attribute::text("userName", "What they sign in as.").required().unique(),
        Attribute::complex("name", NAME, "The parts of their name."),
        Attribute::text("displayName", "What they are called here."),
        Attribute::text("nickName", "What friends call them."),
        Attribute::reference("profileUrl", &["external"], "A page about them."),
        Attribute::text("title", "Such as \"Vice President\"."),
        Attribute::text("userType", "Such as \"Contractor\"."),
        Attribute::text("preferredLanguage", "As in Accept-Language."),
        Attribute::text("locale", "Such as en-US."),
        Attribute::text("timezone", "Such as Europe/Berlin."),
        Attribute::new("active", Kind::Boolean, "Whether they may come in. Without it they are signed out at once."),
        Attribute {
            mutability: Mutability::WriteOnly,
            ..Attribute::text("password", "Accepted and ignored: people sign in at their company's provider.")
        },
        Attribute::list("emails", VALUES, "Their addresses; there is always one."),
        Attribute::list("phoneNumbers", VALUES, "Their telephone numbers."),
        Attribute::list("ims", VALUES, "Their names in messengers."),
        Attribute::list("photos", PHOTOS, "Pictures of them."),
        Attribute::list("addresses", ADDRESS, "Where they are."),
        Attribute::list("groups", MEMBERSHIP, "The groups they are in.").read_only(),
        Attribute::list("entitlements", GIVEN, "Entitlements that were given to them."),
        Attribute::list("roles", GIVEN, "Roles that were given to them."),
        Attribute::list("x509Certificates", CERTIFICATES, "Their certificates."),
    ],
};

const NAME: &[Attribute] = &[
    Attribute::text("formatted", "The whole of it."),
    Attribute::text("familyName", "The family's."),
    Attribute::text("givenName", "Their own."),
    Attribute::text("middleName", "Between them."),
    Attribute::text("honorificPrefix", "Before it."),
    Attribute::text("honorificSuffix", "Behind it."),
];

const ADDRESS: &[Attribute] = &[
    Attribute::text("formatted", "The whole of it."),
    Attribute::text("streetAddress", "Street and number."),
    Attribute::text("locality", "The place."),
    Attribute::text("region", "The state."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "In two letters (ISO 3166-1)."),
    TYPE,
    PRIMARY,
];

const MEMBERSHIP: &[Attribute] = &[
    Attribute::text("value", "The group's id.").exact().read_only(),
    Attribute::reference("$ref", &["Group"], "Where the group is.").read_only(),
    Attribute::text("display", "The group's name.").read_only(),
    Attribute::text("type", "Always \"direct\".").read_only(),
];

static ENTERPRISE: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    aliases: &["urn:scim:schemas:extension:enterprise:1.0"],
    name: "EnterpriseUser",
    description: "What an employer knows of a person",
    attributes: &[
        Attribute::text("employeeNumber", "Their number there."),
        Attribute::text("costCenter", "The cost center."),
        Attribute::text("organization", "The organization."),
        Attribute::text("division", "The division."),
        Attribute::text("department", "The department."),
        Attribute::complex("manager", MANAGER, "Who leads them."),
    ],
};

const MANAGER: &[Attribute] = &[
    Attribute::text("value", "Their id.").exact(),
    Attribute::reference("$ref", &["User"], "Where they are."),
    Attribute::text("displayName", "What they are called."),
];

/// A group (§4.2).
pub static GROUP: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    aliases: &[],
    name: "Group",
    description: "A group of people",
    attributes: &[
        Attribute::text("displayName", "What it is called.").required().unique(),
        Attribute::list("members", MEMBER, "Who is in it."),
    ],
};

const MEMBER: &[Attribute] = &[
    Attribute::text("value", "The person's id.").exact(),
    Attribute::reference("$ref", &["User"], "Where the person is."),
    Attribute::text("display", "What the person is called.").read_only(),
    Attribute::text("type", "Always \"User\".").read_only(),
];

/// A role, as Okta's guide "Build a SCIM 2.0 server with entitlements" has it.
pub static ROLE: Schema = Schema {
    id: "urn:okta:scim:schemas:core:1.0:Role",
    aliases: &[],
    name: "Role",
    description: "A role that the org's people can have",
    attributes: CATALOG,
};

/// An entitlement, likewise.
pub static ENTITLEMENT: Schema = Schema {
    id: "urn:okta:scim:schemas:core:1.0:Entitlement",
    aliases: &[],
    name: "Entitlement",
    description: "An entitlement that the org's people can have",
    attributes: CATALOG,
};

const CATALOG: &[Attribute] = &[
    Attribute::text("displayName", "What it is called.").required().unique().read_only(),
    Attribute::text("description", "What it is for.").read_only(),
    Attribute::text("type", "The resource type's name.").read_only(),
];
