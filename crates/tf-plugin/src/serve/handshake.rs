//! The one line by which a client finds the server.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use serde_json::json;

/// `core version | protocol | network | address | rpc | server certificate`, as go-plugin reads it.
pub(super) fn line(address: SocketAddr, certificate: Option<&CertificateDer<'_>>) -> String {
    let certificate = certificate
        .map(|der| STANDARD_NO_PAD.encode(der))
        .unwrap_or_default();
    format!("1|6|tcp|{address}|grpc|{certificate}")
}

/// One entry of `TF_REATTACH_PROVIDERS`: the value under the provider's source address.
pub(super) fn reattach(address: SocketAddr, pid: u32) -> serde_json::Value {
    json!({
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": pid,
        "Test": true,
        "Addr": { "Network": "tcp", "String": address.to_string() },
    })
}
