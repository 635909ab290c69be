//! What a provider's demand to sign somebody out must claim. Two kinds of token, and never one in the place of the other,
//! nor an ID token in the place of either (RFC 8725 §3.11).

use serde::Deserialize;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use super::signed::{Signed, is_there};
use crate::domain::revocation::Token;

/// How far a provider's clock may be from ours.
const SKEW: Duration = Duration::seconds(60);
/// Okta's live for five minutes. A token that lives long would have to be remembered as long.
const LIFETIME: Duration = Duration::minutes(10);
/// OpenID Connect Back-Channel Logout 1.0 §2.4 wants an expiry. Without one a token counts this long after it was made.
const WITHOUT_EXPIRY: Duration = Duration::minutes(5);
/// The longest jti, in bytes.
const JTI: usize = 1024;
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Why a token is refused. Each is told to the caller, and recorded for the org.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no signed token, or its claims are not of their types.
    Malformed,
    /// It is another kind of token.
    Type,
    /// It is not signed with a public key.
    Algorithm,
    /// None of the issuer's keys is the one that signed it.
    UnknownKey,
    /// The signature is wrong.
    Signature,
    /// The issuer and client are not the org's.
    Issuer,
    /// It is meant for another address.
    Audience,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    Early,
    /// It lives too long.
    Lifetime,
    /// Its id is empty or too long.
    Id,
    /// It was used for another request.
    Replayed,
    /// It is not about a logout.
    Event,
    /// It has a nonce, as ID tokens do.
    Nonce,
    /// It names neither a person nor a session.
    Subject,
}

impl Refused {
    /// The stable name, for the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Type => "typ",
            Self::Algorithm => "alg",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::Early => "not_yet_valid",
            Self::Lifetime => "lifetime",
            Self::Id => "jti",
            Self::Replayed => "replayed",
            Self::Event => "event",
            Self::Nonce => "nonce",
            Self::Subject => "subject",
        }
    }

    /// What is wrong, for whoever sends it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "The token is not a signed JWT, or a claim of it is missing or of the wrong type.",
            Self::Type => "The token's typ is another kind of token's.",
            Self::Algorithm => "The token is not signed with an algorithm that is accepted here.",
            Self::UnknownKey => "The token is not signed with a key that its issuer publishes.",
            Self::Signature => "The token's signature is wrong.",
            Self::Issuer => "The token's iss, or its sub or aud, is not the provider and client of this org.",
            Self::Audience => "The token's aud is not the address of this endpoint.",
            Self::Expired => "The token has expired.",
            Self::Early => "The token is not valid yet.",
            Self::Lifetime => "The token lives longer than is accepted here.",
            Self::Id => "The token's jti is empty or too long.",
            Self::Replayed => "The token was used for another request already.",
            Self::Event => "The token's events is not that of a back-channel logout.",
            Self::Nonce => "The token has a nonce, which a logout token must not have.",
            Self::Subject => "The token has neither a sub nor a sid, or one of them is empty or too long.",
        }
    }
}

/// `aud` is a string or an array of them (RFC 7519 §4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

/// What Okta's Universal Logout claims. Times are whole seconds.
#[derive(Deserialize)]
struct RevocationClaims {
    iss: String,
    sub: String,
    aud: Audience,
    jti: String,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
}

/// The issuer and the client id that a token says it is from and about, before anything of it has been verified.
pub(super) fn stated_origin(token: &Signed<'_>) -> Result<(String, String), Refused> {
    let RevocationClaims { iss, sub, .. } = token.claims()?;
    Ok((iss, sub))
}

/// The issuer that any token says it is from.
pub(super) fn stated_issuer(token: &Signed<'_>) -> Result<String, Refused> {
    #[derive(Deserialize)]
    struct Stated {
        iss: String,
    }
    token.claims::<Stated>().map(|stated| stated.iss)
}

/// A token of Okta's Universal Logout, for the endpoint at `audience`.
pub(super) fn revocation(
    token: &Signed<'_>,
    issuer: &str,
    client_id: &str,
    audience: &str,
    now: OffsetDateTime,
) -> Result<Token, Refused> {
    if token.typ().as_deref() != Some("global-token-revocation+jwt") {
        return Err(Refused::Type);
    }
    let RevocationClaims { iss, sub, aud, jti, iat, exp, nbf } = token.claims()?;
    if iss != issuer || sub != client_id {
        return Err(Refused::Issuer);
    }
    if !aud.has(audience) {
        return Err(Refused::Audience);
    }
    let (made, expires) = (moment(iat)?, moment(exp)?);
    in_time(made, Some(expires), nbf, now)?;
    if expires - made > LIFETIME {
        return Err(Refused::Lifetime);
    }
    Ok(Token { issuer: iss, jti: id(jti)?, expires_at: expires + SKEW, without_expiry: false })
}

/// What a verified logout token demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logout {
    /// By whom, and by which token.
    pub token: Token,
    /// The person; with a session, whose it is.
    pub sub: Option<String>,
    /// The one session of theirs.
    pub sid: Option<String>,
}

/// OpenID Connect Back-Channel Logout 1.0 §2.4.
#[derive(Deserialize)]
struct LogoutClaims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: Option<i64>,
    jti: String,
    events: Map<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    nonce: bool,
}

/// A logout token (§2.6, in its order). A `typ` that says something else is refused always, and a missing one where
/// `requires_typ`.
pub(super) fn logout(
    token: &Signed<'_>,
    issuer: &str,
    client_id: &str,
    requires_typ: bool,
    now: OffsetDateTime,
) -> Result<Logout, Refused> {
    match token.typ().as_deref() {
        Some("logout+jwt") => {}
        None | Some("jwt") if !requires_typ => {}
        _ => return Err(Refused::Type),
    }
    let LogoutClaims { iss, aud, iat, exp, jti, events, sub, sid, nonce } = token.claims()?;
    if iss != issuer || !aud.has(client_id) {
        return Err(Refused::Issuer);
    }
    let made = moment(iat)?;
    let expires = exp.map(moment).transpose()?;
    in_time(made, expires, None, now)?;
    if expires.is_none() && now - made > WITHOUT_EXPIRY {
        return Err(Refused::Expired);
    }
    if expires.is_some_and(|expires| expires - made > LIFETIME) {
        return Err(Refused::Lifetime);
    }
    let is_name =
        |name: &Option<String>, longest: usize| name.as_ref().is_none_or(|name| super::is_name(name, longest));
    if (sub.is_none() && sid.is_none()) || !is_name(&sub, super::SUBJECT) || !is_name(&sid, super::SID) {
        return Err(Refused::Subject);
    }
    if !events.get(LOGOUT_EVENT).is_some_and(Value::is_object) {
        return Err(Refused::Event);
    }
    if nonce {
        return Err(Refused::Nonce);
    }
    let expires_at = expires.unwrap_or(made + WITHOUT_EXPIRY) + SKEW;
    let token = Token { issuer: iss, jti: id(jti)?, expires_at, without_expiry: expires.is_none() };
    Ok(Logout { token, sub, sid })
}

fn in_time(
    made: OffsetDateTime,
    expires: Option<OffsetDateTime>,
    not_before: Option<i64>,
    now: OffsetDateTime,
) -> Result<(), Refused> {
    if expires.is_some_and(|expires| expires + SKEW <= now || expires <= made) {
        return Err(Refused::Expired);
    }
    let not_before = not_before.map(moment).transpose()?;
    if made > now + SKEW || not_before.is_some_and(|not_before| not_before > now + SKEW) {
        return Err(Refused::Early);
    }
    Ok(())
}

/// Within our calendar, with room for what is added to it.
fn moment(seconds: i64) -> Result<OffsetDateTime, Refused> {
    const LAST: i64 = 253_370_764_800;
    OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|_| (0..LAST).contains(&seconds)).ok_or(Refused::Malformed)
}

fn id(jti: String) -> Result<String, Refused> {
    if super::is_name(&jti, JTI) { Ok(jti) } else { Err(Refused::Id) }
}
