//! One call of the API, ready to be sent.

use std::fmt;
use std::marker::PhantomData;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{Deserialize, Deserializer, IgnoredAny};

/// Everything but the unreserved characters of RFC 3986. Proxmox splits a form on `;` as well as on
/// `&`, and a value on a raw `=` (recording `08-config-errors.json`), so nothing is left bare.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The method of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Starts something or makes a thing.
    Post,
    /// Changes a thing.
    Put,
    /// Removes a thing.
    Delete,
}

impl Method {
    /// Returns the name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A call whose answer is an `R`.
///
/// `Debug` shows the names of parameters and not their values, which may be passwords.
pub struct Request<R> {
    method: Method,
    path: String,
    params: Vec<(String, String)>,
    answer: PhantomData<fn() -> R>,
}

impl<R> Request<R> {
    /// Starts a call of the path made of `segments`, each of which is encoded.
    pub fn new<S: AsRef<str>>(method: Method, segments: impl IntoIterator<Item = S>) -> Self {
        let path = segments.into_iter().fold(String::new(), |path, segment| {
            format!("{path}/{}", utf8_percent_encode(segment.as_ref(), RESERVED))
        });
        Self {
            method,
            path,
            params: Vec::new(),
            answer: PhantomData,
        }
    }

    /// Adds a parameter. The same name twice makes a list.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a parameter if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Returns the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns the encoded path below `/api2/json`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the parameters as they are, in their order.
    pub fn params(&self) -> &[(String, String)] {
        &self.params
    }

    /// Returns whether the call can change anything on the host.
    pub fn is_write(&self) -> bool {
        self.method != Method::Get
    }

    /// Returns what follows `/api2/json` in the request line: GET and DELETE carry their
    /// parameters there, since a DELETE with a body is answered 501.
    pub fn target(&self) -> String {
        match self.method {
            Method::Get | Method::Delete if !self.params.is_empty() => {
                format!("{}?{}", self.path, self.encoded_params())
            }
            Method::Get | Method::Delete | Method::Post | Method::Put => self.path.clone(),
        }
    }

    /// Returns the body, `application/x-www-form-urlencoded`; none for GET and DELETE.
    pub fn body(&self) -> Option<String> {
        match self.method {
            Method::Get | Method::Delete => None,
            Method::Post | Method::Put => Some(self.encoded_params()),
        }
    }

    fn encoded_params(&self) -> String {
        let encode = |text| utf8_percent_encode(text, RESERVED);
        let pairs = self
            .params
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

impl<R> Clone for Request<R> {
    fn clone(&self) -> Self {
        Self {
            method: self.method,
            path: self.path.clone(),
            params: self.params.clone(),
            answer: PhantomData,
        }
    }
}

impl<R> fmt::Debug for Request<R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.params.iter().map(|(name, _)| name.as_str()).collect();
        write!(out, "{} {} {names:?}", self.method, self.path)
    }
}

/// The answer of a call that answers nothing of interest, whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_separator_of_proxmox_is_encoded() {
        let request: Request<Nothing> =
            Request::new(Method::Put, ["nodes", "pve", "qemu", "100", "config"])
                .with("boot", "order=scsi0;net0")
                .with("description", "50% & more\né+");
        assert_eq!(request.target(), "/nodes/pve/qemu/100/config");
        assert_eq!(
            request.body().as_deref(),
            Some("boot=order%3Dscsi0%3Bnet0&description=50%25%20%26%20more%0A%C3%A9%2B")
        );
    }

    #[test]
    fn reads_and_deletes_carry_parameters_in_the_query() {
        let request: Request<Nothing> = Request::new(Method::Delete, ["a"])
            .with("purge", 1)
            .with("x", "&");
        assert_eq!(
            (request.target().as_str(), request.body()),
            ("/a?purge=1&x=%26", None)
        );
        let request: Request<Nothing> = Request::new(Method::Get, ["a"]);
        assert_eq!((request.target().as_str(), request.body()), ("/a", None));
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        let request: Request<Nothing> = Request::new(Method::Get, ["nodes", "../x?y#z"]);
        assert_eq!(request.path(), "/nodes/..%2Fx%3Fy%23z");
    }

    #[test]
    fn an_empty_form_is_an_empty_body() {
        let request: Request<Nothing> = Request::new(Method::Post, ["a"]);
        assert_eq!(request.body().as_deref(), Some(""));
    }

    #[test]
    fn debug_hides_values() {
        let request: Request<Nothing> =
            Request::new(Method::Post, ["access", "ticket"]).with("password", "canary");
        assert_eq!(
            format!("{request:?}"),
            r#"POST /access/ticket ["password"]"#
        );
    }
}
