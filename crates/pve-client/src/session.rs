//! Who the client is to the host: a token's header, or a ticket that is fetched and renewed.

use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pve_api::access::Ticket;
use pve_api::{Request, UserId, access};
use tokio::sync::Mutex;

use crate::connection::Auth;
use crate::error::{Error, SetupError};
use crate::secret::Secret;

const CSRF: HeaderName = HeaderName::from_static("csrfpreventiontoken");

/// A ticket lives for two hours; one older than this is replaced before it is used.
const RENEW_AFTER: Duration = Duration::from_mins(90);

/// The proof of identity that goes with each call.
#[derive(Debug)]
pub(crate) enum Identity {
    /// A header that never changes.
    Token(Secret<HeaderValue>),
    /// A session that is made at the first call.
    Ticket {
        user: UserId,
        password: Secret<String>,
        session: Mutex<Option<Session>>,
    },
}

/// What a login gave.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    cookie: Secret<HeaderValue>,
    csrf: Secret<HeaderValue>,
    since: Duration,
}

/// The headers of one call, and the session that they are of.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) headers: HeaderMap,
    since: Option<Duration>,
}

impl Identity {
    pub(crate) fn new(auth: &Auth) -> Result<Self, SetupError> {
        match auth {
            Auth::Token { id, secret } => {
                let text = format!("PVEAPIToken={id}={}", secret.expose());
                let header =
                    secret_header(&text).ok_or_else(|| SetupError::BadSecret(id.to_string()))?;
                Ok(Self::Token(header))
            }
            Auth::Ticket { user, password } => Ok(Self::Ticket {
                user: user.clone(),
                password: password.clone(),
                session: Mutex::new(None),
            }),
        }
    }

    /// Returns the headers of a call, logging in with `login` where needed. Calls that come while a
    /// login is under way wait for it instead of starting their own.
    pub(crate) async fn prove<F>(
        &self,
        now: Duration,
        login: impl FnOnce(Request<Ticket>) -> F,
    ) -> Result<Proof, Error>
    where
        F: Future<Output = Result<Ticket, Error>>,
    {
        match self {
            Self::Token(header) => {
                let headers =
                    HeaderMap::from_iter([(header::AUTHORIZATION, header.expose().clone())]);
                Ok(Proof {
                    headers,
                    since: None,
                })
            }
            Self::Ticket {
                user,
                password,
                session,
            } => {
                let mut session = session.lock().await;
                if let Some(fresh) = session.as_ref().filter(|session| session.is_fresh(now)) {
                    return Ok(fresh.proof());
                }
                let ticket = login(access::ticket(user.as_str(), password.expose())).await?;
                let made = Session::new(user, &ticket, now)?;
                let proof = made.proof();
                *session = Some(made);
                Ok(proof)
            }
        }
    }

    /// Forgets the session that `proof` is of, after the host refused it. Returns whether a new login
    /// can help: a token cannot be replaced.
    pub(crate) async fn forget(&self, proof: &Proof) -> bool {
        match self {
            Self::Token(_) => false,
            Self::Ticket { session, .. } => {
                let mut session = session.lock().await;
                if session.as_ref().map(|session| session.since) == proof.since {
                    *session = None;
                }
                true
            }
        }
    }
}

impl Session {
    fn new(user: &UserId, ticket: &Ticket, now: Duration) -> Result<Self, Error> {
        if ticket.needs_second_factor {
            return Err(Error::SecondFactor {
                who: user.to_string(),
            });
        }
        let encoded = utf8_percent_encode(&ticket.ticket, NON_ALPHANUMERIC);
        let cookie = secret_header(&format!("PVEAuthCookie={encoded}"));
        match (cookie, secret_header(&ticket.csrf)) {
            (Some(cookie), Some(csrf)) => Ok(Self {
                cookie,
                csrf,
                since: now,
            }),
            _ => Err(Error::SecondFactor {
                who: user.to_string(),
            }),
        }
    }

    fn is_fresh(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) < RENEW_AFTER
    }

    fn proof(&self) -> Proof {
        let headers = [(header::COOKIE, &self.cookie), (CSRF, &self.csrf)];
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name, value.expose().clone()));
        Proof {
            headers: headers.collect(),
            since: Some(self.since),
        }
    }
}

fn secret_header(text: &str) -> Option<Secret<HeaderValue>> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(Secret::new(value))
}
