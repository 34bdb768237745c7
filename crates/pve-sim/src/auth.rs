//! Who asks: API tokens, tickets, CSRF tokens.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::clock::SimTime;
use crate::fail::{ApiError, unauthorized};
use crate::world::{User, World};

/// A user, possibly by one of its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) user: String,
    pub(crate) token: Option<String>,
}

impl Principal {
    pub(crate) fn user(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            token: None,
        }
    }

    /// `user@realm` or `user@realm!token`.
    pub(crate) fn parse(text: &str) -> Self {
        match text.split_once('!') {
            Some((user, token)) => Self {
                user: user.to_owned(),
                token: Some(token.to_owned()),
            },
            None => Self::user(text),
        }
    }

    /// Only the user itself, never one of its tokens, passes the checks that name root@pam.
    pub(crate) fn is_root(&self) -> bool {
        self.user == "root@pam" && self.token.is_none()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.token {
            Some(token) => write!(f, "{}!{token}", self.user),
            None => f.write_str(&self.user),
        }
    }
}

/// Seconds a ticket lives.
const TICKET_LIFETIME: u64 = 7200;

/// The keys that sign tickets and CSRF tokens.
#[derive(Clone)]
pub(crate) struct Keys {
    secret: [u8; 32],
}

impl Keys {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            secret: Sha256::digest(seed.to_be_bytes()).into(),
        }
    }

    fn sign(&self, text: &str) -> String {
        let digest = Sha256::new()
            .chain_update(self.secret)
            .chain_update(text)
            .finalize();
        STANDARD_NO_PAD.encode(digest)
    }

    pub(crate) fn ticket(&self, user: &str, now: SimTime) -> String {
        let plain = format!("PVE:{user}:{:08X}", now.secs());
        format!("{plain}::{}", self.sign(&plain))
    }

    pub(crate) fn csrf(&self, user: &str, now: SimTime) -> String {
        let stamp = format!("{:08X}", now.secs());
        format!("{stamp}:{}", self.sign(&format!("{stamp}:{user}")))
    }

    /// The user of a ticket that is genuine and not too old.
    pub(crate) fn ticket_user(&self, ticket: &str, now: SimTime) -> Option<String> {
        let (plain, signature) = ticket.split_once("::")?;
        let (user, stamp) = plain.strip_prefix("PVE:")?.rsplit_once(':')?;
        let fresh = is_fresh(stamp, now);
        (fresh && self.sign(plain) == signature).then(|| user.to_owned())
    }

    fn is_csrf(&self, token: &str, user: &str, now: SimTime) -> bool {
        token.split_once(':').is_some_and(|(stamp, signature)| {
            is_fresh(stamp, now) && self.sign(&format!("{stamp}:{user}")) == signature
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(***)")
    }
}

fn is_fresh(stamp: &str, now: SimTime) -> bool {
    u64::from_str_radix(stamp, 16).is_ok_and(|made| {
        // A clock may be five minutes ahead, as Proxmox allows.
        made <= now.secs() + 300 && now.secs() < made.saturating_add(TICKET_LIFETIME)
    })
}

/// The credentials of a request as its headers hold them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) authorization: Option<String>,
    pub(crate) cookie: Option<String>,
    pub(crate) csrf: Option<String>,
}

/// Finds out who asks; the error is a 401 that is sent after a delay.
pub(crate) fn authenticate(
    world: &World,
    keys: &Keys,
    given: &Credentials,
    is_write: bool,
) -> Result<Principal, ApiError> {
    if let Some(ticket) = &given.cookie {
        return by_ticket(world, keys, ticket, given.csrf.as_deref(), is_write);
    }
    match given.authorization.as_deref().and_then(token_of) {
        Some(token) => by_token(world, token).ok_or_else(failed),
        None => Err(unauthorized("No ticket")),
    }
}

fn failed() -> ApiError {
    unauthorized("Authentication failed!")
}

/// The value behind `PVEAPIToken=` (a blank will do as well), or `None` for other schemes.
fn token_of(header: &str) -> Option<&str> {
    let value = header
        .strip_prefix("PVEAPIToken")?
        .strip_prefix(['=', ' '])?;
    (!value.is_empty()).then_some(value)
}

fn by_token(world: &World, token: &str) -> Option<Principal> {
    let (id, secret) = token.split_once('=')?;
    let (userid, name) = id.split_once('!')?;
    let user = world.access.users.get(userid)?;
    let known = user.tokens.get(name)?;
    let good =
        is_live(user, world.now) && !is_over(known.expire, world.now) && known.secret == secret;
    good.then(|| Principal {
        user: userid.to_owned(),
        token: Some(name.to_owned()),
    })
}

fn by_ticket(
    world: &World,
    keys: &Keys,
    ticket: &str,
    csrf: Option<&str>,
    is_write: bool,
) -> Result<Principal, ApiError> {
    let user = keys.ticket_user(ticket, world.now).ok_or_else(failed)?;
    if !world
        .access
        .users
        .get(&user)
        .is_some_and(|known| is_live(known, world.now))
    {
        return Err(failed());
    }
    if is_write && !csrf.is_some_and(|token| keys.is_csrf(token, &user, world.now)) {
        return Err(unauthorized("Permission denied - invalid csrf token"));
    }
    Ok(Principal::user(&user))
}

/// Whether a user is enabled and not expired.
pub(crate) fn is_live(user: &User, now: SimTime) -> bool {
    user.enable && !is_over(user.expire, now)
}

fn is_over(expire: u64, now: SimTime) -> bool {
    expire != 0 && expire < now.secs()
}
