//! Why a request is not answered with data: Proxmox's error shapes, or a wait.

use std::collections::BTreeMap;

use crate::clock::SimTime;

/// An error as Proxmox sends it: status, text and, for parameter errors, a text per parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    /// Becomes the reason phrase (its first line) and `message` of the body.
    pub(crate) text: String,
    pub(crate) errors: BTreeMap<String, String>,
    /// Answers without a body: refused logins and pseudo statuses of the proxy.
    pub(crate) bare: bool,
    /// The text did not come from a `die`, so `message` has no line end.
    pub(crate) plain: bool,
}

/// What ends a handler or a step of a task without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    Error(ApiError),
    /// Something is held; try again when the world changed, at the latest then.
    Wait(SimTime),
}

pub(crate) type Result<T> = std::result::Result<T, Fail>;

impl ApiError {
    fn new(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            errors: BTreeMap::new(),
            bare: false,
            plain: false,
        }
    }

    /// 400 with one text per parameter.
    pub(crate) fn parameters(errors: BTreeMap<String, String>) -> Self {
        Self {
            errors,
            ..Self::new(400, "Parameter verification failed.")
        }
    }

    /// The text a failed task shows as its exit status: newlines become blanks.
    pub(crate) fn exit_text(&self) -> String {
        // PVE::RESTEnvironment prints an exception with its code in front when it has one.
        let text = if self.status == 500 || self.status == 400 {
            self.text.clone()
        } else {
            format!("{} {}", self.status, self.text)
        };
        let with_fields = self.errors.iter().fold(text, |all, (name, error)| {
            format!("{all}\n{name}: {}", error.trim_end())
        });
        with_fields.replace('\n', " ")
    }
}

impl From<ApiError> for Fail {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

/// A plain `die` of Proxmox: 500.
pub(crate) fn die(text: impl Into<String>) -> Fail {
    ApiError::new(500, text).into()
}

/// One faulty parameter: 400.
pub(crate) fn bad_param(name: impl Into<String>, text: impl Into<String>) -> Fail {
    ApiError::parameters(BTreeMap::from([(name.into(), text.into())])).into()
}

/// A missing privilege: 403, with what was asked for, e.g. `/vms/100, VM.Audit`.
pub(crate) fn forbidden(wanted: &str) -> Fail {
    ApiError::new(403, format!("Permission check failed ({wanted})")).into()
}

/// 403 of checks that do not say what was missing.
pub(crate) fn forbidden_plain() -> Fail {
    ApiError::new(403, "Permission check failed").into()
}

/// 401 without a body, as the HTTP server itself sends it.
pub(crate) fn unauthorized(text: &str) -> ApiError {
    ApiError {
        bare: true,
        ..ApiError::new(401, text)
    }
}

/// Any other status with a body.
pub(crate) fn status(code: u16, text: impl Into<String>) -> Fail {
    ApiError::new(code, text).into()
}

/// 501 of the router, or of this simulator where it has nothing to offer.
pub(crate) fn not_implemented(text: impl Into<String>) -> Fail {
    ApiError {
        plain: true,
        ..ApiError::new(501, text)
    }
    .into()
}

/// A status without a body.
pub(crate) fn bare(code: u16, text: impl Into<String>) -> ApiError {
    ApiError {
        bare: true,
        ..ApiError::new(code, text)
    }
}
