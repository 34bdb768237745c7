//! Values between the wire and the handlers.

use crate::conform::conform;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::decode_json;
use crate::msgpack::{decode_msgpack, encode_msgpack};
use crate::plugin::Part;
use crate::ty::Type;
use crate::value::Value;
use crate::wire;

/// Decodes a value; one that was not sent is null. `what` names it in the error.
pub(super) fn decode(
    ty: &Type,
    sent: Option<wire::DynamicValue>,
    what: &str,
) -> Result<Value, Diagnostics> {
    let sent = sent.unwrap_or_default();
    let decoded = match (sent.msgpack.is_empty(), sent.json.is_empty()) {
        (false, _) => decode_msgpack(ty, &sent.msgpack),
        (true, false) => decode_json(ty, &sent.json),
        (true, true) => Ok(Value::Null),
    };
    decoded.map_err(|error| {
        let diagnostic = Diagnostic::error(format!("Unable to decode {what}"));
        diagnostic
            .detail(format!("{error}."))
            .at(error.path().clone())
            .into()
    })
}

/// Encodes a value as the type wants it; what does not fit is reported.
pub(super) fn encode(ty: &Type, value: Value, diagnostics: &mut Diagnostics) -> wire::DynamicValue {
    let (value, problems) = conform(ty, value);
    diagnostics.extend(problems);
    msgpack(&value)
}

pub(super) fn msgpack(value: &Value) -> wire::DynamicValue {
    wire::DynamicValue {
        msgpack: encode_msgpack(value).into(),
        ..wire::DynamicValue::default()
    }
}

impl<T: ?Sized> Part<T> {
    pub(super) fn decode_identity(
        &self,
        sent: Option<wire::IdentityData>,
    ) -> Result<Option<Value>, Diagnostics> {
        match (&self.identity, sent) {
            (Some((_, ty)), Some(sent)) => {
                let identity = decode(ty, sent.data, "the identity")?;
                Ok((!identity.is_null()).then_some(identity))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn encode_identity(
        &self,
        identity: Option<Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::IdentityData> {
        let ((_, ty), identity) = self.identity.as_ref().zip(identity)?;
        Some(wire::IdentityData {
            data: Some(encode(ty, identity, diagnostics)),
        })
    }
}
