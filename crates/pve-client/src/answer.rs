//! From an HTTP answer to a value or an error.

use std::collections::BTreeMap;

use pve_api::lenient::Scalar;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Loss};
use crate::refusal::Refusal;
use crate::transport::{Call, RawAnswer};

#[derive(Deserialize)]
struct Success<T> {
    data: T,
}

/// `errors` comes with status 400; `message` since pve-http-server 5.2.0 (January 2025).
#[derive(Default, Deserialize)]
struct Failure {
    #[serde(default)]
    errors: Option<BTreeMap<String, Scalar>>,
    #[serde(default)]
    message: Option<String>,
}

/// Reads an answer. `call` names it in errors; `is_write` decides what an unreadable one means.
pub(crate) fn read<T: DeserializeOwned>(
    call: &Call<'_>,
    is_write: bool,
    answer: &RawAnswer,
) -> Result<T, Error> {
    match answer.status {
        200..=299 => data(call, is_write, answer),
        // The front end lost its own service while or after it handed the call on.
        596..=599 => Err(call.lost(Loss::Behind {
            status: answer.status,
            reason: phrase(answer),
        })),
        _ => Err(Error::Refused(Box::new(refusal(call, answer)))),
    }
}

fn data<T: DeserializeOwned>(
    call: &Call<'_>,
    is_write: bool,
    answer: &RawAnswer,
) -> Result<T, Error> {
    let decoded = serde_json::from_slice::<Success<T>>(&answer.body);
    decoded.map(|success| success.data).map_err(|source| {
        if is_write {
            call.lost(Loss::Unreadable(source))
        } else {
            Error::Decode {
                method: call.method,
                path: call.path.to_owned(),
                source,
            }
        }
    })
}

/// Returns the first line of what the host says.
///
/// A reason phrase with bytes beyond ASCII does not get through the HTTP library: the body has it.
pub(crate) fn phrase(answer: &RawAnswer) -> String {
    let message = || failure(answer).message.and_then(|text| first_line(&text));
    answer.reason.clone().or_else(message).unwrap_or_else(|| {
        let known = http::StatusCode::from_u16(answer.status)
            .ok()
            .and_then(|status| status.canonical_reason());
        known.unwrap_or("without a reason").to_owned()
    })
}

fn first_line(text: &str) -> Option<String> {
    text.lines()
        .next()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
}

/// An error's body may be empty, cut off or a page of some other server: then only the status line
/// counts.
fn failure(answer: &RawAnswer) -> Failure {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

fn refusal(call: &Call<'_>, answer: &RawAnswer) -> Refusal {
    let failure = failure(answer);
    let detail = failure
        .message
        .as_deref()
        .and_then(|text| text.trim_end().split_once('\n'));
    let errors = failure.errors.unwrap_or_default();
    Refusal {
        method: call.method,
        path: call.path.to_owned(),
        status: answer.status,
        reason: phrase(answer),
        detail: detail.map(|(_, rest)| rest.to_owned()),
        errors: errors
            .into_iter()
            .map(|(name, text)| (name, text.0))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pve_api::Method;

    use super::*;

    const CALL: Call<'static> = Call {
        method: Method::Put,
        path: "/x",
    };

    fn answer(status: u16, reason: Option<&str>, body: &str) -> RawAnswer {
        RawAnswer {
            status,
            reason: reason.map(str::to_owned),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    fn refused(answer: &RawAnswer) -> Refusal {
        match read::<u32>(&CALL, true, answer) {
            Err(Error::Refused(refusal)) => *refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_reason_phrase_comes_first_then_the_body_then_the_status() {
        let table = [
            (
                answer(500, Some("VM is locked (clone)"), r#"{"data":null}"#),
                "VM is locked (clone)",
            ),
            (
                answer(500, Some("a"), r#"{"data":null,"message":"b\n"}"#),
                "a",
            ),
            (
                answer(500, None, r#"{"data":null,"message":"VM 1 läuft\nmore\n"}"#),
                "VM 1 läuft",
            ),
            (answer(502, None, "<html>"), "Bad Gateway"),
            (answer(777, None, ""), "without a reason"),
        ];
        for (answer, reason) in table {
            assert_eq!(refused(&answer).reason(), reason);
        }
    }

    #[test]
    fn errors_of_parameters_and_further_lines_are_kept() {
        let body =
            r#"{"data":null,"errors":{"vmid":"VM 203 already exists\n"},"message":"a\nrole: b\n"}"#;
        let refused = refused(&answer(400, Some("a"), body));
        assert!(refused.error_is("vmid", "VM 203 already exists"));
        assert_eq!(refused.detail(), Some("role: b"));
    }

    #[test]
    fn an_unreadable_answer_is_a_lost_write_or_a_failed_read() {
        let html = answer(200, None, "<html>");
        assert!(matches!(
            read::<u32>(&CALL, true, &html),
            Err(Error::Lost {
                source: Loss::Unreadable(_),
                ..
            })
        ));
        assert!(matches!(
            read::<u32>(&CALL, false, &html),
            Err(Error::Decode { .. })
        ));
    }

    #[test]
    fn only_the_pseudo_statuses_after_sending_are_losses() {
        for status in [596, 597, 599] {
            let lost = read::<u32>(&CALL, true, &answer(status, Some("Broken pipe"), ""));
            assert!(lost.is_err_and(|error| error.is_lost_answer()), "{status}");
        }
        let refused = read::<u32>(&CALL, true, &answer(595, Some("Connection refused"), ""));
        assert!(refused.is_err_and(|error| !error.is_lost_answer() && error.is_transient()));
    }
}
